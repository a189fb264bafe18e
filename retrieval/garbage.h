#pragma once

#include <cstddef>
#include <deque>

#include "core/ids.h"
#include "retrieval/collection_state.h"
#include "storage/store.h"

namespace tracevec {

/// The garbage records of a collection, oldest first.
Result<std::deque<GarbageKey>> ListGarbage(const Store& store, CollectionNumber collection);

/// Removes from the store what no view that is in use and no snapshot can see: superseded versions
/// with their sources, and chunks, vectors and ids that only they held. Handles at most `most`
/// records, in commit order, each wholly within one atomic write. Not a commit: no view changes.
/// REQUIRES: Engine::writer_mutex() held.
Status SweepGarbage(Store& store, CollectionState& state, std::size_t most);

/// Whether chunks of the collection may have metadata records of their own. Most collections have
/// none, and then no write looks for them: a cursor costs as much as three reads.
/// REQUIRES: Engine::writer_mutex() held.
Result<bool> HasChunkMetadata(const Store& store, CollectionState& state);

/// The commit of the oldest version that is kept of a document once `newest` is its newest one.
/// Cost: mostly one read by key.
Result<CommitNumber> OldestKeptCommit(const Store& store, const CollectionState& state,
                                      DocumentNumber document, std::uint32_t newest);

/// Adds to a batch the removal of a chunk's metadata records that no view in use, no snapshot and
/// no version kept since `oldest_kept` can see. REQUIRES: Engine::writer_mutex() held.
Status DropOldMetadata(const Store& store, const CollectionState& state, DocumentNumber document,
                       ChunkNumber chunk, CommitNumber oldest_kept, StoreBatch* batch);

}  // namespace tracevec
