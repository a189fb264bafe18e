#pragma once

#include <string_view>
#include <vector>

#include "core/filter_lexer.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

/// Reads the values of a filter's text, and holds the token that is looked at for whoever reads
/// the rest. Not thread-safe.
class FilterLiteralParser {
 public:
  /// REQUIRES: valid UTF-8 that outlives this.
  explicit FilterLiteralParser(std::string_view text) : text_(text), lexer_(text) {}

  const FilterToken& token() const { return token_; }
  Status Advance();
  /// The error for the current token not being what is expected.
  Status Unexpected(std::string_view expected) const;

  /// A scalar, or a list in brackets.
  Result<Value> ParseValue();
  /// Values between ( ) or [ ], perhaps none. REQUIRES: the current token opens the list.
  Result<std::vector<Value>> ParseList();

 private:
  Result<Value> ParseScalar();
  Result<Value> ParseNumber() const;
  Result<Value> ParseWord();

  std::string_view text_;
  FilterLexer lexer_;
  FilterToken token_;
  int list_depth_ = 0;
};

}  // namespace tracevec
