#include "core/filter_printer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "core/filter_lexer.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;

std::string Quote(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += c;
    result += c;
  }
  result += quote;
  return result;
}

// The shortest digits that give the same double back, with a mark that it is no integer.
std::string PrintDouble(double number) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  std::string digits(buffer.data(), end);
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  return digits;
}

std::string PrintList(const std::vector<Value>& values, char open, char close) {
  std::string result(1, open);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) result += ", ";
    result += PrintFilterValue(values[i]);
  }
  result += close;
  return result;
}

// Everything after the path: " >= 2020".
std::string PrintOperation(const FilterExpression& condition) {
  const std::vector<Value>& values = condition.values;
  std::string result = " ";
  result += FilterOperatorText(condition.kind);
  switch (condition.kind) {
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
    case Kind::kIsNull:
    case Kind::kExists: return result;
    case Kind::kIn:
    case Kind::kNotIn:
    case Kind::kContainsAll: return result + " " + PrintList(values, '(', ')');
    case Kind::kContainsAny:
      if (values.size() == 1) return " CONTAINS " + PrintFilterValue(values[0]);
      return result + " " + PrintList(values, '(', ')');
    case Kind::kBetween:
      return result + " " + PrintFilterValue(values[0]) + " AND " + PrintFilterValue(values[1]);
    case Kind::kEqual:
    case Kind::kNotEqual:
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
    case Kind::kLike:
    case Kind::kStartsWith: return result + " " + PrintFilterValue(values[0]);
  }
  return result;
}

std::string PrintNot(const FilterExpression& child) {
  switch (child.kind) {
    case Kind::kIsNull: return PrintFieldPath(child.path) + " IS NOT NULL";
    case Kind::kBetween:
    case Kind::kContainsAny:
    case Kind::kContainsAll:
    case Kind::kLike:
    case Kind::kStartsWith: return PrintFieldPath(child.path) + " NOT" + PrintOperation(child);
    case Kind::kAnd:
    case Kind::kOr: return "NOT (" + PrintFilter(child) + ")";
    default: return "NOT " + PrintFilter(child);
  }
}

// Every AND and OR inside another is put into parentheses, also where precedence would do: what
// is read back is then the same tree, and nobody has to know the precedence to read it.
std::string PrintJoined(const FilterExpression& expression) {
  std::string result;
  for (const auto& child : expression.children) {
    if (!result.empty()) result.append(" ").append(FilterOperatorText(expression.kind)).append(" ");
    const bool joined = child->kind == Kind::kAnd || child->kind == Kind::kOr;
    result += joined ? "(" + PrintFilter(*child) + ")" : PrintFilter(*child);
  }
  return result;
}

}  // namespace

std::string_view FilterOperatorText(Kind kind) {
  switch (kind) {
    case Kind::kAnd: return "AND";
    case Kind::kOr: return "OR";
    case Kind::kNot: return "NOT";
    case Kind::kEqual: return "=";
    case Kind::kNotEqual: return "!=";
    case Kind::kLess: return "<";
    case Kind::kLessEqual: return "<=";
    case Kind::kGreater: return ">";
    case Kind::kGreaterEqual: return ">=";
    case Kind::kIn: return "IN";
    case Kind::kNotIn: return "NOT IN";
    case Kind::kBetween: return "BETWEEN";
    case Kind::kContainsAny: return "CONTAINS ANY";
    case Kind::kContainsAll: return "CONTAINS ALL";
    case Kind::kLike: return "LIKE";
    case Kind::kStartsWith: return "STARTS WITH";
    case Kind::kIsNull: return "IS NULL";
    case Kind::kExists: return "EXISTS";
  }
  return "";
}

bool IsReservedWord(std::string_view word) {
  static constexpr std::array<std::string_view, 13> kReserved = {
      "AND",    "OR", "NOT",  "IN",     "BETWEEN", "CONTAINS", "LIKE",
      "STARTS", "IS", "NULL", "EXISTS", "TRUE",    "FALSE"};
  const FilterToken token{FilterToken::Kind::kWord, 0, 0, std::string(word)};
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view reserved) { return token.IsKeyword(reserved); });
}

std::string PrintFieldPath(std::string_view path) {
  std::string result;
  for (std::size_t begin = 0;;) {
    const std::size_t dot = path.find('.', begin);
    const std::string_view name = path.substr(begin, dot - begin);
    result += IsBareName(name) && !IsReservedWord(name) ? std::string(name) : Quote(name, '"');
    if (dot == std::string_view::npos) return result;
    result += '.';
    begin = dot + 1;
  }
}

std::string PrintFilterValue(const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull: return "null";
    case Value::Type::kBool: return *value.AsBool() ? "true" : "false";
    case Value::Type::kInt: return std::to_string(*value.AsInt());
    case Value::Type::kDouble: return PrintDouble(*value.AsDouble());
    case Value::Type::kString: return Quote(*value.AsString(), '\'');
    case Value::Type::kTimestamp:
      return "TIMESTAMP '" + FormatTimestamp(*value.AsTimestamp()) + "'";
    case Value::Type::kList: return PrintList(*value.AsList(), '[', ']');
    case Value::Type::kMap: return value.ToJson();
  }
  return "";
}

std::string DescribeFilterValue(const Value& value) {
  if (value.is_null()) return "null";
  // Long enough to recognise a value, short enough for a line.
  constexpr std::size_t kShownBytes = 60;
  std::string shown;
  if (const Timestamp* timestamp = value.AsTimestamp()) {
    shown = FormatTimestamp(*timestamp);
  } else {
    shown = PrintFilterValue(value);
  }
  if (shown.size() > kShownBytes) {
    std::size_t end = kShownBytes;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
    shown = shown.substr(0, end) + "...";
  }
  return std::string(ValueTypeName(value.type())) + " " + shown;
}

std::string PrintFilter(const FilterExpression& expression) {
  switch (expression.kind) {
    case Kind::kAnd:
    case Kind::kOr: return PrintJoined(expression);
    case Kind::kNot: return PrintNot(*expression.children[0]);
    case Kind::kExists: return "EXISTS " + PrintFieldPath(expression.path);
    default: return PrintFieldPath(expression.path) + PrintOperation(expression);
  }
}

}  // namespace tracevec
