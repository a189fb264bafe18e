#pragma once

#include <cstdint>

#include "core/kernels.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// Sees to it that every present row can be reached along links of the lowest level from where
/// searches enter it. A row that cannot be gets a link from the nearest reachable row, in place of
/// that row's last link that no other row depends on. Returns how many rows it linked. Cost: one
/// pass over the links, and a search for each row that was lost.
std::uint64_t ConnectGraph(const RowScorer& scorer, const std::uint8_t* present,
                           const KernelTable& kernels, Graph* graph);

}  // namespace tracevec
