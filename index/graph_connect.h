#pragma once

#include <cstdint>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// Sees to it that every present row can be reached along links of the lowest level from where
/// searches enter it. A row that cannot be gets a link from the nearest reachable row, in place of
/// that row's last link that no other row depends on. Returns how many rows it linked. Cost: one
/// pass over the links, and for each row that was lost a search, or where that meets no row that
/// can be reached, a comparison with all rows. Throws std::bad_alloc,
/// BuildStopped; the graph is whole in any case.
std::uint64_t ConnectGraph(const RowScorer& scorer, const std::uint8_t* present,
                           const KernelTable& kernels, const BuildStop& stop, Graph* graph);

}  // namespace tracevec
