#include "index/sparse_search.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/sparse_vector.h"
#include "index/sparse_postings.h"
#include "index/top_k.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kWindowRows = 2048;  // 16 KB of sums.
constexpr std::uint32_t kRowsBetweenDeadlines = 1024;

/// Moves along the rows of an index of the query.
struct SparseCursor {
  SparseRows rows;
  double weight = 0;  // The query's value.
  std::size_t at = 0;

  bool at_end() const { return at == rows.rows.size(); }
  /// The most that the index adds to the score of a row below `end`, where it is not there 0.
  double BoundBelow(std::uint32_t end) const {
    double bound = 0;
    const std::size_t blocks =
        (rows.rows.size() + SparseBlock::kMostRows - 1) / SparseBlock::kMostRows;
    for (std::size_t block = at / SparseBlock::kMostRows; block < blocks; ++block) {
      if (rows.rows[std::max(at, block * SparseBlock::kMostRows)] >= end) break;
      const SparseBlock& of = rows.blocks[block];
      bound = std::max({bound, weight * of.least, weight * of.most});
      if (of.last_row >= end) break;
    }
    return bound;
  }
  void SkipBelow(std::uint32_t end) {
    const auto from = rows.rows.begin() + static_cast<std::ptrdiff_t>(at);
    at = static_cast<std::size_t>(std::lower_bound(from, rows.rows.end(), end) - rows.rows.begin());
  }
};

/// One query's search.
class RunningSparseSearch {
 public:
  RunningSparseSearch(const IndexView& view, const SparseSearch& search, const ScanQuery& query,
                      ScanCounts* counts, SparseCounts* sparse)
      : view_(view),
        search_(search),
        query_(query),
        counts_(counts),
        sparse_(sparse),
        best_(query.k, BetterById{&view}) {}

  std::vector<ScoredRow> Run() {
    if (search_.vector->indices.empty() || query_.k == 0) return {};
    for (std::uint32_t set = 0; set < view_.sets.size() && !Stop(); ++set) {
      if (const SparsePostings* postings = view_.sets[set]->sparse_postings(search_.field)) {
        SearchPostings(set, *postings);
      } else {
        ScanRows(set);
      }
    }
    return best_.Take();
  }

 private:
  bool Stop() {
    if (DeadlinePassed(query_)) counts_->deadline_cut = true;
    return counts_->deadline_cut;
  }

  /// Null: all rows of the set may match the filter.
  const RowBitmap* MatchesIn(std::uint32_t set) const {
    if (query_.matches == nullptr) return nullptr;
    const SetMatches& matches = query_.matches->sets[set];
    return matches.narrowed ? &*matches.rows : nullptr;
  }

  void ScanRows(std::uint32_t set) {
    const RowSet& of = *view_.sets[set];
    const RowBitmap* matches = MatchesIn(set);
    for (std::uint32_t row = 0; row < view_.sizes[set]; ++row) {
      if (row % kRowsBetweenDeadlines == 0 && Stop()) return;
      const SparseVector* vector = of.sparse_vector(search_.field, row);
      if (vector == nullptr || (matches != nullptr && !matches->Contains(row))) continue;
      sparse_->rows_scored += vector->indices.size();
      if (const auto score = SparseDot(*search_.vector, *vector)) OfferRow({*score, {set, row}});
    }
  }

  void SearchPostings(std::uint32_t set, const SparsePostings& postings) {
    std::vector<SparseCursor> cursors;  // By ascending index, in which order products are added.
    for (std::size_t i = 0; i < search_.vector->indices.size(); ++i) {
      const auto place = postings.Find(search_.vector->indices[i]);
      if (place) cursors.push_back({postings.RowsAt(*place), search_.vector->values[i]});
    }
    const RowBitmap* matches = MatchesIn(set);
    for (;;) {
      if (Stop()) return;
      std::uint32_t first = view_.sizes[set];
      for (const SparseCursor& cursor : cursors) {
        if (!cursor.at_end()) first = std::min(first, cursor.rows.rows[cursor.at]);
      }
      if (first >= view_.sizes[set]) return;
      const std::uint32_t begin = first / kWindowRows * kWindowRows;
      const std::uint32_t end = std::min(begin + kWindowRows, view_.sizes[set]);
      if (CanWin(cursors, end)) {
        AddWindow(&cursors, begin, end);
        OfferWindow(set, begin, matches);
      } else {
        for (SparseCursor& cursor : cursors) cursor.SkipBelow(end);
      }
    }
  }

  /// Rounding keeps order: bounds added as products are cannot come out below a sum of products.
  bool CanWin(const std::vector<SparseCursor>& cursors, std::uint32_t end) const {
    if (!best_.full() || search_.exact) return true;
    double bound = 0;
    for (const SparseCursor& cursor : cursors) bound += cursor.BoundBelow(end);
    return static_cast<float>(bound) >= best_.worst().score;
  }

  void AddWindow(std::vector<SparseCursor>* cursors, std::uint32_t begin, std::uint32_t end) {
    sums_.fill(0);
    touched_.fill(0);
    for (SparseCursor& cursor : *cursors) {
      const std::size_t from = cursor.at;
      for (; !cursor.at_end() && cursor.rows.rows[cursor.at] < end; ++cursor.at) {
        const std::uint32_t place = cursor.rows.rows[cursor.at] - begin;
        sums_[place] += cursor.weight * cursor.rows.values[cursor.at];
        touched_[place / 64] |= std::uint64_t{1} << (place % 64);
      }
      sparse_->rows_scored += cursor.at - from;
    }
  }

  void OfferWindow(std::uint32_t set, std::uint32_t begin, const RowBitmap* matches) {
    for (std::size_t word = 0; word < touched_.size(); ++word) {
      for (std::uint64_t bits = touched_[word]; bits != 0; bits &= bits - 1) {
        const auto place = static_cast<std::uint32_t>(word * 64) +
                           static_cast<std::uint32_t>(std::countr_zero(bits));
        const auto score = static_cast<float>(sums_[place]);
        if (best_.full() && score < best_.worst().score) continue;
        if (matches != nullptr && !matches->Contains(begin + place)) continue;
        OfferRow({score, {set, begin + place}});
      }
    }
  }

  void OfferRow(const ScoredRow& row) {
    if (best_.full() && !BetterById{&view_}(row, best_.worst())) return;
    ++sparse_->candidates;
    if (AcceptRow(view_, row.ref, query_, counts_)) best_.Offer(row);
  }

  const IndexView& view_;
  const SparseSearch& search_;
  const ScanQuery& query_;
  ScanCounts* counts_;
  SparseCounts* sparse_;
  TopK<ScoredRow, BetterById> best_;
  std::array<double, kWindowRows> sums_;
  std::array<std::uint64_t, kWindowRows / 64> touched_;  // Bits of the window's rows.
};

}  // namespace

std::vector<ScoredRow> SearchSparse(const IndexView& view, const SparseSearch& search,
                                    const ScanQuery& query, ScanCounts* counts,
                                    SparseCounts* sparse) {
  return RunningSparseSearch(view, search, query, counts, sparse).Run();
}

}  // namespace tracevec
