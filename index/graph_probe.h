#pragma once

#include <cstdint>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// The least width (of a few steps) with which searches for rows find 95.5 % of the ten best others
/// by code, where the graph is walked as if it did not have the row. Cost: a few hundred scans of
/// the codes, and the searches. Deterministic. Throws std::bad_alloc, BuildStopped.
std::uint32_t ProbeDefaultEf(const CodeRows& rows, const std::uint8_t* present,
                             const GraphView& graph, const KernelTable& kernels,
                             const BuildStop& stop);

}  // namespace tracevec
