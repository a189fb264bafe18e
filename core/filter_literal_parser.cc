#include "core/filter_literal_parser.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "core/filter_builder.h"
#include "core/filter_text_error.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

using Token = FilterToken;

// A list of lists, as in `IN ([1], [2])`: what IN takes, and the deepest there is.
constexpr int kMaxListDepth = 2;

std::string Describe(const Token& token) {
  constexpr std::size_t kShownBytes = 40;
  switch (token.kind) {
    case Token::Kind::kEnd: return "the end";
    case Token::Kind::kString: return "a string";
    case Token::Kind::kQuotedName: return "a quoted name";
    default: break;
  }
  if (token.text.size() > kShownBytes) return "a long word";
  return "'" + token.text + "'";
}

}  // namespace

Status FilterLiteralParser::Advance() {
  TRACEVEC_ASSIGN_OR_RETURN(token_, lexer_.Next());
  return Status::Ok();
}

Status FilterLiteralParser::Unexpected(std::string_view expected) const {
  return FilterTextError(text_, token_.begin,
                         "expected " + std::string(expected) + ", got " + Describe(token_));
}

Result<Value> FilterLiteralParser::ParseValue() {
  if (!token_.IsSymbol("[")) return ParseScalar();
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<Value> values, ParseList());
  return Value(std::move(values));
}

Result<std::vector<Value>> FilterLiteralParser::ParseList() {
  const std::size_t open = token_.begin;
  const std::string_view close = token_.IsSymbol("(") ? ")" : "]";
  if (++list_depth_ > kMaxListDepth) {
    return FilterTextError(text_, open, "lists are nested too deeply");
  }
  TRACEVEC_RETURN_IF_ERROR(Advance());
  std::vector<Value> values;
  while (!token_.IsSymbol(close)) {
    if (token_.kind == Token::Kind::kEnd) {
      return FilterTextError(text_, open, "this list is never closed");
    }
    if (values.size() == FilterExpression::kMaxValues) {
      return FilterTextError(text_, token_.begin, TooManyValuesMessage());
    }
    if (!values.empty()) {
      if (!token_.IsSymbol(",")) return Unexpected("',' or '" + std::string(close) + "'");
      TRACEVEC_RETURN_IF_ERROR(Advance());
    }
    TRACEVEC_ASSIGN_OR_RETURN(Value value, ParseValue());
    values.push_back(std::move(value));
  }
  --list_depth_;
  TRACEVEC_RETURN_IF_ERROR(Advance());
  return values;
}

Result<Value> FilterLiteralParser::ParseScalar() {
  switch (token_.kind) {
    case Token::Kind::kWord: return ParseWord();
    case Token::Kind::kNumber: {
      Result<Value> number = ParseNumber();
      if (number.ok()) TRACEVEC_RETURN_IF_ERROR(Advance());
      return number;
    }
    case Token::Kind::kString: {
      std::string text = std::move(token_.text);
      TRACEVEC_RETURN_IF_ERROR(Advance());
      return Value(std::move(text));
    }
    case Token::Kind::kQuotedName:
      return FilterTextError(text_, token_.begin,
                             "expected a value, got a quoted name; strings are written in single "
                             "quotes");
    default: return Unexpected("a value");
  }
}

Result<Value> FilterLiteralParser::ParseNumber() const {
  const char* begin = token_.text.data();
  const char* end = begin + token_.text.size();
  if (token_.text.find_first_of(".eE") == std::string::npos) {
    std::int64_t integer = 0;
    if (std::from_chars(begin, end, integer).ec == std::errc()) return Value(integer);
  }
  double number = 0;
  if (std::from_chars(begin, end, number).ec == std::errc()) return Value(number);
  return FilterTextError(text_, token_.begin, "the number is out of the range of a double");
}

Result<Value> FilterLiteralParser::ParseWord() {
  const Token word = std::exchange(token_, Token{});
  TRACEVEC_RETURN_IF_ERROR(Advance());
  if (word.IsKeyword("TRUE")) return Value(true);
  if (word.IsKeyword("FALSE")) return Value(false);
  if (word.IsKeyword("NULL")) return Value();
  if (word.IsKeyword("TIMESTAMP") && token_.kind == Token::Kind::kString) {
    Result<Timestamp> timestamp = ParseTimestamp(token_.text);
    if (!timestamp.ok()) {
      return FilterTextError(text_, token_.begin, timestamp.status().message());
    }
    TRACEVEC_RETURN_IF_ERROR(Advance());
    return Value(*timestamp);
  }
  return FilterTextError(
      text_, word.begin,
      "expected a value, got " + Describe(word) + "; strings are written in single quotes");
}

}  // namespace tracevec
