#pragma once

#include <cstddef>
#include <cstdint>

#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

struct GraphBuildOptions {
  std::size_t ef_construction = 200;
  std::size_t threads = 1;  ///< With one, equal input and seed give an equal graph.
  std::uint64_t seed = 0;   ///< Of the levels, which depend on nothing else.
  /// Only rows that belong to an upper level, one of sixteen: the others are for AttachRows.
  bool upper_levels_only = false;
  BuildStop stop;
};

/// Builds the graph of the rows in `present` (one flag a row) with hnswlib, which sees codes and
/// their approximate distances. Cost: about 100 us a row and thread at 384 dimensions. Throws
/// std::bad_alloc, BuildStopped.
Graph BuildGraph(const RowScorer& scorer, const std::uint8_t* present, const KernelTable& kernels,
                 const GraphBuildOptions& options);

/// The same for the rows that a graph does not have yet, beginning with what it has: it takes the
/// place of their insertion. Returns how many rows were inserted. REQUIRES: the graph has no rows
/// at all, or is one over these rows whose nodes are present.
std::uint64_t ExtendGraph(const RowScorer& scorer, const std::uint8_t* present,
                          const KernelTable& kernels, const GraphBuildOptions& options,
                          Graph* graph);

}  // namespace tracevec
