#pragma once

#include <cstdint>

namespace tracevec {

/// Where a collection's rows are kept, by their number. The defaults are what a database uses;
/// tests have smaller ones, to see with a few rows what takes many.
struct IndexOptions {
  /// A collection of fewer chunks lives in the store alone: it has no head, no segment and no file,
  /// so that a hundred thousand of them cost nothing.
  std::uint64_t least_chunks = 512;
  /// A segment of so many rows is written to a file as soon as it is built: smaller ones are soon
  /// merged.
  std::uint32_t least_rows_of_file = 16'384;
  /// At close smaller ones go too: reading a row back from the store takes some 5 us.
  std::uint32_t least_rows_of_file_at_close = 4'096;
  /// A checkpoint is written again when so many documents changed since the last one: an opened
  /// index reads them all.
  std::uint64_t most_changed_documents = 16'384;
};

}  // namespace tracevec
