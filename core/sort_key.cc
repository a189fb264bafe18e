#include "core/sort_key.h"

#include <cmath>
#include <string>

namespace tracevec {
namespace {

int Kind(const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull: return 0;
    case Value::Type::kBool: return 1;
    case Value::Type::kInt:
    case Value::Type::kDouble: return 2;
    case Value::Type::kString: return 3;
    case Value::Type::kTimestamp: return 4;
    case Value::Type::kList: return 5;
    case Value::Type::kMap: return 6;
  }
  return 0;
}

std::weak_ordering CompareDoubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  if (a < b) return std::weak_ordering::less;
  return a > b ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

/// Exact also where an int64 has no double: 2^63 bounds the range in which truncation is safe.
std::weak_ordering CompareIntDouble(std::int64_t a, double b) {
  if (std::isnan(b) || b >= 0x1p63) return std::weak_ordering::less;
  if (b < -0x1p63) return std::weak_ordering::greater;
  const double whole = std::trunc(b);
  const auto by_whole = a <=> static_cast<std::int64_t>(whole);
  if (by_whole != 0) return by_whole;
  return CompareDoubles(0, b - whole);
}

std::weak_ordering CompareNumbers(const Value& a, const Value& b) {
  const std::int64_t* x = a.AsInt();
  const std::int64_t* y = b.AsInt();
  if (x != nullptr && y != nullptr) return *x <=> *y;
  if (x != nullptr) return CompareIntDouble(*x, *b.AsDouble());
  if (y != nullptr) return 0 <=> CompareIntDouble(*y, *a.AsDouble());
  return CompareDoubles(*a.AsDouble(), *b.AsDouble());
}

std::weak_ordering CompareLists(const Value::List& a, const Value::List& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const auto compared = CompareForSorting(a[i], b[i]);
    if (compared != 0) return compared;
  }
  return a.size() <=> b.size();
}

std::weak_ordering CompareMaps(const Metadata& a, const Metadata& b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (const auto names = x->first <=> y->first; names != 0) return names;
    const auto compared = CompareForSorting(x->second, y->second);
    if (compared != 0) return compared;
  }
  return a.size() <=> b.size();
}

}  // namespace

std::weak_ordering CompareForSorting(const Value& a, const Value& b) {
  if (const auto kinds = Kind(a) <=> Kind(b); kinds != 0) return kinds;
  switch (a.type()) {
    case Value::Type::kNull: return std::weak_ordering::equivalent;
    case Value::Type::kBool: return *a.AsBool() <=> *b.AsBool();
    case Value::Type::kInt:
    case Value::Type::kDouble: return CompareNumbers(a, b);
    case Value::Type::kString: return *a.AsString() <=> *b.AsString();
    case Value::Type::kTimestamp: return *a.AsTimestamp() <=> *b.AsTimestamp();
    case Value::Type::kList: return CompareLists(*a.AsList(), *b.AsList());
    case Value::Type::kMap: return CompareMaps(*a.AsMap(), *b.AsMap());
  }
  return std::weak_ordering::equivalent;
}

}  // namespace tracevec
