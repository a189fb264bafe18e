#include "core/filter_types.h"

#include <string>
#include <utility>

#include "core/filter_printer.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;

std::optional<MetadataType> ElementType(MetadataType type) {
  switch (type) {
    case MetadataType::kBoolList: return MetadataType::kBool;
    case MetadataType::kIntList: return MetadataType::kInt;
    case MetadataType::kDoubleList: return MetadataType::kDouble;
    case MetadataType::kStringList: return MetadataType::kString;
    case MetadataType::kTimestampList: return MetadataType::kTimestamp;
    case MetadataType::kBool:
    case MetadataType::kInt:
    case MetadataType::kDouble:
    case MetadataType::kString:
    case MetadataType::kTimestamp: return std::nullopt;
  }
  return std::nullopt;
}

// True when a field of the scalar type can be compared with the value, which may be changed.
bool ConvertScalar(MetadataType type, Value& value) {
  if (value.is_null()) return true;
  switch (type) {
    case MetadataType::kBool: return value.AsBool() != nullptr;
    // A fraction is no int, but `year > 2019.5` has a meaning.
    case MetadataType::kInt:
    case MetadataType::kDouble: return value.AsInt() != nullptr || value.AsDouble() != nullptr;
    case MetadataType::kString: return value.AsString() != nullptr;
    case MetadataType::kTimestamp: {
      const std::string* text = value.AsString();
      if (text == nullptr) return value.AsTimestamp() != nullptr;
      const Result<Timestamp> timestamp = ParseTimestamp(*text);
      if (timestamp.ok()) value = *timestamp;
      return timestamp.ok();
    }
    default: return false;
  }
}

// As ConvertScalar, for a field that may be a list.
bool ConvertWhole(MetadataType type, Value& value) {
  const auto element_type = ElementType(type);
  if (!element_type) return ConvertScalar(type, value);
  if (value.is_null()) return true;
  if (value.AsList() == nullptr) return false;
  Value::List list = *value.AsList();
  for (Value& element : list) {
    if (!ConvertScalar(*element_type, element)) return false;
  }
  value = Value(std::move(list));
  return true;
}

std::string FieldIs(const FilterExpression& condition, MetadataType type) {
  return "filter: field '" + condition.path + "' is " + std::string(MetadataTypeName(type));
}

Status WrongValue(const FilterExpression& condition, MetadataType type, const Value& value) {
  std::string message = FieldIs(condition, type) + "; got " + DescribeFilterValue(value);
  const auto element_type = ElementType(type);
  if (element_type.value_or(type) == MetadataType::kTimestamp && value.AsString() != nullptr) {
    message += " (expected ISO 8601 such as 2026-07-30T12:00:00Z)";
  } else if (element_type && value.AsList() == nullptr && condition.kind != Kind::kContainsAny &&
             condition.kind != Kind::kContainsAll) {
    message += " (CONTAINS looks for one value in a list)";
  } else if (!element_type && value.AsList() != nullptr) {
    message += " (IN looks for any of several values)";
  }
  return Status::InvalidArgument(std::move(message));
}

Status NoSuchOperator(const FilterExpression& condition, MetadataType type, const char* needs) {
  return Status::InvalidArgument(FieldIs(condition, type) + "; " +
                                 std::string(FilterOperatorText(condition.kind)) + " needs " +
                                 needs);
}

// The type that each value of the condition must have, or an error when the operator is not for
// the field.
Result<MetadataType> OperandType(const FilterExpression& condition, MetadataType type) {
  const auto element_type = ElementType(type);
  switch (condition.kind) {
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
    case Kind::kBetween:
      if (element_type)
        return NoSuchOperator(condition, type, "a single value, lists have no order");
      return type;
    case Kind::kContainsAny:
    case Kind::kContainsAll:
      if (element_type) return *element_type;
      if (type != MetadataType::kString) {
        return NoSuchOperator(condition, type, "a list or a string");
      }
      return type;
    case Kind::kLike:
    case Kind::kStartsWith:
      if (type != MetadataType::kString) return NoSuchOperator(condition, type, "a string");
      return type;
    default: return type;
  }
}

}  // namespace

Result<std::vector<Value>> ConvertFilterValues(const FilterExpression& condition,
                                               const FilterField& field) {
  std::vector<Value> values = condition.values;
  if (!field.type) return values;
  TRACEVEC_ASSIGN_OR_RETURN(const MetadataType type, OperandType(condition, *field.type));
  for (Value& value : values) {
    if (!ConvertWhole(type, value)) return WrongValue(condition, *field.type, value);
  }
  return values;
}

}  // namespace tracevec
