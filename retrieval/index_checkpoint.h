#pragma once

#include <map>
#include <memory>

#include "retrieval/collection_state.h"
#include "retrieval/index_options.h"
#include "storage/image_file.h"
#include "storage/store.h"
#include "tracevec/status.h"

namespace tracevec {

/// The file that a segment's image is mapped from; null: it is in memory.
const ImageFile* FileOf(const Segment& segment);

/// Files that were written of a segment whose image is in memory.
struct KeptFile {
  std::shared_ptr<const ImageFile> image;
  std::shared_ptr<const ColumnsFile> columns;  ///< Null: none.
};
using KeptFiles = std::map<const Segment*, KeptFile>;

/// Stores which image files belong to the index as it stands and what of it they do not hold, in
/// one durable write that also forgets the changes recorded before; then removes the files that
/// only the last checkpoint named. After an error that one still holds.
/// REQUIRES: Engine::writer_mutex() held. Cost: a pass over the rows, and a sync.
Status WriteIndexCheckpoint(Store& store, CollectionState& state, const KeptFiles& kept = {});

/// Removes the files of segments that the index no longer has, with a checkpoint that does not name
/// them; all files where there is no index. REQUIRES: Engine::writer_mutex() held.
Status RemoveReplacedImages(Store& store, CollectionState& state);

/// Whether the checkpoint misses so much that it should be written again.
bool CheckpointIsDue(const CollectionState& state, const IndexOptions& options);

/// Leaves as much of an index in files as the next open can use.
/// REQUIRES: Engine::writer_mutex() held. Errors: those of files and the store; none loses data.
Status PersistIndex(Store& store, CollectionState& state, const IndexOptions& options);

/// Removes the image files that no checkpoint names. REQUIRES: the store is open for writing, and
/// no image is being written.
Status RemoveStrayImages(Store& store);

}  // namespace tracevec
