#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter_compare.h"
#include "tracevec/value.h"

namespace tracevec {

/// Distinct values of a metadata field, in an order in which all that compare with each other
/// (docs/filters.md) lie together, ascending; or texts of rows that are kept elsewhere, where equal
/// ones follow each other. Immutable; safe for concurrent use.
class ValueTable {
 public:
  enum class Group : std::uint8_t {
    kNull,
    kBool,
    kNumber,
    kNan,  ///< Equal to nothing, without an order.
    kString,
    kTimestamp,
    kList,
    kMap,  ///< One for all: filters look into maps by a path only.
  };
  static constexpr std::size_t kGroups = 8;

  /// Places of values: `first` to before `last`.
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };

  ValueTable() = default;
  /// REQUIRES: `sorted` is in the order of Before, without two of the same.
  explicit ValueTable(const std::vector<const Value*>& sorted);

  using TextOf = std::function<std::string_view(std::uint32_t row)>;
  using RowOrder = std::shared_ptr<const std::vector<std::uint32_t>>;
  /// REQUIRES: `rows` are in ascending order of their texts, which outlive this.
  static ValueTable OfTexts(RowOrder rows, TextOf text_of);

  static Group GroupOf(const Value& value);
  /// A strict total order over values that are not Identical.
  static bool Before(const Value& a, const Value& b);

  Value value(std::uint32_t place) const;
  std::uint32_t size() const { return group_starts_.back(); }
  ValueView view(std::uint32_t place) const;
  Range group(Group group) const {
    const auto at = static_cast<std::size_t>(group);
    return {group_starts_[at], group_starts_[at + 1]};
  }
  std::size_t memory_bytes() const;

 private:
  void Add(const Value& value);

  std::array<std::uint32_t, kGroups + 1> group_starts_ = {};
  std::vector<Value::Type> types_;
  std::vector<std::uint64_t> bits_;  ///< Of the value; of a string or list its place.
  std::vector<std::uint64_t> text_ends_;
  std::string texts_;
  std::vector<Value::List> lists_;
  RowOrder text_rows_;  ///< Not null: all are texts, that of place p is text_of_(text_rows_[p]).
  TextOf text_of_;
};

}  // namespace tracevec
