#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/kernels.h"
#include "index/code_query.h"
#include "index/code_rows.h"
#include "index/graph_search.h"

namespace tracevec {

/// A row whose nearest ones are wanted.
struct RowSearch {
  std::uint32_t row = 0;
  std::size_t ef = 0;  ///< Greater than 0.
};

/// Searches a graph for the rows near each of several of its own, or of those that are to be
/// attached to it, kWalksInTurn at a time. One a thread; keeps its memory.
class RowSearches {
 public:
  /// Calls use(index, found) for each search in the order given; `found`, best first and perhaps
  /// with the row itself, is valid during the call. REQUIRES: codes of 8 bits.
  template <typename Use>
  void Run(const GraphView& graph, const CodeRows& rows, const KernelTable& kernels,
           std::span<const RowSearch> searches, const Use& use) {
    for (std::size_t first = 0; first < searches.size(); first += kWalksInTurn) {
      const auto together =
          searches.subspan(first, std::min(kWalksInTurn, searches.size() - first));
      std::array<GraphSearcher*, kWalksInTurn> walks;
      for (std::size_t i = 0; i < together.size(); ++i) {
        queries_[i].emplace(rows, together[i].row);
        searchers_[i].Begin(graph, rows, *queries_[i], kernels, together[i].ef, &counts_);
        walks[i] = &searchers_[i];
      }
      WalkInTurn(std::span(walks).first(together.size()));
      for (std::size_t i = 0; i < together.size(); ++i) use(first + i, searchers_[i].found());
    }
  }

 private:
  std::array<GraphSearcher, kWalksInTurn> searchers_;
  std::array<std::optional<CodeQuery>, kWalksInTurn> queries_;
  GraphCounts counts_;
};

}  // namespace tracevec
