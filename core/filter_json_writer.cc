#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "core/filter_json.h"
#include "core/filter_json_operators.h"

namespace tracevec {
namespace {

using Json = nlohmann::json;
using Kind = FilterExpression::Kind;

// Not by nlohmann's braces: {{"a", "b"}} is an object or an array, as its contents have it.
Json Object(std::string_view key, Json value) {
  Json object = Json::object();
  object[std::string(key)] = std::move(value);
  return object;
}

Json ValueJson(const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull:
    case Value::Type::kMap: return nullptr;
    case Value::Type::kBool: return *value.AsBool();
    case Value::Type::kInt: return *value.AsInt();
    case Value::Type::kDouble: return *value.AsDouble();
    case Value::Type::kString: return *value.AsString();
    case Value::Type::kTimestamp:
      return Object(kJsonTimestamp, FormatTimestamp(*value.AsTimestamp()));
    case Value::Type::kList: break;
  }
  Json array = Json::array();
  for (const Value& element : *value.AsList()) array.push_back(ValueJson(element));
  return array;
}

Json ConditionJson(const FilterExpression& condition) {
  const auto written = [&](const JsonOperator& each) {
    return each.kind == condition.kind &&
           (condition.values.size() == 1 || each.name != "$contains");
  };
  const auto found = std::find_if(kJsonOperators.begin(), kJsonOperators.end(), written);
  Json operand;
  switch (found->operand) {
    case JsonOperand::kFlag: operand = true; break;
    case JsonOperand::kValue: operand = ValueJson(condition.values[0]); break;
    case JsonOperand::kList:
    case JsonOperand::kPair: operand = ValueJson(Value(condition.values)); break;
  }
  if (condition.kind == Kind::kEqual && operand.is_primitive()) {
    return Object(condition.path, std::move(operand));
  }
  return Object(condition.path, Object(found->name, std::move(operand)));
}

Json ExpressionJson(const FilterExpression& expression) {
  if (expression.kind == Kind::kNot) {
    return Object(kJsonNot, ExpressionJson(*expression.children[0]));
  }
  if (expression.kind != Kind::kAnd && expression.kind != Kind::kOr) {
    return ConditionJson(expression);
  }
  Json conditions = Json::array();
  for (const auto& child : expression.children) conditions.push_back(ExpressionJson(*child));
  return Object(expression.kind == Kind::kAnd ? kJsonAnd : kJsonOr, std::move(conditions));
}

}  // namespace

std::string FilterToJson(const FilterExpression& expression) {
  return ExpressionJson(expression).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tracevec
