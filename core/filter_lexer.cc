#include "core/filter_lexer.h"

#include <algorithm>

#include "core/filter_text_error.h"

namespace tracevec {
namespace {

// The C library's isalpha() and toupper() ask the locale; a filter means the same everywhere.
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char ToUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

bool FilterToken::IsKeyword(std::string_view keyword) const {
  return kind == Kind::kWord &&
         std::equal(text.begin(), text.end(), keyword.begin(), keyword.end(),
                    [](char written, char upper) { return ToUpper(written) == upper; });
}

bool IsBareName(std::string_view name) {
  return !name.empty() && IsNameStart(name.front()) &&
         std::all_of(name.begin(), name.end(), IsNamePart);
}

Result<FilterToken> FilterLexer::Next() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  if (at_ == text_.size()) return TokenTo(FilterToken::Kind::kEnd, at_);
  const char c = text_[at_];
  if (c == '\'') return Quoted(FilterToken::Kind::kString);
  if (c == '"' || c == '`') return Quoted(FilterToken::Kind::kQuotedName);
  if (IsDigit(c) || (c == '-' && IsDigit(At(at_ + 1)))) return Number();
  if (IsNameStart(c)) return Word();
  return Symbol();
}

FilterToken FilterLexer::TokenTo(FilterToken::Kind kind, std::size_t end) {
  FilterToken token{kind, at_, end, std::string(text_.substr(at_, end - at_))};
  at_ = end;
  return token;
}

FilterToken FilterLexer::Word() {
  std::size_t end = at_;
  while (end < text_.size() && IsNamePart(text_[end])) ++end;
  return TokenTo(FilterToken::Kind::kWord, end);
}

Result<FilterToken> FilterLexer::Quoted(FilterToken::Kind kind) {
  const char quote = text_[at_];
  FilterToken token{kind, at_, at_, {}};
  std::size_t at = at_ + 1;
  for (;;) {
    const std::size_t close = text_.find(quote, at);
    if (close == std::string_view::npos) {
      return FilterTextError(text_, at_, std::string("the quote ") + quote + " is never closed");
    }
    token.text.append(text_.substr(at, close - at));
    at = close + 1;
    if (At(at) != quote) break;
    token.text += quote;  // A doubled quote stands for one.
    ++at;
  }
  token.end = at_ = at;
  return token;
}

std::size_t FilterLexer::SkipDigits(std::size_t at) const {
  while (IsDigit(At(at))) ++at;
  return at;
}

Result<FilterToken> FilterLexer::Number() {
  std::size_t end = SkipDigits(at_ + 1);  // The first character is a digit or the sign.
  if (At(end) == '.' && IsDigit(At(end + 1))) end = SkipDigits(end + 1);
  if (At(end) == 'e' || At(end) == 'E') {
    const std::size_t sign = At(end + 1) == '+' || At(end + 1) == '-' ? 1 : 0;
    if (IsDigit(At(end + 1 + sign))) end = SkipDigits(end + 1 + sign);
  }
  if (end < text_.size() && (IsNamePart(text_[end]) || text_[end] == '.')) {
    return FilterTextError(text_, at_,
                           "the number that starts here is malformed; quote it ('...') if it is "
                           "meant as a string");
  }
  return TokenTo(FilterToken::Kind::kNumber, end);
}

Result<FilterToken> FilterLexer::Symbol() {
  const std::string_view two = text_.substr(at_, 2);
  if (two == "<=" || two == ">=" || two == "!=") {
    return TokenTo(FilterToken::Kind::kSymbol, at_ + 2);
  }
  if (two == "==" || two == "<>") {
    FilterToken token = TokenTo(FilterToken::Kind::kSymbol, at_ + 2);
    token.text = token.text == "==" ? "=" : "!=";
    return token;
  }
  if (std::string_view("()[],.=<>").find(text_[at_]) != std::string_view::npos) {
    return TokenTo(FilterToken::Kind::kSymbol, at_ + 1);
  }
  if (static_cast<unsigned char>(text_[at_]) < 0x20) {
    return FilterTextError(text_, at_, "unexpected control character");
  }
  return FilterTextError(text_, at_,
                         std::string("unexpected '") + text_[at_] +
                             "'; a name with such characters is written in double quotes");
}

}  // namespace tracevec
