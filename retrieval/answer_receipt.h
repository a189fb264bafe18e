#pragma once

#include <cstddef>
#include <vector>

#include "index/sparse_search.h"
#include "retrieval/answer_query.h"

namespace tracevec {

/// What a source found.
struct FoundBySource {
  std::vector<ScoredRow> best;
  std::size_t rows = 0;  ///< Of `best`, wherever it is moved to.
  ScanCounts counts;
  SparseCounts postings;  ///< Of a text too.
  /// Of a vector without rescoring; 0 where it was searched for in turn with the one before.
  double micros = 0;
  bool only_stop_words = false;
};

/// Says what a query's sources did, `found` one for each of the plan, but for hydration and the
/// total. `fuse_micros`: how long fusing took.
void FillSourcesReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                        const std::vector<FoundBySource>& found, const QueryAnswer& answer,
                        double fuse_micros, Receipt* receipt);

}  // namespace tracevec
