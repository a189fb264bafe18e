#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/analyzer.h"
#include "core/bm25.h"
#include "core/text_query.h"

// BM25 by reading every text: what a search of postings must give, to the last bit.

namespace tracevec {

struct OracleHit {
  std::string id;
  float score = 0;
  friend bool operator==(const OracleHit&, const OracleHit&) = default;
};

class TextOracle {
 public:
  explicit TextOracle(const TextField& field) : field_(field) {
    auto analyzer = Analyzer::Make(field);
    if (!analyzer.ok()) throw std::runtime_error(analyzer.status().ToString());
    analyzer_ = *std::move(analyzer);
  }

  const Analyzer& analyzer() const { return *analyzer_; }

  void Put(const std::string& id, const std::string& text) {
    TermList terms;
    analyzer_->Analyze(text, &terms);
    std::vector<Token>& tokens = texts_[id];
    tokens.clear();
    for (std::size_t i = 0; i < terms.terms.size(); ++i) {
      tokens.push_back({std::string(terms.term(i)), terms.terms[i].position});
    }
  }
  void Delete(const std::string& id) { texts_.erase(id); }
  std::size_t size() const { return texts_.size(); }

  /// Those of `among` (all, where it is null) by score and id.
  std::vector<OracleHit> Search(const std::string& text, std::size_t k,
                                const std::map<std::string, bool>* among = nullptr) const {
    const auto query = TextQuery::Parse(text, *analyzer_);
    if (!query.ok()) throw std::runtime_error(query.status().ToString());
    TextTotals totals;
    for (const auto& [id, tokens] : texts_)
      totals = {totals.rows + 1, totals.terms + tokens.size()};
    const Bm25 bm25(field_.k1, field_.b, totals);
    std::map<std::string, Bm25::Sum> sums;
    std::map<std::string, bool> left_out;
    for (const TextClause& clause : query->clauses) {
      std::map<std::string, std::uint32_t> times;
      for (const auto& [id, tokens] : texts_) {
        const std::uint32_t count = Count(clause, tokens);
        if (count > 0) times[id] = count;
        if ((clause.excluded && count > 0) || (clause.required && count == 0)) left_out[id] = true;
      }
      if (clause.excluded) continue;
      const float weight = bm25.Weight(times.size()) * static_cast<float>(clause.times);
      for (const auto& [id, count] : times) {
        sums[id] += bm25.Score(weight, count, static_cast<std::uint32_t>(texts_.at(id).size()));
      }
    }
    std::vector<OracleHit> hits;
    for (const auto& [id, sum] : sums) {
      if (left_out.contains(id) || (among != nullptr && !among->contains(id))) continue;
      hits.push_back({id, Bm25::ToScore(sum)});
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const OracleHit& a, const OracleHit& b) { return a.score > b.score; });
    if (hits.size() > k) hits.resize(k);
    return hits;
  }

 private:
  struct Token {
    std::string term;
    std::uint32_t position;
  };

  static std::uint32_t Count(const TextClause& clause, const std::vector<Token>& tokens) {
    const auto stands_at = [&](const std::string& term, std::uint32_t position) {
      return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
        return token.term == term && token.position == position;
      });
    };
    std::uint32_t count = 0;
    for (const Token& token : tokens) {
      if (clause.kind == TextClause::Kind::kPrefix) {
        count += token.term.starts_with(clause.terms.front());
        continue;
      }
      bool here = token.term == clause.terms.front();
      for (std::size_t i = 1; here && i < clause.terms.size(); ++i) {
        here = stands_at(clause.terms[i], token.position + clause.offsets[i]);
      }
      count += here;
    }
    return count;
  }

  TextField field_;
  std::shared_ptr<const Analyzer> analyzer_;
  std::map<std::string, std::vector<Token>> texts_;  // By id.
};

}  // namespace tracevec
