#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tracevec/status.h"

namespace tracevec {

/// The smallest parts of a filter's text.
struct FilterToken {
  enum class Kind : std::uint8_t {
    kEnd,
    kWord,        ///< A bare name or a keyword, as written.
    kQuotedName,  ///< "..." or `...`, without its quotes.
    kString,      ///< '...', without its quotes.
    kNumber,      ///< As written.
    kSymbol,      ///< ( ) [ ] , . = != < <= > >=; `==` is given as `=` and `<>` as `!=`.
  };

  Kind kind = Kind::kEnd;
  std::size_t begin = 0;  ///< Byte offsets into the text.
  std::size_t end = 0;
  std::string text;

  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  /// Keywords are words in any case; `keyword` is in upper case.
  bool IsKeyword(std::string_view keyword) const;
};

/// Cuts a filter's text into tokens. Not thread-safe.
class FilterLexer {
 public:
  /// REQUIRES: valid UTF-8 that outlives this.
  explicit FilterLexer(std::string_view text) : text_(text) {}

  /// The next token; kEnd at the end, again and again. Errors: InvalidArgument with the position.
  Result<FilterToken> Next();

 private:
  Result<FilterToken> Quoted(FilterToken::Kind kind);
  Result<FilterToken> Number();
  Result<FilterToken> Symbol();
  FilterToken Word();
  FilterToken TokenTo(FilterToken::Kind kind, std::size_t end);
  std::size_t SkipDigits(std::size_t at) const;
  char At(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// True when the name can stand in a filter's text without quotes: letters, digits, `_` and
/// whatever is not ASCII, not starting with a digit.
bool IsBareName(std::string_view name);

}  // namespace tracevec
