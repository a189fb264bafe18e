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
  /// Width of the search for each row's candidates. 30,000 x 384 (cppdocs): 200 takes three
  /// quarters of the time of 250, and costs 9 % more distances a search at recall 0.998. 339,479 x
  /// 100 (GloVe): 150 builds in 43 s, 250 in 55 s, 400 in 73 s, with recall 0.957, 0.962 and 0.966
  /// for 3,700 to 3,860 distances a search. What 100,000 rows of it show, graphs that are alike
  /// from 128 on, does not hold for all.
  std::size_t ef = 250;
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
