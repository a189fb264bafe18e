#include "core/filter_parser.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/filter_lexer.h"
#include "core/filter_literal_parser.h"
#include "core/filter_printer.h"
#include "core/filter_text_error.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;
using Token = FilterToken;

// By recursive descent: one method for each rule of the grammar, OR binding weakest. token_ is
// the first token that is not used up.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(text) {}

  Result<FilterExpressionPtr> Parse();

 private:
  Result<FilterExpressionPtr> ParseJoined(Kind kind, std::string_view keyword);
  Result<FilterExpressionPtr> ParseUnary();
  Result<FilterExpressionPtr> ParseParentheses();
  Result<FilterExpressionPtr> ParseCondition();
  Result<FilterExpressionPtr> ParseOperation(std::string path);
  Result<FilterExpressionPtr> ParseWordOperation(std::string path);
  Result<FilterExpressionPtr> ParseContains(std::string path);
  Result<FilterExpressionPtr> ParseBetween(std::string path);
  Result<FilterExpressionPtr> ParseIsNull(std::string path);
  Result<FilterExpressionPtr> ParseOneValue(Kind kind, std::string path);
  Result<FilterExpressionPtr> ParseList(Kind kind, std::string path);
  Result<std::string> ParsePath();
  Result<std::string> ParseName();

  /// The condition, negated when NOT stood before its operator.
  Result<FilterExpressionPtr> Build(Kind kind, std::string path, std::vector<Value> values,
                                    std::size_t values_at);
  Status Advance() { return tokens_.Advance(); }
  const Token& token() const { return tokens_.token(); }
  Status ExpectKeyword(std::string_view keyword);
  Status Enter(std::size_t at);
  Status Unexpected(std::string_view expected) const { return tokens_.Unexpected(expected); }

  std::string_view text_;
  FilterLiteralParser tokens_;
  int depth_ = 0;         // Parentheses and NOTs around the current token.
  bool negated_ = false;  // NOT stood before the operator that is being parsed.
};

Result<FilterExpressionPtr> Parser::Parse() {
  TRACEVEC_RETURN_IF_ERROR(Advance());
  if (token().kind == Token::Kind::kEnd) return FilterExpressionPtr();
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr expression, ParseJoined(Kind::kOr, "OR"));
  if (token().IsSymbol(")")) {
    return FilterTextError(text_, token().begin, "this ')' closes nothing");
  }
  if (token().kind != Token::Kind::kEnd) return Unexpected("AND, OR or the end");
  return expression;
}

Result<FilterExpressionPtr> Parser::ParseJoined(Kind kind, std::string_view keyword) {
  const std::size_t begin = token().begin;
  std::vector<FilterExpressionPtr> children;
  for (;;) {
    Result<FilterExpressionPtr> child =
        kind == Kind::kOr ? ParseJoined(Kind::kAnd, "AND") : ParseUnary();
    if (!child.ok()) return child.status();
    children.push_back(*std::move(child));
    if (!token().IsKeyword(keyword)) break;
    TRACEVEC_RETURN_IF_ERROR(Advance());
  }
  Result<FilterExpressionPtr> joined = MakeLogic(kind, std::move(children));
  if (!joined.ok()) return FilterTextError(text_, begin, joined.status().message());
  return joined;
}

Status Parser::Enter(std::size_t at) {
  if (++depth_ <= FilterExpression::kMaxDepth) return Status::Ok();
  return FilterTextError(text_, at, TooDeepMessage());
}

Result<FilterExpressionPtr> Parser::ParseUnary() {
  const std::size_t begin = token().begin;
  int negations = 0;
  for (; token().IsKeyword("NOT"); ++negations) {
    TRACEVEC_RETURN_IF_ERROR(Enter(token().begin));
    TRACEVEC_RETURN_IF_ERROR(Advance());
  }
  Result<FilterExpressionPtr> expression =
      token().IsSymbol("(") ? ParseParentheses() : ParseCondition();
  depth_ -= negations;
  for (; expression.ok() && negations > 0; --negations) {
    expression = MakeLogic(Kind::kNot, {*std::move(expression)});
    if (!expression.ok()) return FilterTextError(text_, begin, expression.status().message());
  }
  return expression;
}

Result<FilterExpressionPtr> Parser::ParseParentheses() {
  const std::size_t open = token().begin;
  TRACEVEC_RETURN_IF_ERROR(Enter(open));
  TRACEVEC_RETURN_IF_ERROR(Advance());
  TRACEVEC_ASSIGN_OR_RETURN(FilterExpressionPtr expression, ParseJoined(Kind::kOr, "OR"));
  if (token().kind == Token::Kind::kEnd) {
    return FilterTextError(text_, open, "this '(' is never closed");
  }
  if (!token().IsSymbol(")")) return Unexpected("AND, OR or ')'");
  TRACEVEC_RETURN_IF_ERROR(Advance());
  --depth_;
  return expression;
}

Result<FilterExpressionPtr> Parser::ParseCondition() {
  const bool exists = token().IsKeyword("EXISTS");
  if (exists) TRACEVEC_RETURN_IF_ERROR(Advance());
  const std::size_t begin = token().begin;
  TRACEVEC_ASSIGN_OR_RETURN(std::string path, ParsePath());
  if (Status status = CheckFieldPath(path); !status.ok()) {
    return FilterTextError(text_, begin, status.message());
  }
  if (exists) return MakeCondition(Kind::kExists, std::move(path), {});
  return ParseOperation(std::move(path));
}

Result<std::string> Parser::ParsePath() {
  TRACEVEC_ASSIGN_OR_RETURN(std::string path, ParseName());
  while (token().IsSymbol(".")) {
    TRACEVEC_RETURN_IF_ERROR(Advance());
    // After a dot no word can be a keyword.
    if (token().kind != Token::Kind::kWord && token().kind != Token::Kind::kQuotedName) {
      return Unexpected("a name after '.'");
    }
    path.append(".").append(token().text);
    TRACEVEC_RETURN_IF_ERROR(Advance());
  }
  return path;
}

Result<std::string> Parser::ParseName() {
  const bool word = token().kind == Token::Kind::kWord;
  if (word && IsReservedWord(token().text)) {
    return FilterTextError(text_, token().begin,
                           "expected a field name, got the keyword " + token().text +
                               "; a field of that name is written \"" + token().text + "\"");
  }
  if (!word && token().kind != Token::Kind::kQuotedName) return Unexpected("a field name");
  std::string name = token().text;
  TRACEVEC_RETURN_IF_ERROR(Advance());
  return name;
}

Result<FilterExpressionPtr> Parser::ParseOperation(std::string path) {
  negated_ = false;
  if (token().kind == Token::Kind::kSymbol) {
    static constexpr std::array<Kind, 6> kComparisons = {Kind::kEqual,   Kind::kNotEqual,
                                                         Kind::kLess,    Kind::kLessEqual,
                                                         Kind::kGreater, Kind::kGreaterEqual};
    for (const Kind kind : kComparisons) {
      if (!token().IsSymbol(FilterOperatorText(kind))) continue;
      TRACEVEC_RETURN_IF_ERROR(Advance());
      return ParseOneValue(kind, std::move(path));
    }
  }
  if (token().IsKeyword("IS")) return ParseIsNull(std::move(path));
  if (token().IsKeyword("NOT")) {
    negated_ = true;
    TRACEVEC_RETURN_IF_ERROR(Advance());
  }
  return ParseWordOperation(std::move(path));
}

Result<FilterExpressionPtr> Parser::ParseWordOperation(std::string path) {
  const Token word = token();
  if (word.kind != Token::Kind::kWord) {
    return Unexpected("an operator after " + PrintFieldPath(path));
  }
  TRACEVEC_RETURN_IF_ERROR(Advance());
  if (word.IsKeyword("IN")) {
    // NOT IN is a kind of its own, unlike the other negated operators.
    const Kind kind = std::exchange(negated_, false) ? Kind::kNotIn : Kind::kIn;
    return ParseList(kind, std::move(path));
  }
  if (word.IsKeyword("BETWEEN")) return ParseBetween(std::move(path));
  if (word.IsKeyword("CONTAINS")) return ParseContains(std::move(path));
  if (word.IsKeyword("LIKE")) return ParseOneValue(Kind::kLike, std::move(path));
  if (word.IsKeyword("EXISTS")) return Build(Kind::kExists, std::move(path), {}, word.begin);
  if (word.IsKeyword("STARTS")) {
    TRACEVEC_RETURN_IF_ERROR(ExpectKeyword("WITH"));
    return ParseOneValue(Kind::kStartsWith, std::move(path));
  }
  static const std::vector<std::string> operators = {"IN",     "BETWEEN", "CONTAINS", "LIKE",
                                                     "STARTS", "IS",      "EXISTS",   "NOT"};
  return FilterTextError(text_, word.begin,
                         "expected an operator after " + PrintFieldPath(path) + ", got '" +
                             word.text + "'" + DidYouMean(word.text, operators));
}

Result<FilterExpressionPtr> Parser::ParseIsNull(std::string path) {
  const std::size_t begin = token().begin;
  TRACEVEC_RETURN_IF_ERROR(Advance());
  if (token().IsKeyword("NOT")) {
    negated_ = true;
    TRACEVEC_RETURN_IF_ERROR(Advance());
  }
  TRACEVEC_RETURN_IF_ERROR(ExpectKeyword("NULL"));
  return Build(Kind::kIsNull, std::move(path), {}, begin);
}

Result<FilterExpressionPtr> Parser::ParseBetween(std::string path) {
  const std::size_t begin = token().begin;
  TRACEVEC_ASSIGN_OR_RETURN(Value low, tokens_.ParseValue());
  TRACEVEC_RETURN_IF_ERROR(ExpectKeyword("AND"));
  TRACEVEC_ASSIGN_OR_RETURN(Value high, tokens_.ParseValue());
  std::vector<Value> bounds;
  bounds.push_back(std::move(low));
  bounds.push_back(std::move(high));
  return Build(Kind::kBetween, std::move(path), std::move(bounds), begin);
}

Result<FilterExpressionPtr> Parser::ParseContains(std::string path) {
  const bool all = token().IsKeyword("ALL");
  if (!all && !token().IsKeyword("ANY")) return ParseOneValue(Kind::kContainsAny, std::move(path));
  TRACEVEC_RETURN_IF_ERROR(Advance());
  return ParseList(all ? Kind::kContainsAll : Kind::kContainsAny, std::move(path));
}

Result<FilterExpressionPtr> Parser::ParseOneValue(Kind kind, std::string path) {
  const std::size_t begin = token().begin;
  TRACEVEC_ASSIGN_OR_RETURN(Value value, tokens_.ParseValue());
  std::vector<Value> values;
  values.push_back(std::move(value));
  return Build(kind, std::move(path), std::move(values), begin);
}

Result<FilterExpressionPtr> Parser::ParseList(Kind kind, std::string path) {
  const std::size_t begin = token().begin;
  if (!token().IsSymbol("(") && !token().IsSymbol("[")) {
    return Unexpected("'(' and a list after " + std::string(FilterOperatorText(kind)));
  }
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<Value> values, tokens_.ParseList());
  return Build(kind, std::move(path), std::move(values), begin);
}

Result<FilterExpressionPtr> Parser::Build(Kind kind, std::string path, std::vector<Value> values,
                                          std::size_t values_at) {
  const bool negated = std::exchange(negated_, false);
  Result<FilterExpressionPtr> built = MakeCondition(kind, std::move(path), std::move(values));
  if (built.ok() && negated) built = MakeLogic(Kind::kNot, {*std::move(built)});
  if (!built.ok()) return FilterTextError(text_, values_at, built.status().message());
  return built;
}

Status Parser::ExpectKeyword(std::string_view keyword) {
  if (!token().IsKeyword(keyword)) return Unexpected(keyword);
  return Advance();
}

}  // namespace

Result<FilterExpressionPtr> ParseFilterText(std::string_view text) {
  if (const auto invalid = FindInvalidUtf8(text)) {
    return FilterTextError(text.substr(0, *invalid), *invalid, "the text is not valid UTF-8");
  }
  return Parser(text).Parse();
}

}  // namespace tracevec
