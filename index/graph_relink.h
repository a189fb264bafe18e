#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

struct GraphRelinkOptions {
  float alpha = 1.05F;  ///< See GraphRefineOptions.
  std::size_t threads = 1;
  BuildStop stop;
};

/// A graph without its dead rows, over rows that are numbered anew: `new_rows` has the new number
/// of each old row, kNoNode where it is dead. A node that had dead neighbours gets new ones in
/// their place, chosen among those it can reach through the dead, as RefineGraph chooses. Levels
/// and entry are kept where they live. A row that has no living row around it is left out, as if it
/// had no vector: whoever builds on the graph inserts it. The scorer is that of the new rows. The
/// result depends on the input only, not on the number of threads; an old graph from a damaged
/// image gives a poor graph, but a valid one. Cost: a few us a row. Throws std::bad_alloc,
/// BuildStopped.
Graph RelinkGraph(const GraphView& old, std::span<const std::uint32_t> new_rows,
                  const RowScorer& scorer, const KernelTable& kernels,
                  const GraphRelinkOptions& options);

}  // namespace tracevec
