#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "index/segment.h"
#include "retrieval/collection_state.h"
#include "storage/records.h"
#include "storage/store.h"
#include "tracevec/status.h"

namespace tracevec {

/// The numbers of the files that a segment has: of its image, and of its columns.
std::vector<std::uint64_t> FilesOf(const Segment& segment);

/// What a checkpoint says of a file of columns; nothing when it is none.
std::optional<ColumnsRecord> RecordOf(const ColumnsFile* file, std::uint64_t image);

/// Writes a generation of a segment's columns to a file, which is then durable but not named by a
/// checkpoint. Errors: those of the file system, ResourceExhausted. REQUIRES: no lock held.
Result<std::shared_ptr<const ColumnsFile>> WriteColumnsFile(Store& store, const Segment& segment,
                                                            const ColumnGeneration& generation);

/// The same, and says so in the segment; without a file the columns are made again after the next
/// open, of which the collection's warnings tell. For segments that no reader has yet, and those
/// whose image is in a file.
void KeepColumns(Store& store, CollectionState& state, Segment& segment,
                 const ColumnGeneration& generation);

/// Opens the file that a checkpoint names. What it holds is checked when it is read. Errors: those
/// of the file system.
Result<std::shared_ptr<const ColumnsFile>> OpenColumnsFile(const Store& store,
                                                           const ColumnsRecord& record);

}  // namespace tracevec
