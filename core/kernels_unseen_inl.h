#pragma once

// take_unseen for instruction sets without a gather and a compression that are worth it. In an
// anonymous namespace for the reason given in kernels_f32_inl.h.

#include <cstddef>
#include <cstdint>

namespace tracevec {
namespace {  // NOLINT(google-build-namespaces)

// Without a branch on what was seen: half of a graph's links were, in no order.
std::size_t TakeUnseen(const std::uint32_t* rows, std::size_t count, std::uint32_t* seen,
                       std::uint32_t* out) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t row = rows[i];
    if (row == 0xffffffff) continue;
    std::uint32_t& word = seen[row / 32];
    const std::uint32_t bit = 1U << (row % 32);
    out[taken] = row;
    taken += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  return taken;
}

}  // namespace
}  // namespace tracevec
