#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

struct GraphAttachOptions {
  /// Width of the search for each row's neighbours. 48 builds 1.1 to 1.2 times as fast, for 2 to 3
  /// % more distances a search at equal recall afterwards.
  std::size_t ef = 96;
  std::size_t threads = 1;
  std::uint64_t seed = 0;  ///< Of the order in which rows are attached.
  BuildStop stop;
};

/// Gives the rows in `present` that a graph does not have yet a place in its lowest level: batch
/// after batch, each at most half as large as what the graph has by then, rows search the graph for
/// neighbours, and those link back (Manohar et al., "ParlayANN", 2024). Rows of one batch do not
/// see each other: RefineGraph, which should follow, mends that. A seventh to a third of the time
/// of inserting by hnswlib with width 200: the searching is GraphSearcher's, and lists are pruned
/// once a batch. Returns how many rows it attached. The result depends on the input only, not on
/// the number of threads. A graph without nodes gets one level. Throws as BuildGraph.
std::uint64_t AttachRows(const RowScorer& scorer, const std::uint8_t* present,
                         const KernelTable& kernels, const GraphAttachOptions& options,
                         Graph* graph);

}  // namespace tracevec
