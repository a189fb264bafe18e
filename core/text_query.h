#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyzer.h"
#include "tracevec/status.h"

namespace tracevec {

/// A part of a query text.
struct TextClause {
  enum class Kind : std::uint8_t { kTerm, kPhrase, kPrefix };
  Kind kind = Kind::kTerm;
  /// The term, or what terms begin with; of a phrase its terms in order.
  std::vector<std::string> terms;
  /// Of a phrase: how far each term is from the first. Words that were left out keep their place.
  std::vector<std::uint32_t> offsets;
  std::uint32_t times = 1;  ///< How often the query says it: it counts as often.
  bool required = false;
  bool excluded = false;

  friend bool operator==(const TextClause&, const TextClause&) = default;
};

/// A query text, taken apart by the analyzer of the texts. docs/lexical.md is its definition: words
/// and "phrases", of which any may match, +required and -excluded ones, and prefix*.
struct TextQuery {
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10;

  std::vector<TextClause> clauses;  ///< Without two that are alike. May be empty: stop words only.

  /// Errors: InvalidArgument: an empty text, one of more than kMostBytes, invalid UTF-8, or one
  /// that only excludes.
  static Result<TextQuery> Parse(std::string_view text, const Analyzer& analyzer);
};

}  // namespace tracevec
