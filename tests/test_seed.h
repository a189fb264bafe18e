#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace tracevec {

/// The seed of a random test: TRACEVEC_TEST_SEED, or a new one. Put it into SCOPED_TRACE so that
/// a failure prints it.
inline std::uint64_t TestSeed() {
  if (const char* text = std::getenv("TRACEVEC_TEST_SEED")) return std::strtoull(text, nullptr, 10);
  return std::random_device{}();
}

inline std::string SeedMessage(std::uint64_t seed) {
  return "TRACEVEC_TEST_SEED=" + std::to_string(seed);
}

/// `count` times TRACEVEC_TEST_ITERATIONS (default 1), at least 1. The full form of a test runs
/// with 10.
inline std::size_t TestIterations(std::size_t count) {
  double factor = 1.0;
  if (const char* text = std::getenv("TRACEVEC_TEST_ITERATIONS"))
    factor = std::strtod(text, nullptr);
  const double scaled = static_cast<double>(count) * factor;
  return scaled < 1.0 ? 1 : static_cast<std::size_t>(scaled);
}

}  // namespace tracevec
