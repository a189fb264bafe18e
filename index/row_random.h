#pragma once

#include <cstdint>

namespace tracevec {

/// Bits that a row draws: from its number and the seed alone (splitmix64, Steele et al. 2014).
inline std::uint64_t RandomOfRow(std::uint32_t row, std::uint64_t seed) {
  std::uint64_t bits = seed + (std::uint64_t{row} + 1) * 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace tracevec
