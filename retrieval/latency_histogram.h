#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tracevec {

/// Counts durations in classes of equal relative width, in the manner of Gil Tene's
/// HdrHistogram: 64 classes of 0.1 us each, then 32 for each doubling, up to 6,871 s. A class is at
/// most 1/32 wide, so that its middle is off by 1.6 %. 8 KB. Recording is two relaxed additions,
/// and reading takes no lock: safe for concurrent use.
class LatencyHistogram {
 public:
  static constexpr std::size_t kClasses = 1024;

  void Record(double micros) noexcept;
  /// Adds what it has to counts that begin as kClasses zeros, to merge several.
  void AddTo(std::vector<std::uint64_t>* counts, double* sum_micros) const;

  static std::size_t ClassOf(double micros);
  /// The middle of a class.
  static double MicrosOf(std::size_t index);

 private:
  std::array<std::atomic<std::uint64_t>, kClasses> counts_{};
  std::atomic<std::uint64_t> sum_tenths_{0};
};

/// The smallest duration that at least this share (0 to 1) of all took no longer than; 0: none.
double PercentileOf(const std::vector<std::uint64_t>& counts, double share);

}  // namespace tracevec
