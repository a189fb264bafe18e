#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tracevec/value.h"

namespace tracevec {

/// What a filter looks at: a stored value, or a reserved name's, which is no Value. Owns nothing.
struct ValueView {
  Value::Type type = Value::Type::kNull;
  union {
    bool boolean;
    std::int64_t integer = 0;  ///< kInt; kTimestamp in microseconds.
    double number;
    const Value::List* list;
  };
  std::string_view text;

  static ValueView Of(const Value& value);
  static ValueView Of(std::string_view text);
  static ValueView Of(std::int64_t integer);
};

/// A value written in a filter, with what comparing needs made ready.
struct FilterLiteral {
  explicit FilterLiteral(Value v);

  Value value;
  /// A timestamp, or the one that a string can be read as.
  std::optional<Timestamp> instant;
  std::vector<FilterLiteral> elements;  ///< Of a list.
};

std::vector<FilterLiteral> MakeFilterLiterals(std::vector<Value> values);

/// Exact for every int64 and double: nothing is rounded. NaN is unordered.
std::partial_ordering CompareIntDouble(std::int64_t integer, double number);

/// The order of docs/filters.md; unordered for values of different kinds, null, lists and maps.
std::partial_ordering CompareToLiteral(const ValueView& stored, const FilterLiteral& literal);
/// The equality of docs/filters.md: always an answer; null equals null only.
bool EqualsLiteral(const ValueView& stored, const FilterLiteral& literal);

/// A stored string as a timestamp, for comparing with one. Cheap when it does not begin like a
/// date.
std::optional<Timestamp> InstantOf(std::string_view text);

}  // namespace tracevec
