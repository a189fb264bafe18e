#include "core/filter_literal_set.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace tracevec {
namespace {

std::optional<std::int64_t> AsInteger(double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (!(number >= -kTwoTo63 && number < kTwoTo63)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(number);
  if (static_cast<double>(whole) != number) return std::nullopt;
  return whole;
}

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

FilterLiteralSet::FilterLiteralSet(std::vector<FilterLiteral> literals) {
  for (FilterLiteral& literal : literals) Add(std::move(literal));
  SortUnique(integers_);
  SortUnique(fractions_);
  SortUnique(strings_);
  SortUnique(timestamps_);
  SortUnique(instants_);
}

void FilterLiteralSet::Add(FilterLiteral literal) {
  const Value& value = literal.value;
  if (literal.instant) instants_.push_back(literal.instant->micros);
  switch (value.type()) {
    case Value::Type::kNull: has_null_ = true; break;
    case Value::Type::kBool: (*value.AsBool() ? has_true_ : has_false_) = true; break;
    case Value::Type::kInt: integers_.push_back(*value.AsInt()); break;
    case Value::Type::kDouble:
      if (const auto integer = AsInteger(*value.AsDouble())) {
        integers_.push_back(*integer);
      } else {
        fractions_.push_back(*value.AsDouble());
      }
      break;
    case Value::Type::kString: strings_.push_back(*value.AsString()); break;
    case Value::Type::kTimestamp: timestamps_.push_back(value.AsTimestamp()->micros); break;
    case Value::Type::kList: lists_.push_back(std::move(literal)); break;
    case Value::Type::kMap: break;  // Equals nothing.
  }
}

bool FilterLiteralSet::Contains(const ValueView& stored) const {
  switch (stored.type) {
    case Value::Type::kNull: return has_null_;
    case Value::Type::kBool: return stored.boolean ? has_true_ : has_false_;
    case Value::Type::kInt:
      return std::binary_search(integers_.begin(), integers_.end(), stored.integer);
    case Value::Type::kDouble: return ContainsNumber(stored.number);
    case Value::Type::kString: return ContainsText(stored.text);
    case Value::Type::kTimestamp:
      return std::binary_search(instants_.begin(), instants_.end(), stored.integer);
    case Value::Type::kList:
      return std::any_of(lists_.begin(), lists_.end(), [&](const FilterLiteral& literal) {
        return EqualsLiteral(stored, literal);
      });
    case Value::Type::kMap: return false;
  }
  return false;
}

bool FilterLiteralSet::ContainsNumber(double number) const {
  if (number != number) return false;  // A search needs an order, and NaN has none.
  if (const auto integer = AsInteger(number)) {
    return std::binary_search(integers_.begin(), integers_.end(), *integer);
  }
  return std::binary_search(fractions_.begin(), fractions_.end(), number);
}

bool FilterLiteralSet::ContainsText(std::string_view text) const {
  if (std::binary_search(strings_.begin(), strings_.end(), text, std::less<>())) return true;
  if (timestamps_.empty()) return false;
  const auto instant = InstantOf(text);
  return instant && std::binary_search(timestamps_.begin(), timestamps_.end(), instant->micros);
}

}  // namespace tracevec
