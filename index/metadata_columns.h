#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/filter_program.h"
#include "index/row_bitmap.h"
#include "index/value_rows.h"

namespace tracevec {

/// What rows have in one field of their metadata, as a filter sees it: a name, or a path into maps.
struct MetadataColumn {
  RowBitmap present;   ///< Rows that have the field, be it null.
  ValueRows values;    ///< Each such row once; all maps are one value.
  ValueRows elements;  ///< Rows whose value is a list, once for each different element.
};

/// The metadata of rows, field by field and value by value, as it was at one time: what filters are
/// answered from without looking at each row. Immutable; safe for concurrent use.
///
/// Memory: a value of 64 rows and more takes a Roaring bitmap, others four bytes a row; a keyword
/// with 1,000 values over 1,000,000 rows takes 3.2 MB, a number that differs from row to row
/// 25 bytes a row.
class MetadataColumns {
 public:
  /// Fields beyond so many have no column: a map with a key for each of many things would make one
  /// for each. Declared fields come first.
  static constexpr std::size_t kMostColumns = 1024;

  using Columns = std::map<std::string, MetadataColumn, std::less<>>;

  MetadataColumns() = default;
  MetadataColumns(std::uint32_t rows, bool complete, Columns columns)
      : rows_(rows), complete_(complete), columns_(std::move(columns)) {}

  /// Sets own and inherited metadata of a row; what it points to stays until the next call.
  using SubjectOf = std::function<FilterSubject(std::uint32_t row)>;
  using FieldNames = std::vector<std::string>;
  /// Cost: about 0.2 us a row and field. Throws std::bad_alloc, and what `subject_of` throws.
  static MetadataColumns Build(std::uint32_t rows, const FieldNames& declared,
                               const SubjectOf& subject_of);

  std::uint32_t rows() const { return rows_; }
  /// Null: the field has no column.
  const MetadataColumn* Find(std::string_view path) const;
  /// Whether a field without a column is a field that no row has.
  bool complete() const { return complete_; }
  const Columns& columns() const { return columns_; }
  std::size_t memory_bytes() const;

 private:
  std::uint32_t rows_ = 0;
  bool complete_ = false;
  Columns columns_;
};

}  // namespace tracevec
