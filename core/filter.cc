#include "tracevec/filter.h"

#include <utility>

#include "core/filter_builder.h"
#include "core/filter_expression.h"
#include "core/filter_json.h"
#include "core/filter_parser.h"
#include "core/filter_printer.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;

// `a && b && c` becomes one AND of three: a filter put together in a loop stays flat.
std::vector<FilterExpressionPtr> Operands(Kind kind, const FilterExpressionPtr& a,
                                          const FilterExpressionPtr& b) {
  std::vector<FilterExpressionPtr> operands;
  for (const FilterExpressionPtr& side : {a, b}) {
    if (side->kind == kind) {
      operands.insert(operands.end(), side->children.begin(), side->children.end());
    } else {
      operands.push_back(side);
    }
  }
  return operands;
}

}  // namespace

Filter::Filter(std::string_view text) : Filter(FromResult(ParseFilterText(text))) {}
Filter::Filter(const std::string& text) : Filter(std::string_view(text)) {}
Filter::Filter(const char* text)
    : Filter(text != nullptr
                 ? FromResult(ParseFilterText(text))
                 : FromResult(Status::InvalidArgument("filter: the text is a null pointer"))) {}

Filter::Filter(std::shared_ptr<const FilterExpression> expression) {
  if (expression == nullptr) return;
  status_ = CheckExpression(*expression);
  if (status_.ok()) expression_ = std::move(expression);
}

Filter Filter::FromResult(Result<std::shared_ptr<const FilterExpression>> result) {
  Filter filter;
  filter.status_ = result.status();
  if (result.ok()) filter.expression_ = *std::move(result);
  return filter;
}

Result<Filter> Filter::Parse(std::string_view text) {
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr expression, ParseFilterText(text));
  return FromResult(std::move(expression));
}

Result<Filter> Filter::FromJson(std::string_view json) {
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr expression, ParseFilterJson(json));
  return FromResult(std::move(expression));
}

std::string Filter::ToString() const {
  return expression_ != nullptr ? PrintFilter(*expression_) : std::string();
}

std::string Filter::ToJson() const {
  return expression_ != nullptr ? FilterToJson(*expression_) : "{}";
}

// No condition is true of every chunk; the three operators follow from that.

Filter Filter::operator&&(const Filter& other) const {
  if (!status_.ok() || other.empty()) return *this;
  if (!other.status_.ok() || empty()) return other;
  return FromResult(MakeLogic(Kind::kAnd, Operands(Kind::kAnd, expression_, other.expression_)));
}

Filter Filter::operator||(const Filter& other) const {
  if (!status_.ok()) return *this;
  if (!other.status_.ok()) return other;
  if (empty() || other.empty()) return Filter();
  return FromResult(MakeLogic(Kind::kOr, Operands(Kind::kOr, expression_, other.expression_)));
}

Filter Filter::operator!() const {
  if (!status_.ok()) return *this;
  if (empty()) return Field("id").In({});
  return FromResult(MakeLogic(Kind::kNot, {expression_}));
}

namespace {

Filter Condition(Kind kind, const std::string& path, std::vector<Value> values) {
  return Filter(std::make_shared<const FilterExpression>(
      FilterExpression{kind, path, std::move(values), {}}));
}

Filter Condition(Kind kind, const std::string& path, Value value) {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return Condition(kind, path, std::move(values));
}

}  // namespace

Filter Field::operator==(Value v) const { return Condition(Kind::kEqual, path_, std::move(v)); }
Filter Field::operator!=(Value v) const { return Condition(Kind::kNotEqual, path_, std::move(v)); }
Filter Field::operator<(Value v) const { return Condition(Kind::kLess, path_, std::move(v)); }
Filter Field::operator<=(Value v) const { return Condition(Kind::kLessEqual, path_, std::move(v)); }
Filter Field::operator>(Value v) const { return Condition(Kind::kGreater, path_, std::move(v)); }
Filter Field::operator>=(Value v) const {
  return Condition(Kind::kGreaterEqual, path_, std::move(v));
}
Filter Field::In(std::vector<Value> values) const {
  return Condition(Kind::kIn, path_, std::move(values));
}
Filter Field::NotIn(std::vector<Value> values) const {
  return Condition(Kind::kNotIn, path_, std::move(values));
}
Filter Field::Between(Value low, Value high) const {
  std::vector<Value> bounds;
  bounds.push_back(std::move(low));
  bounds.push_back(std::move(high));
  return Condition(Kind::kBetween, path_, std::move(bounds));
}
Filter Field::Contains(Value value) const {
  return Condition(Kind::kContainsAny, path_, std::move(value));
}
Filter Field::ContainsAny(std::vector<Value> values) const {
  return Condition(Kind::kContainsAny, path_, std::move(values));
}
Filter Field::ContainsAll(std::vector<Value> values) const {
  return Condition(Kind::kContainsAll, path_, std::move(values));
}
Filter Field::Like(std::string pattern) const {
  return Condition(Kind::kLike, path_, Value(std::move(pattern)));
}
Filter Field::StartsWith(std::string prefix) const {
  return Condition(Kind::kStartsWith, path_, Value(std::move(prefix)));
}
Filter Field::IsNull() const { return Condition(Kind::kIsNull, path_, std::vector<Value>()); }
Filter Field::Exists() const { return Condition(Kind::kExists, path_, std::vector<Value>()); }

}  // namespace tracevec
