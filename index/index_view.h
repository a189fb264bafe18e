#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/bm25.h"
#include "core/ids.h"
#include "index/clause_counts.h"
#include "index/row_set.h"

namespace tracevec {

/// A row within the row sets of a view.
struct RowRef {
  std::uint32_t set = 0;
  std::uint32_t row = 0;
  friend bool operator==(const RowRef&, const RowRef&) = default;
};

/// A row with its score. Larger is better.
struct ScoredRow {
  float score = 0;
  RowRef ref;
};

/// The rows a reader may see, fixed at a commit. A value; copies share the row sets.
struct IndexView {
  std::vector<std::shared_ptr<const RowSet>> sets;
  std::vector<std::uint32_t> sizes;  ///< Rows of each set that belong to the view.
  CommitNumber commit{};
  /// False: no row has a time to live, so that a search need not ask for one's state.
  bool may_expire = true;
  TextTotals text;  ///< Of the rows that are live; their texts count where they are indexed.
  std::shared_ptr<ClauseCounts> clause_counts;  ///< Of searches of texts; null: none are kept.

  std::uint64_t rows() const {
    std::uint64_t total = 0;
    for (std::uint32_t size : sizes) total += size;
    return total;
  }
};

/// The order of answers: score, then id. Of approximate candidates too: equal vectors have equal
/// codes, and which of them are rescored must not depend on where a row happens to stand.
struct BetterById {
  const IndexView* view;
  bool operator()(const ScoredRow& a, const ScoredRow& b) const {
    if (a.score != b.score) return a.score > b.score;
    return view->sets[a.ref.set]->id(a.ref.row) < view->sets[b.ref.set]->id(b.ref.row);
  }
};

}  // namespace tracevec
