#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

struct GraphRefineOptions {
  /// A neighbour is dropped when another one kept is closer to it by this factor (of the squared
  /// distance, under ip of the negated product, where only 1 has a meaning).
  float alpha = 1.05F;
  std::size_t ef = 250;  ///< Width of the search for each row's candidates.
  /// The lists of a refined graph that this one was built on, as Graph::links has them; none at
  /// all: there was no such graph. Its rows choose among the neighbours they had there, those they
  /// got since, and those a narrow search finds.
  std::span<const std::uint32_t> refined_links;
  std::size_t threads = 1;
  BuildStop stop;
};

/// Gives each row of a built graph better neighbours at the lowest level: those a search for the
/// row finds, pruned so that they lie in different directions (RobustPrune of Vamana, Subramanya et
/// al. 2019), then the same edges backwards, then the nearest of the old ones until lists are full.
/// The result depends on the input only, not on the number of threads. Throws as BuildGraph.
void RefineGraph(const RowScorer& scorer, const KernelTable& kernels,
                 const GraphRefineOptions& options, Graph* graph);

}  // namespace tracevec
