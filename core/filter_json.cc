#include "core/filter_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/filter_json_operators.h"
#include "core/filter_json_syntax.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

using Json = nlohmann::json;
using Kind = FilterExpression::Kind;

// A level of AND, OR or NOT is at most an object and an array; the condition inside takes four
// more at most: {"f": {"$in": [[{"$timestamp": "..."}]]}}, five with the object of the value.
constexpr int kMaxJsonDepth = 2 * FilterExpression::kMaxDepth + 5;

class Reader {
 public:
  /// An object of conditions; null when it is empty.
  Result<FilterExpressionPtr> ReadConditions(const Json& object);

 private:
  using Conditions = std::vector<FilterExpressionPtr>;

  Result<FilterExpressionPtr> ReadLogic(const std::string& name, const Json& operand);
  Result<FilterExpressionPtr> ReadNot(const Json& operand);
  Result<FilterExpressionPtr> ReadField(const std::string& path, const Json& operand);
  Result<FilterExpressionPtr> ReadOperators(const std::string& path, const Json& operators);
  Result<FilterExpressionPtr> ReadOperator(const std::string& path, const std::string& name,
                                           const Json& operand);
  Result<FilterExpressionPtr> ReadFlag(Kind kind, const std::string& path, const Json& operand);
  Result<std::vector<Value>> ReadOperand(JsonOperand shape, const Json& operand);
  Result<Value> ReadValue(const Json& json);
  Result<Value> ReadTimestamp(const Json& object);
  Result<std::vector<Value>> ReadValues(const Json& array);

  Result<FilterExpressionPtr> Logic(Kind kind, Conditions conditions) const;
  Status Error(std::string_view message) const;
  Status UnknownOperator(const std::string& name) const;

  std::string place_;  // JSON pointer to what is being read.

  // Extends place_ while it lives.
  class Step {
   public:
    Step(Reader& reader, std::string_view name) : place_(reader.place_), size_(place_.size()) {
      place_ += '/';
      for (const char c : name) {  // The two escapes of RFC 6901.
        if (c == '~')
          place_ += "~0";
        else if (c == '/')
          place_ += "~1";
        else
          place_ += c;
      }
    }
    Step(Reader& reader, std::size_t index) : Step(reader, std::to_string(index)) {}
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { place_.resize(size_); }

   private:
    std::string& place_;
    std::size_t size_;
  };
};

Status Reader::Error(std::string_view message) const {
  const std::string place = place_.empty() ? "the top level" : place_;
  return Status::InvalidArgument("filter: at " + place + ": " + std::string(message));
}

Status Reader::UnknownOperator(const std::string& name) const {
  std::vector<std::string> known = {std::string(kJsonAnd), std::string(kJsonOr),
                                    std::string(kJsonNot)};
  for (const JsonOperator& each : kJsonOperators) known.emplace_back(each.name);
  return Error("unknown operator '" + name + "'" + DidYouMean(name, known));
}

Result<FilterExpressionPtr> Reader::Logic(Kind kind, Conditions conditions) const {
  Result<FilterExpressionPtr> logic = MakeLogic(kind, std::move(conditions));
  if (!logic.ok()) return Error(logic.status().message());
  return logic;
}

Result<FilterExpressionPtr> Reader::ReadConditions(const Json& object) {
  if (!object.is_object())
    return Error(std::string("expected an object, got ") + object.type_name());
  Conditions conditions;
  for (const auto& [name, operand] : object.items()) {
    const Step step(*this, name);
    TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr condition, name.starts_with('$')
                                                                 ? ReadLogic(name, operand)
                                                                 : ReadField(name, operand));
    conditions.push_back(std::move(condition));
  }
  if (conditions.empty()) return FilterExpressionPtr();
  return Logic(Kind::kAnd, std::move(conditions));
}

Result<FilterExpressionPtr> Reader::ReadLogic(const std::string& name, const Json& operand) {
  if (name == kJsonNot) return ReadNot(operand);
  if (name != kJsonAnd && name != kJsonOr) return UnknownOperator(name);
  if (!operand.is_array() || operand.empty()) {
    return Error(name + " takes an array of one or more conditions");
  }
  Conditions conditions;
  for (std::size_t i = 0; i < operand.size(); ++i) {
    const Step step(*this, i);
    TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr condition, ReadConditions(operand[i]));
    if (condition == nullptr) return Error("a condition is empty");
    conditions.push_back(std::move(condition));
  }
  return Logic(name == kJsonAnd ? Kind::kAnd : Kind::kOr, std::move(conditions));
}

Result<FilterExpressionPtr> Reader::ReadNot(const Json& operand) {
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr condition, ReadConditions(operand));
  if (condition == nullptr) return Error("a condition is empty");
  return Logic(Kind::kNot, {std::move(condition)});
}

Result<FilterExpressionPtr> Reader::ReadField(const std::string& path, const Json& operand) {
  if (Status status = CheckFieldPath(path); !status.ok()) return Error(status.message());
  const bool is_timestamp =
      operand.is_object() && (operand.contains(kJsonTimestamp) || operand.contains(kJsonDate));
  if (operand.is_object() && !is_timestamp) return ReadOperators(path, operand);
  if (operand.is_array()) {
    return Error(
        "an array can mean two things: write {\"$in\": [...]} for any of these values, "
        "{\"$eq\": [...]} for this very list");
  }
  return ReadOperator(path, "$eq", operand);
}

Result<FilterExpressionPtr> Reader::ReadOperators(const std::string& path, const Json& operators) {
  Conditions conditions;
  for (const auto& [name, operand] : operators.items()) {
    const Step step(*this, name);
    if (!name.starts_with('$')) {
      return Error("'" + name + "' is no operator; a nested field is written \"" + path + "." +
                   name + "\"");
    }
    if (name == kJsonNot) {
      if (!operand.is_object()) return Error("$not takes an object of operators");
      TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr inner, ReadOperators(path, operand));
      TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr negated, Logic(Kind::kNot, {inner}));
      conditions.push_back(std::move(negated));
      continue;
    }
    TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr condition, ReadOperator(path, name, operand));
    conditions.push_back(std::move(condition));
  }
  if (conditions.empty()) return Error("an operator is missing, such as {\"$gte\": 2020}");
  return Logic(Kind::kAnd, std::move(conditions));
}

Result<FilterExpressionPtr> Reader::ReadOperator(const std::string& path, const std::string& name,
                                                 const Json& operand) {
  const auto found = std::find_if(kJsonOperators.begin(), kJsonOperators.end(),
                                  [&](const JsonOperator& each) { return each.name == name; });
  if (found == kJsonOperators.end()) return UnknownOperator(name);
  if (found->operand == JsonOperand::kFlag) return ReadFlag(found->kind, path, operand);
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<Value> values, ReadOperand(found->operand, operand));
  Result<FilterExpressionPtr> condition = MakeCondition(found->kind, path, std::move(values));
  if (!condition.ok()) return Error(condition.status().message());
  return condition;
}

Result<FilterExpressionPtr> Reader::ReadFlag(Kind kind, const std::string& path,
                                             const Json& operand) {
  if (!operand.is_boolean()) return Error("expected true or false");
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr condition, MakeCondition(kind, path, {}));
  return operand.get<bool>() ? Result<FilterExpressionPtr>(std::move(condition))
                             : Logic(Kind::kNot, {condition});
}

Result<std::vector<Value>> Reader::ReadOperand(JsonOperand shape, const Json& operand) {
  if (shape == JsonOperand::kValue) {
    TRACEVEC_ASSIGN_OR_RETURN(Value value, ReadValue(operand));
    std::vector<Value> values;
    values.push_back(std::move(value));
    return values;
  }
  if (!operand.is_array()) return Error("expected an array");
  if (shape == JsonOperand::kPair && operand.size() != 2) {
    return Error("expected an array of two values, low and high");
  }
  return ReadValues(operand);
}

Result<std::vector<Value>> Reader::ReadValues(const Json& array) {
  if (array.size() > FilterExpression::kMaxValues) return Error(TooManyValuesMessage());
  std::vector<Value> values;
  values.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    const Step step(*this, i);
    TRACEVEC_ASSIGN_OR_RETURN(Value value, ReadValue(array[i]));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Value> Reader::ReadValue(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null: return Value();
    case Json::value_t::boolean: return Value(json.get<bool>());
    case Json::value_t::number_integer: return Value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return Value(static_cast<double>(number));
      }
      return Value(static_cast<std::int64_t>(number));
    }
    case Json::value_t::number_float: return Value(json.get<double>());
    case Json::value_t::string: return Value(json.get<std::string>());
    case Json::value_t::array: {
      TRACEVEC_ASSIGN_OR_RETURN(std::vector<Value> values, ReadValues(json));
      return Value(std::move(values));
    }
    case Json::value_t::object: return ReadTimestamp(json);
    default: return Error("expected a value");
  }
}

Result<Value> Reader::ReadTimestamp(const Json& object) {
  const std::string name = object.size() == 1 ? object.begin().key() : std::string();
  if ((name != kJsonTimestamp && name != kJsonDate) || !object.begin()->is_string()) {
    return Error("an object as a value can only be {\"$timestamp\": \"2026-01-01T00:00:00Z\"}");
  }
  const Result<Timestamp> timestamp = ParseTimestamp(object.begin()->get<std::string>());
  if (!timestamp.ok()) return Error(timestamp.status().message());
  return Value(*timestamp);
}

}  // namespace

Result<FilterExpressionPtr> ParseFilterJson(std::string_view json) {
  Json document;
  if (Status status = ParseJsonSafely(json, kMaxJsonDepth, &document); !status.ok()) {
    return Status::InvalidArgument("filter: " + status.message());
  }
  return Reader().ReadConditions(document);
}

}  // namespace tracevec
