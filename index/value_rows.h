#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/row_bitmap.h"
#include "index/value_table.h"

namespace tracevec {

/// Which rows have which value. Immutable; safe for concurrent use.
class ValueRows {
 public:
  using Range = ValueTable::Range;
  /// The place of a value and a row that has it.
  using Entry = std::pair<std::uint32_t, std::uint32_t>;

  ValueRows() = default;
  /// REQUIRES: entries ascend and are below values.size() and `rows`.
  ValueRows(ValueTable values, const std::vector<Entry>& entries, std::uint32_t rows);
  /// Of texts, one a row, that are kept elsewhere: four bytes a row. REQUIRES: as OfTexts of
  /// ValueTable, and each row below rows->size() is there once.
  static ValueRows OfTexts(ValueTable::RowOrder rows, ValueTable::TextOf text_of);

  const ValueTable& values() const { return values_; }
  /// How often a value of the range is had: the rows, where each has one value.
  std::uint64_t CountOf(Range range) const {
    if (row_of_place_ != nullptr) return range.last - range.first;
    return starts_[range.last] - starts_[range.first];
  }
  std::uint64_t CountOf(std::span<const Range> ranges) const;
  RowBitmap RowsOf(std::span<const Range> ranges) const;
  /// The rows of one value, ascending.
  std::vector<std::uint32_t> RowsOf(std::uint32_t place) const;

  static constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};
  /// Whether PlaceOf may be asked: of numbers and timestamps, of which ranges are asked for, and
  /// those can be wide. REQUIRES: as below.
  bool knows_places() const { return !place_of_row_.empty(); }
  /// The place of a row's value, kNoPlace where it has none. REQUIRES: each row has one at most.
  std::uint32_t PlaceOf(std::uint32_t row) const { return place_of_row_[row]; }
  std::size_t memory_bytes() const;

 private:
  /// Values of so many rows have a bitmap of their own, the others a part of `few_`. A bitmap of 64
  /// rows takes about twice what the rows do.
  static constexpr std::uint32_t kManyRows = 64;

  void NotePlaces(const std::vector<Entry>& entries);
  RowBitmap RowsOfFew(std::span<const Range> ranges) const;
  /// The rows of a range that have no bitmap, those of each value ascending.
  std::span<const std::uint32_t> FewOf(Range range) const;

  ValueTable values_;
  std::uint32_t rows_ = 0;
  std::vector<std::uint32_t> starts_ = {0};      ///< Entries before each value.
  std::vector<std::uint32_t> few_starts_ = {0};  ///< The same of those in `few_`.
  std::vector<std::uint32_t> few_;
  std::vector<std::uint32_t> many_places_;  ///< Ascending; beside each of `many_`.
  std::vector<RowBitmap> many_;
  std::vector<std::uint32_t> place_of_row_;
  ValueTable::RowOrder row_of_place_;  ///< Of texts that are kept elsewhere, instead of all these.
};

}  // namespace tracevec
