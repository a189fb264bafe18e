#pragma once

#include <vector>

#include "core/kernels.h"
#include "index/index_view.h"
#include "index/scan.h"

namespace tracevec {

/// The k best rows of a view as codes and graphs find them: segments are searched along their
/// graphs, the head and whatever has no graph is scanned, and what they find is scored again with
/// float32, from the best approximate score down, until no candidate left can enter the answer.
/// With a filter all sets are scanned. Best first, equal scores by id. Keeps a GraphSearcher in
/// each thread that calls it.
std::vector<ScoredRow> SearchCodes(const IndexView& view, const ScanQuery& query,
                                   const KernelTable& kernels, ScanCounts* counts);

}  // namespace tracevec
