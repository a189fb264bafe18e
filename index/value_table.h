#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/filter_compare.h"
#include "tracevec/value.h"

namespace tracevec {

/// Distinct values of a metadata field, in an order in which all that compare with each other
/// (docs/filters.md) lie together, ascending. Immutable; safe for concurrent use.
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

  static Group GroupOf(const Value& value);
  /// A strict total order over values that are not Identical.
  static bool Before(const Value& a, const Value& b);

  std::uint32_t size() const { return static_cast<std::uint32_t>(types_.size()); }
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
};

}  // namespace tracevec
