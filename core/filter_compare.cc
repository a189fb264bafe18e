#include "core/filter_compare.h"

#include <algorithm>
#include <utility>

namespace tracevec {
namespace {

std::partial_ordering Reverse(std::partial_ordering order) { return 0 <=> order; }

std::partial_ordering CompareNumber(const ValueView& stored, const Value& literal) {
  const std::int64_t* integer = literal.AsInt();
  const double* number = literal.AsDouble();
  if (stored.type == Value::Type::kInt) {
    if (integer != nullptr) return stored.integer <=> *integer;
    if (number != nullptr) return CompareIntDouble(stored.integer, *number);
  } else {
    if (number != nullptr) return stored.number <=> *number;
    if (integer != nullptr) return Reverse(CompareIntDouble(*integer, stored.number));
  }
  return std::partial_ordering::unordered;
}

std::partial_ordering CompareText(std::string_view stored, const FilterLiteral& literal) {
  if (const std::string* text = literal.value.AsString()) return stored <=> std::string_view(*text);
  if (const Timestamp* timestamp = literal.value.AsTimestamp()) {
    if (const auto instant = InstantOf(stored)) return *instant <=> *timestamp;
  }
  return std::partial_ordering::unordered;
}

}  // namespace

ValueView ValueView::Of(std::string_view text) {
  ValueView view;
  view.type = Value::Type::kString;
  view.text = text;
  return view;
}

ValueView ValueView::Of(std::int64_t integer) {
  ValueView view;
  view.type = Value::Type::kInt;
  view.integer = integer;
  return view;
}

ValueView ValueView::Of(const Value& value) {
  ValueView view;
  view.type = value.type();
  switch (view.type) {
    case Value::Type::kNull:
    case Value::Type::kMap: break;
    case Value::Type::kBool: view.boolean = *value.AsBool(); break;
    case Value::Type::kInt: view.integer = *value.AsInt(); break;
    case Value::Type::kDouble: view.number = *value.AsDouble(); break;
    case Value::Type::kString: view.text = *value.AsString(); break;
    case Value::Type::kTimestamp: view.integer = value.AsTimestamp()->micros; break;
    case Value::Type::kList: view.list = value.AsList(); break;
  }
  return view;
}

FilterLiteral::FilterLiteral(Value v) : value(std::move(v)) {
  if (const Timestamp* timestamp = value.AsTimestamp()) instant = *timestamp;
  if (const std::string* text = value.AsString()) instant = InstantOf(*text);
  if (const Value::List* list = value.AsList()) elements = MakeFilterLiterals(*list);
}

std::vector<FilterLiteral> MakeFilterLiterals(std::vector<Value> values) {
  std::vector<FilterLiteral> literals;
  literals.reserve(values.size());
  for (Value& value : values) literals.emplace_back(std::move(value));
  return literals;
}

std::optional<Timestamp> InstantOf(std::string_view text) {
  // A failed ParseTimestamp() writes a message, which allocates; most strings are told apart here.
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !is_digit(text[0])) {
    return std::nullopt;
  }
  const Result<Timestamp> timestamp = ParseTimestamp(text);
  if (!timestamp.ok()) return std::nullopt;
  return *timestamp;
}

std::partial_ordering CompareIntDouble(std::int64_t integer, double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (number != number) return std::partial_ordering::unordered;
  if (number >= kTwoTo63) return std::partial_ordering::less;
  if (number < -kTwoTo63) return std::partial_ordering::greater;
  // Inside the range of int64, so cutting off the fraction is exact, and so is the difference.
  const auto whole = static_cast<std::int64_t>(number);
  if (integer != whole) return integer <=> whole;
  return 0.0 <=> number - static_cast<double>(whole);
}

std::partial_ordering CompareToLiteral(const ValueView& stored, const FilterLiteral& literal) {
  switch (stored.type) {
    case Value::Type::kInt:
    case Value::Type::kDouble: return CompareNumber(stored, literal.value);
    case Value::Type::kString: return CompareText(stored.text, literal);
    case Value::Type::kBool:
      if (const bool* boolean = literal.value.AsBool()) return stored.boolean <=> *boolean;
      break;
    case Value::Type::kTimestamp:
      if (literal.instant) return stored.integer <=> literal.instant->micros;
      break;
    case Value::Type::kNull:
    case Value::Type::kList:
    case Value::Type::kMap: break;
  }
  return std::partial_ordering::unordered;
}

bool EqualsLiteral(const ValueView& stored, const FilterLiteral& literal) {
  if (stored.type == Value::Type::kNull) return literal.value.is_null();
  if (stored.type != Value::Type::kList) return std::is_eq(CompareToLiteral(stored, literal));
  if (literal.value.type() != Value::Type::kList) return false;
  return std::equal(stored.list->begin(), stored.list->end(), literal.elements.begin(),
                    literal.elements.end(), [](const Value& element, const FilterLiteral& other) {
                      return EqualsLiteral(ValueView::Of(element), other);
                    });
}

}  // namespace tracevec
