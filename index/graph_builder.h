#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

struct GraphBuildOptions {
  std::size_t ef_construction = 200;
  std::size_t threads = 1;  ///< With one, equal input and seed give an equal graph.
  std::uint64_t seed = 0;   ///< Of the levels, which depend on nothing else.
  /// Asked now and then; true ends the build with BuildStopped.
  std::function<bool()> stop;
};

/// What BuildGraph throws when it was asked to stop.
struct BuildStopped {};

/// Builds the graph of the rows in `present` (one flag a row) with hnswlib, which sees codes and
/// their approximate distances. Cost: about 100 us a row and thread at 384 dimensions. Throws
/// std::bad_alloc, std::runtime_error, BuildStopped.
Graph BuildGraph(const RowScorer& scorer, const std::uint8_t* present, const KernelTable& kernels,
                 const GraphBuildOptions& options);

}  // namespace tracevec
