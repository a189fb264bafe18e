#include "tracevec/value.h"

#include <cmath>

namespace tracevec {
namespace {

/// Identity, not arithmetic: every NaN is the same value, and the two zeros are not.
bool IdenticalDoubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

}  // namespace

bool Value::Identical(const Value& other) const {
  if (const double* number = AsDouble()) {
    const double* other_number = other.AsDouble();
    return other_number != nullptr && IdenticalDoubles(*number, *other_number);
  }
  return data_ == other.data_;  // Lists and maps come back here through operator==.
}

std::string_view ValueTypeName(Value::Type type) {
  switch (type) {
    case Value::Type::kNull: return "null";
    case Value::Type::kBool: return "bool";
    case Value::Type::kInt: return "int";
    case Value::Type::kDouble: return "float";
    case Value::Type::kString: return "string";
    case Value::Type::kTimestamp: return "timestamp";
    case Value::Type::kList: return "list";
    case Value::Type::kMap: return "map";
  }
  return "unknown";
}

}  // namespace tracevec
