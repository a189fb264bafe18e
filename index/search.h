#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/kernels.h"
#include "index/graph_search.h"
#include "index/index_view.h"
#include "index/scan.h"

namespace tracevec {

/// A query, and what was found for it.
struct CodeSearch {
  const ScanQuery* query = nullptr;
  std::vector<ScoredRow> best;
  ScanCounts counts;
};

/// How many searches are made together.
constexpr std::size_t kSearchesInTurn = kWalksInTurn;

/// For each query the k best rows of a view as codes and graphs find them: segments are searched
/// along their graphs, the head and whatever has no graph is scanned, and what they find is scored
/// again with float32, from the best approximate score down, until no candidate left can enter the
/// answer. With a filter PlanSearch says how each set is searched; a walk that finds fewer than k
/// while more may match gives way to a scan. Best first, equal scores by id. Graphs are walked
/// for all queries in turn; what is found does not depend on it. Keeps GraphSearchers in each
/// thread that calls it. REQUIRES: at most kSearchesInTurn, all of one field.
void SearchCodes(const IndexView& view, const KernelTable& kernels, std::span<CodeSearch> searches);

/// For each set of the view, whose matches may be estimated, the ways in which it may be searched,
/// the likely one first; see PossibleWays.
std::vector<std::vector<SearchWay>> WaysOfSets(const IndexView& view, const ScanQuery& query);

/// One query alone.
std::vector<ScoredRow> SearchCodes(const IndexView& view, const ScanQuery& query,
                                   const KernelTable& kernels, ScanCounts* counts);

}  // namespace tracevec
