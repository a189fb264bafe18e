#pragma once

#include <cstdint>
#include <vector>

#include "core/text_query.h"
#include "index/index_view.h"
#include "index/scan.h"

namespace tracevec {

/// What a search of texts looks for, besides what it has in common with others (ScanQuery: k,
/// filter, deadline; no vector).
struct TextSearch {
  const TextQuery* text = nullptr;
  double k1 = 1.2;
  double b = 0.75;
  bool exact = false;  ///< Scores every row that matches. The answer is the same.
};

struct TextCounts {
  std::uint64_t rows_scored = 0;  ///< Rows of terms, each as often as it was looked at.
  std::uint64_t candidates = 0;   ///< Rows whose score was high enough when they were met.
};

/// The k best visible rows by BM25, best first, equal scores by id. Terms are counted over the rows
/// visible at the view, as are view.text's totals: the answer is that of scoring every row, however
/// rows lie in sets. `counts`: filter tests and deadline of the search are counted there.
/// Throws std::bad_alloc.
std::vector<ScoredRow> SearchText(const IndexView& view, const TextSearch& search,
                                  const ScanQuery& query, ScanCounts* counts, TextCounts* text);

}  // namespace tracevec
