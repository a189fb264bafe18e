#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/filter_program.h"
#include "index/column_selection.h"
#include "index/index_view.h"
#include "index/row_bitmap.h"

namespace tracevec {

/// What walks along a graph ask of a filter's matches.
struct WalkRows {
  std::vector<std::uint32_t> bits;   ///< Row r is the bit r % 32 of bits[r / 32].
  std::vector<std::uint32_t> seeds;  ///< Some of the rows, from all over: where a walk may begin.
};

/// What is known of a filter's matches in one set of a view.
struct SetMatches {
  /// The rows that the filter accepts or, unless `exact`, those among which they are; dead and
  /// expired rows may be there. Nothing: each row has to be asked.
  std::optional<RowBitmap> rows;
  bool narrowed = false;    ///< Whether there are such rows,
  bool exact = false;       ///< and whether they are the matches themselves.
  RowEstimate estimate;     ///< From the counts of values alone.
  std::uint64_t count = 0;  ///< Of `rows`; in an estimate what is likely.

  SetMatches();
  /// Of the `rows` of a set that has `size`. Made for the first walk that asks, as neither counts
  /// nor scans need it. REQUIRES: rows, the same size each time. Safe for concurrent use. Throws
  /// std::bad_alloc.
  const WalkRows& ForWalk(std::uint32_t size) const;
  std::size_t walk_bytes = 0;  ///< What that takes, at most.

 private:
  struct Lazy {
    std::once_flag once;
    WalkRows rows;
  };
  std::unique_ptr<Lazy> walk_;
};

/// What is known of a filter's matches in a view. Immutable once made; safe for concurrent use.
struct FilterMatches {
  std::vector<SetMatches> sets;

  std::size_t memory_bytes() const;
};

/// Asks the columns of each segment, and then the rows that changed since, unless the filter needs
/// texts. Columns that are not there yet are made, those of `declared` fields first, which takes
/// 0.5 us a row and field; where `declared` is null rows have to be asked. REQUIRES: the filter is
/// not empty. Throws std::bad_alloc.
FilterMatches MatchFilter(const IndexView& view, const FilterProgram& filter,
                          const MetadataColumns::FieldNames* declared);

/// How many rows of each set match, and what would be known of them, from counts alone: without
/// `rows`. Makes columns as above. REQUIRES: as above.
FilterMatches EstimateFilter(const IndexView& view, const FilterProgram& filter,
                             const MetadataColumns::FieldNames& declared);

}  // namespace tracevec
