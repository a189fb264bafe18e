#include "core/filter_builder.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "core/filter_printer.h"
#include "core/like_pattern.h"
#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;

bool IsLogic(Kind kind) { return kind == Kind::kAnd || kind == Kind::kOr || kind == Kind::kNot; }

bool AllowsLists(Kind kind) {
  return kind == Kind::kEqual || kind == Kind::kNotEqual || kind == Kind::kIn ||
         kind == Kind::kNotIn;
}

// True when more than `levels` of AND, OR and NOT are nested. Looks no deeper than that, so that
// a tree of any depth is safe to ask about.
bool DeeperThan(const FilterExpression& expression, int levels) {
  if (!IsLogic(expression.kind)) return false;
  if (levels == 0) return true;
  for (const FilterExpressionPtr& child : expression.children) {
    if (child != nullptr && DeeperThan(*child, levels - 1)) return true;
  }
  return false;
}

Status CheckScalar(const Value& value) {
  if (const double* number = value.AsDouble(); number != nullptr && !std::isfinite(*number)) {
    return Status::InvalidArgument(
        "a number to compare with must be finite; it is NaN or infinite");
  }
  if (const std::string* text = value.AsString()) return CheckUtf8(*text, "string in a filter");
  // Years 1 to 9999 are what a text can say, and every expression can be printed.
  if (const Timestamp* timestamp = value.AsTimestamp()) {
    return ParseTimestamp(FormatTimestamp(*timestamp)).status();
  }
  if (value.type() == Value::Type::kList || value.type() == Value::Type::kMap) {
    return Status::InvalidArgument("expected a single value, got a " +
                                   std::string(ValueTypeName(value.type())));
  }
  return Status::Ok();
}

Status CheckValue(Kind kind, const Value& value) {
  const Value::List* list = value.AsList();
  if (list == nullptr) return CheckScalar(value);
  if (!AllowsLists(kind)) {
    return Status::InvalidArgument(std::string(FilterOperatorText(kind)) +
                                   " takes single values, got a list");
  }
  if (list->size() > FilterExpression::kMaxValues) {
    return Status::InvalidArgument(TooManyValuesMessage());
  }
  for (const Value& element : *list) TRACEVEC_RETURN_IF_ERROR(CheckScalar(element));
  return Status::Ok();
}

// How many values the kind takes.
std::pair<std::size_t, std::size_t> ValueCounts(Kind kind) {
  switch (kind) {
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
    case Kind::kIsNull:
    case Kind::kExists: return {0, 0};
    case Kind::kBetween: return {2, 2};
    case Kind::kIn:
    case Kind::kNotIn:
    case Kind::kContainsAny:
    case Kind::kContainsAll: return {0, FilterExpression::kMaxValues};
    case Kind::kEqual:
    case Kind::kNotEqual:
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
    case Kind::kLike:
    case Kind::kStartsWith: return {1, 1};
  }
  return {0, 0};
}

Status CheckChildren(const FilterExpression& expression) {
  const std::size_t count = expression.children.size();
  if (expression.kind == Kind::kNot ? count != 1 : count < 2) {
    return Status::InvalidArgument(std::string(FilterOperatorText(expression.kind)) +
                                   " cannot hold " + std::to_string(count) + " conditions");
  }
  for (const FilterExpressionPtr& child : expression.children) {
    if (child == nullptr) return Status::InvalidArgument("a condition is missing");
    TRACEVEC_RETURN_IF_ERROR(IsLogic(child->kind) ? CheckChildren(*child) : CheckCondition(*child));
  }
  return Status::Ok();
}

}  // namespace

std::string TooDeepMessage() {
  return "conditions are nested deeper than " + std::to_string(FilterExpression::kMaxDepth) +
         " levels (AND, OR, NOT and parentheses count)";
}

std::string TooManyValuesMessage() {
  return "more than " + std::to_string(FilterExpression::kMaxValues) +
         " values in one list; split it over several conditions";
}

Status CheckFieldPath(std::string_view path) {
  if (path.empty()) return Status::InvalidArgument("a field name is empty");
  if (path.front() == '$') {
    return Status::InvalidArgument("'" + std::string(path) +
                                   "' looks like an operator; a field of that name is written "
                                   "with 'meta.' before it");
  }
  return CheckUtf8(path, "field name in a filter");
}

Status CheckCondition(const FilterExpression& condition) {
  TRACEVEC_RETURN_IF_ERROR(CheckFieldPath(condition.path));
  const std::string operator_text(FilterOperatorText(condition.kind));
  const auto [fewest, most] = ValueCounts(condition.kind);
  const std::size_t count = condition.values.size();
  if (count > FilterExpression::kMaxValues) return Status::InvalidArgument(TooManyValuesMessage());
  if (count < fewest || count > most) {
    return Status::InvalidArgument(operator_text + " takes " + std::to_string(fewest) +
                                   " values, got " + std::to_string(count));
  }
  for (const Value& value : condition.values) {
    TRACEVEC_RETURN_IF_ERROR(CheckValue(condition.kind, value));
  }
  if (condition.kind != Kind::kLike && condition.kind != Kind::kStartsWith) return Status::Ok();
  const std::string* pattern = condition.values[0].AsString();
  if (pattern == nullptr) {
    return Status::InvalidArgument(operator_text + " takes a string, got " +
                                   DescribeFilterValue(condition.values[0]));
  }
  return condition.kind == Kind::kLike ? LikePattern::Compile(*pattern).status() : Status::Ok();
}

Status CheckExpression(const FilterExpression& expression) {
  if (!IsLogic(expression.kind)) return CheckCondition(expression);
  // First: it bounds the recursion of all that follows.
  if (DeeperThan(expression, FilterExpression::kMaxDepth)) {
    return Status::InvalidArgument(TooDeepMessage());
  }
  return CheckChildren(expression);
}

Result<FilterExpressionPtr> MakeCondition(Kind kind, std::string path, std::vector<Value> values) {
  FilterExpression condition{kind, std::move(path), std::move(values), {}};
  TRACEVEC_RETURN_IF_ERROR(CheckCondition(condition));
  return FilterExpressionPtr(std::make_shared<const FilterExpression>(std::move(condition)));
}

Result<FilterExpressionPtr> MakeLogic(Kind kind, std::vector<FilterExpressionPtr> children) {
  if (kind != Kind::kNot && children.size() == 1) return std::move(children.front());
  FilterExpression logic{kind, {}, {}, std::move(children)};
  if (DeeperThan(logic, FilterExpression::kMaxDepth)) {
    return Status::InvalidArgument(TooDeepMessage());
  }
  return FilterExpressionPtr(std::make_shared<const FilterExpression>(std::move(logic)));
}

}  // namespace tracevec
