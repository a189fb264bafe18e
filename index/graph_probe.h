#pragma once

#include <cstdint>
#include <vector>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// A row to search for as if the graph did not have it, and the score that its tenth nearest has.
struct ProbedRow {
  std::uint32_t row = 0;
  float tenth = 0;
};

/// Rows to search graphs for, with what there is to be found: made once, asked of several graphs
/// over the same rows. Refers to what it was made of.
class WidthProbe {
 public:
  /// Cost: a few hundred scans of the codes. Deterministic. Throws std::bad_alloc, BuildStopped.
  WidthProbe(const CodeRows& rows, const std::uint8_t* present, const KernelTable& kernels,
             const BuildStop& stop);

  /// The least width (of a few steps) with which searches for rows find 95.5 % of the ten best
  /// others by code, where the graph is walked as if it did not have the row. Cost: the searches.
  /// Throws as the constructor.
  std::uint32_t WidthOf(const GraphView& graph) const;

 private:
  const CodeRows rows_;
  const KernelTable& kernels_;
  const BuildStop stop_;
  std::vector<ProbedRow> probes_;
};

}  // namespace tracevec
