#pragma once

// In an anonymous namespace for the reason given in kernels_f32_inl.h.

#include <cstddef>
#include <cstdint>

namespace tracevec {
namespace {  // NOLINT(google-build-namespaces)

// Four scattered rows that are looked at together, from `rows[first]` on. Where fewer are left, the
// last one takes the places of those that are missing.
struct FourRows {
  FourRows(const std::uint8_t* matrix, std::size_t stride, const std::uint32_t* rows,
           std::size_t row_count, std::size_t first) {
    const std::size_t last = row_count - 1;
    for (std::size_t i = 0; i < 4; ++i) {
      row[i] = matrix + rows[first + i < last ? first + i : last] * stride;
    }
    const std::size_t left = row_count - first;
    present = static_cast<int>(left < 4 ? left : 4);
  }
  const std::uint8_t* row[4];
  int present;  ///< 1 to 4.
};

}  // namespace
}  // namespace tracevec
