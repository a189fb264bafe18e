#pragma once

#include <cstdint>
#include <functional>

#include "core/kernels.h"
#include "core/rotation.h"
#include "index/build_stop.h"
#include "index/code_rows.h"
#include "index/graph.h"

namespace tracevec {

/// One field's rows in both kinds of code, and the graph that was built of them.
struct CodeComparison {
  CodeRows int8;
  CodeRows int4;
  const Rotation* rotation = nullptr;
  const std::uint8_t* present = nullptr;
  GraphView graph;
  std::uint32_t ef = 0;  ///< Width of the walks.
  std::function<const float*(std::uint32_t row)> vector;
};

/// Whether codes of 4 bits find as many of the nearest rows as codes of 8 bits: walks for some of
/// the rows, as if the graph did not have them, over the one and over the other, and what each
/// found scored again with float32. Tight clusters need 8 bits: there neighbours are nearer to each
/// other than codes of 4 bits are to what they stand for. Deterministic. Cost: 256 walks. Throws
/// std::bad_alloc, BuildStopped.
bool Int4FindsAsMuch(const CodeComparison& codes, const KernelTable& kernels,
                     const BuildStop& stop);

}  // namespace tracevec
