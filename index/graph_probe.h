#pragma once

#include <cstdint>

#include "core/kernels.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// The least width (of a few steps) with which searches for points between rows of the graph find
/// 98.5 % of the ten best rows by code. Real queries lie further out and find less: those of GloVe
/// about 95 %. Cost: a few hundred scans of the codes, and the searches. Deterministic.
/// Throws std::bad_alloc, BuildStopped.
std::uint32_t ProbeDefaultEf(const CodeRows& rows, const std::uint8_t* present,
                             const GraphView& graph, const KernelTable& kernels,
                             const BuildStop& stop);

}  // namespace tracevec
