#include "index/text_search.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "core/bm25.h"
#include "index/text_clause_rows.h"
#include "index/text_windows.h"
#include "index/top_k.h"

namespace tracevec {
namespace {

/// Bits of rows: row r is the bit r % 64 of bits[r / 64].
using RowBits = std::vector<std::uint64_t>;

RowBits BitsOf(const TermRows& rows, std::size_t words) {
  RowBits bits(words);
  rows.ForEach([&](std::uint32_t row, std::uint32_t /*times*/) {
    bits[row / 64] |= std::uint64_t{1} << (row % 64);
  });
  return bits;
}

/// One query's search.
class RunningTextSearch {
 public:
  RunningTextSearch(const IndexView& view, const TextSearch& search, const ScanQuery& query,
                    ScanCounts* counts, TextCounts* text)
      : view_(view),
        search_(search),
        clauses_(search.text->clauses),
        query_(query),
        counts_(counts),
        text_(text),
        bm25_(search.k1, search.b, view.text),
        best_(query.k, BetterById{&view}) {}

  std::vector<ScoredRow> Run() {
    if (clauses_.empty() || query_.k == 0) return {};
    FindClauses();
    Weigh();
    for (std::uint32_t set = 0; set < view_.sets.size() && !counts_->deadline_cut; ++set) {
      ScoreSet(set);
    }
    text_->rows_scored += windows_.rows_scored();
    return best_.Take();
  }

 private:
  bool Stop() {
    if (DeadlinePassed(query_)) counts_->deadline_cut = true;
    return counts_->deadline_cut;
  }

  /// The rows of all clauses in all sets: a term's weight depends on how many there are.
  void FindClauses() {
    rows_.resize(view_.sets.size());
    for (std::size_t set = 0; set < view_.sets.size(); ++set) {
      rows_[set].reserve(clauses_.size());
      for (const TextClause& clause : clauses_) {
        if (Stop()) {
          rows_[set].emplace_back();
          continue;
        }
        rows_[set].push_back(FindClauseRows(*view_.sets[set], view_.sizes[set], clause));
      }
    }
  }

  std::uint64_t CountVisible(std::size_t set, const TermRows& rows) const {
    const RowSet& of = *view_.sets[set];
    if (of.AllVisibleAt(view_.commit)) return rows.count;
    std::uint64_t visible = 0;
    rows.ForEach([&](std::uint32_t row, std::uint32_t /*times*/) {
      visible += of.VisibleAt(row, view_.commit) ? 1 : 0;
    });
    return visible;
  }

  std::uint64_t CountVisible(std::size_t clause) const {
    ClauseCounts* const known = view_.clause_counts.get();
    if (known != nullptr) {
      if (const auto count = known->Find(clauses_[clause])) return *count;
    }
    std::uint64_t visible = 0;
    for (std::size_t set = 0; set < rows_.size(); ++set) {
      visible += CountVisible(set, rows_[set][clause].rows);
    }
    if (known != nullptr && !counts_->deadline_cut) known->Add(clauses_[clause], visible);
    return visible;
  }

  void Weigh() {
    for (std::size_t c = 0; c < clauses_.size(); ++c) {
      const float weight = clauses_[c].excluded ? 0 : bm25_.Weight(CountVisible(c));
      weights_.push_back(weight * static_cast<float>(clauses_[c].times));
    }
  }

  /// The rows that required and excluded clauses and the filter leave; empty: all.
  RowBits AllowedIn(std::uint32_t set) const {
    const std::size_t words = (std::size_t{view_.sizes[set]} + 63) / 64;
    RowBits allowed;
    const SetMatches* matches = query_.matches != nullptr ? &query_.matches->sets[set] : nullptr;
    if (matches != nullptr && matches->narrowed) {
      allowed.resize(words);
      for (const std::uint32_t row : matches->rows->Rows()) {
        if (row < view_.sizes[set]) allowed[row / 64] |= std::uint64_t{1} << (row % 64);
      }
    }
    for (std::size_t c = 0; c < clauses_.size(); ++c) {
      if (!clauses_[c].required && !clauses_[c].excluded) continue;
      if (allowed.empty()) allowed.assign(words, ~std::uint64_t{0});
      const RowBits bits = BitsOf(rows_[set][c].rows, words);
      for (std::size_t i = 0; i < words; ++i) {
        allowed[i] &= clauses_[c].required ? bits[i] : ~bits[i];
      }
    }
    return allowed;
  }

  Bm25::Sum LeastNeeded() const {
    return best_.full() && !search_.exact ? Bm25::LeastSum(best_.worst().score) : 0;
  }

  void ScoreSet(std::uint32_t set) {
    const RowSet& of = *view_.sets[set];
    if (of.text_lengths() == nullptr) return;
    const RowBits allowed = AllowedIn(set);
    std::vector<ScoredClause> scored;
    for (std::size_t c = 0; c < clauses_.size(); ++c) {
      if (!clauses_[c].excluded) scored.push_back({rows_[set][c].rows, weights_[c]});
    }
    const auto offer = [&](std::uint32_t row, Bm25::Sum sum) {
      OfferRow({Bm25::ToScore(sum), {set, row}});
      return LeastNeeded();
    };
    windows_.Score(bm25_, scored, std::span(of.text_lengths(), view_.sizes[set]), allowed,
                   LeastNeeded(), offer, [this] { return Stop(); });
  }

  void OfferRow(const ScoredRow& row) {
    if (best_.full() && !BetterById{&view_}(row, best_.worst())) return;
    ++text_->candidates;
    if (AcceptRow(view_, row.ref, query_, counts_)) best_.Offer(row);
  }

  const IndexView& view_;
  const TextSearch& search_;
  const std::vector<TextClause>& clauses_;
  const ScanQuery& query_;
  ScanCounts* counts_;
  TextCounts* text_;
  const Bm25 bm25_;
  TopK<ScoredRow, BetterById> best_;
  std::vector<std::vector<ClauseRows>> rows_;  // Of each set and clause.
  std::vector<float> weights_;                 // Of each clause.
  TextWindows windows_;
};

}  // namespace

std::vector<ScoredRow> SearchText(const IndexView& view, const TextSearch& search,
                                  const ScanQuery& query, ScanCounts* counts, TextCounts* text) {
  return RunningTextSearch(view, search, query, counts, text).Run();
}

}  // namespace tracevec
