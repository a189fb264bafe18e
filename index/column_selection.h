#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/filter_node.h"
#include "index/metadata_columns.h"
#include "index/row_bitmap.h"

namespace tracevec {

/// Between `low` and `high` rows; `likely` lies between.
struct RowEstimate {
  double low = 0;
  double likely = 0;
  double high = 0;
};

/// Which values of a column make a condition true, or false. Small: made from the values alone,
/// before any row is looked at.
class ColumnSelection {
 public:
  /// The rows of which the condition has this truth (true or false, not unknown). `column` null: no
  /// row has the field. REQUIRES: the condition is one on metadata.
  ColumnSelection(const FilterProgram::Node& condition, Truth truth, const MetadataColumn* column,
                  std::uint32_t rows);

  RowEstimate Estimate() const;
  RowBitmap Rows() const;
  /// Makes this the selection of rows that are in both, where that takes no more than ranges of
  /// values of one column: `year >= 2000 AND year < 2010` then costs as much as what lies between.
  /// False where it does.
  bool IntersectWith(const ColumnSelection& other);
  /// Whether Keep may be called.
  bool CanAskRows() const {
    return elements_.empty() && (column_ == nullptr || column_->values.knows_places());
  }
  /// Of some rows those that are selected, by asking each: for few rows faster than Rows().
  RowBitmap Keep(const RowBitmap& rows) const;

 private:
  using Kind = FilterExpression::Kind;
  using Ranges = std::vector<ValueTable::Range>;

  bool IsRanges() const {
    return column_ != nullptr && !complement_ && !missing_ && elements_.empty();
  }
  /// Rows that have one of `values_`.
  RowBitmap RowsOfValues() const;
  void SelectPositive(const FilterProgram::Node& condition);
  void SelectOrdered(const FilterProgram::Node& condition, Truth truth);
  void SelectElements(const FilterProgram::Node& condition);

  const MetadataColumn* column_;
  std::uint32_t rows_;
  bool complement_ = false;       ///< The rows that are not selected are meant.
  bool missing_ = false;          ///< Rows without the field are selected.
  Ranges values_;                 ///< And those that have one of these,
  std::vector<Ranges> elements_;  ///< and those whose list has one of each of these.
};

}  // namespace tracevec
