#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/ids.h"
#include "core/image_sink.h"
#include "index/segment_columns.h"
#include "tracevec/status.h"

namespace tracevec {

/// What columns belong to: those of another segment are not taken for its own.
struct ColumnsOrigin {
  CollectionNumber collection{};
  std::uint64_t segment_checksum = 0;  ///< See Segment::image_checksum.
  std::uint32_t rows = 0;
};

/// Writes a generation of columns, and the names' orders, as a file of their own beside the
/// segment's image (storage/FORMAT.md, "Column files"). Gives the checksum over all of it. Errors:
/// those of the sink. Throws std::bad_alloc.
Result<std::uint64_t> WriteColumns(const ColumnGeneration& generation, const ColumnsOrigin& origin,
                                   ImageSink* sink);

/// Columns that were read from a file.
struct ReadColumnsResult {
  MetadataColumns columns;
  CommitNumber as_of{};
  std::uint64_t checksum = 0;
  std::shared_ptr<const NameColumns> names;
};

/// Reads what WriteColumns wrote from bytes that may be anything: all of it is checked, none of it
/// is used in place. Errors: Corruption. Throws std::bad_alloc, for no more than a small multiple
/// of the bytes.
Result<ReadColumnsResult> ReadColumns(std::span<const std::uint8_t> bytes,
                                      const ColumnsOrigin& origin, const NameColumns::NameOf& id_of,
                                      const NameColumns::NameOf& document_of);

}  // namespace tracevec
