#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tracevec/schema.h"
#include "tracevec/status.h"

namespace tracevec {

/// The terms of a text in order, their bytes one after the other.
struct TermList {
  struct Term {
    std::size_t begin = 0;  ///< In `bytes`.
    std::uint32_t size = 0;
    std::uint32_t position = 0;  ///< Which word of the text it is, those left out counted.
  };
  std::string bytes;
  std::vector<Term> terms;

  std::string_view term(std::size_t i) const {
    return std::string_view(bytes).substr(terms[i].begin, terms[i].size);
  }
  void Add(std::string_view term, std::uint32_t position) {
    terms.push_back({bytes.size(), static_cast<std::uint32_t>(term.size()), position});
    bytes += term;
  }
  void Clear() {
    bytes.clear();
    terms.clear();
  }
};

/// From texts to the terms that lexical search compares: words (WordReader), folded (FoldWord),
/// stop words left out, stemmed by Snowball (libstemmer), marks of letters dropped. Of a run of
/// ideographs each pair of neighbours is a term. A word longer than kLongestTerm bytes is cut
/// there, and of a text no more than kMostTerms words count. Immutable; safe for concurrent use.
class Analyzer {
 public:
  static constexpr std::size_t kLongestTerm = 255;
  static constexpr std::uint32_t kMostTerms = std::uint32_t{1} << 24;

  /// Errors: InvalidArgument with the nearest name, where this build has no such analyzer.
  static Result<std::shared_ptr<const Analyzer>> Make(const TextField& field);
  /// "simple", which does not stem, and the languages that libstemmer has, by name.
  static std::vector<std::string> Names();

  /// Two analyzers with one identity give the same terms for every text. It names the analyzer, its
  /// stop words by hash, the version of these rules, and that of Unicode.
  const std::string& identity() const { return identity_; }

  /// Puts the terms of a text in place of what `terms` held. Any bytes will do.
  void Analyze(std::string_view text, TermList* terms) const;
  /// The last word of a text, which begins at `begin`, as terms begin with it: folded, but neither
  /// stemmed nor left out. Empty where it has no word.
  std::string Prefix(std::string_view text, std::size_t* begin) const;

 private:
  Analyzer() = default;

  bool IsStopWord(const std::string& folded) const;
  void AddWord(std::string* folded, std::uint32_t position, TermList* terms) const;

  std::string identity_;
  std::string language_;  // Empty: words are not stemmed.
  std::unordered_set<std::string> stop_words_;
};

}  // namespace tracevec
