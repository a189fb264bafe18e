#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/filter_expression.h"

namespace tracevec {

/// What stands behind an operator in the JSON form.
enum class JsonOperand : std::uint8_t { kValue, kList, kPair, kFlag };

struct JsonOperator {
  std::string_view name;
  FilterExpression::Kind kind;
  JsonOperand operand;
};

/// The operators of a field, read and written by one table. Where two names mean the same, the
/// first is written. `$contains` stands before `$contains_any`: it is written for one value.
inline constexpr std::array<JsonOperator, 18> kJsonOperators = {{
    {"$eq", FilterExpression::Kind::kEqual, JsonOperand::kValue},
    {"$ne", FilterExpression::Kind::kNotEqual, JsonOperand::kValue},
    {"$gt", FilterExpression::Kind::kGreater, JsonOperand::kValue},
    {"$gte", FilterExpression::Kind::kGreaterEqual, JsonOperand::kValue},
    {"$lt", FilterExpression::Kind::kLess, JsonOperand::kValue},
    {"$lte", FilterExpression::Kind::kLessEqual, JsonOperand::kValue},
    {"$in", FilterExpression::Kind::kIn, JsonOperand::kList},
    {"$nin", FilterExpression::Kind::kNotIn, JsonOperand::kList},
    {"$between", FilterExpression::Kind::kBetween, JsonOperand::kPair},
    {"$contains", FilterExpression::Kind::kContainsAny, JsonOperand::kValue},
    {"$contains_any", FilterExpression::Kind::kContainsAny, JsonOperand::kList},
    {"$any", FilterExpression::Kind::kContainsAny, JsonOperand::kList},
    {"$contains_all", FilterExpression::Kind::kContainsAll, JsonOperand::kList},
    {"$all", FilterExpression::Kind::kContainsAll, JsonOperand::kList},
    {"$like", FilterExpression::Kind::kLike, JsonOperand::kValue},
    {"$starts_with", FilterExpression::Kind::kStartsWith, JsonOperand::kValue},
    {"$is_null", FilterExpression::Kind::kIsNull, JsonOperand::kFlag},
    {"$exists", FilterExpression::Kind::kExists, JsonOperand::kFlag},
}};

inline constexpr std::string_view kJsonAnd = "$and";
inline constexpr std::string_view kJsonOr = "$or";
inline constexpr std::string_view kJsonNot = "$not";
inline constexpr std::string_view kJsonTimestamp = "$timestamp";
inline constexpr std::string_view kJsonDate = "$date";  // What MongoDB's users write.

}  // namespace tracevec
