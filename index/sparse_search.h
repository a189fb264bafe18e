#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/index_view.h"
#include "index/scan.h"
#include "tracevec/schema.h"

namespace tracevec {

/// What a search of sparse vectors looks for, besides what it has in common with others (ScanQuery:
/// k, filter, deadline; no vector).
struct SparseSearch {
  std::size_t field = 0;                 ///< Among the sparse fields.
  const SparseVector* vector = nullptr;  ///< By ascending index.
  bool exact = false;                    ///< Skips nothing. The answer is the same.
};

struct SparseCounts {
  std::uint64_t rows_scored = 0;  ///< Rows of indices, each as often as it was looked at.
  std::uint64_t candidates = 0;   ///< Rows whose score was high enough when they were met.
};

/// The k visible rows with the largest inner products, best first, equal scores by id, of those
/// that have an index in common with the query. Scores are those of SparseDot, bit for bit.
/// Segments are searched by their postings, window by window of rows, without windows in which the
/// bounds of blocks (Ding and Suel, "Faster Top-k Document Retrieval Using Block-Max Indexes",
/// 2011) leave no row that could win; rows of the head one by one. Throws std::bad_alloc.
std::vector<ScoredRow> SearchSparse(const IndexView& view, const SparseSearch& search,
                                    const ScanQuery& query, ScanCounts* counts,
                                    SparseCounts* sparse);

}  // namespace tracevec
