#include "retrieval/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace tracevec {
namespace {

constexpr double kTenthsOfMicro = 10;
constexpr std::uint64_t kLinear = 64;    // Classes of one tenth each.
constexpr std::uint64_t kDoubling = 32;  // Classes of each doubling after them.

std::uint64_t TenthsOf(double micros) {
  constexpr double kMost = double{std::uint64_t{1} << 36} - 1;
  if (!(micros > 0)) return 0;
  return static_cast<std::uint64_t>(std::min(micros * kTenthsOfMicro, kMost));
}

std::size_t ClassOfTenths(std::uint64_t tenths) {
  if (tenths < kLinear) return tenths;
  const auto shift =
      static_cast<unsigned>(std::bit_width(tenths)) - 6;  // What is left of it is 32 to 63.
  return kLinear + std::uint64_t{shift - 1} * kDoubling + (tenths >> shift) - kDoubling;
}

}  // namespace

std::size_t LatencyHistogram::ClassOf(double micros) { return ClassOfTenths(TenthsOf(micros)); }

double LatencyHistogram::MicrosOf(std::size_t index) {
  if (index < kLinear) return (static_cast<double>(index) + 0.5) / kTenthsOfMicro;
  const std::uint64_t shift = (index - kLinear) / kDoubling + 1;
  const std::uint64_t first = ((index - kLinear) % kDoubling + kDoubling) << shift;
  const auto width = static_cast<double>(std::uint64_t{1} << shift);
  return (static_cast<double>(first) + width / 2) / kTenthsOfMicro;
}

void LatencyHistogram::Record(double micros) noexcept {
  const std::uint64_t tenths = TenthsOf(micros);
  counts_[ClassOfTenths(tenths)].fetch_add(1, std::memory_order_relaxed);
  sum_tenths_.fetch_add(tenths, std::memory_order_relaxed);
}

void LatencyHistogram::AddTo(std::vector<std::uint64_t>* counts, double* sum_micros) const {
  for (std::size_t i = 0; i < kClasses; ++i) {
    (*counts)[i] += counts_[i].load(std::memory_order_relaxed);
  }
  *sum_micros += static_cast<double>(sum_tenths_.load(std::memory_order_relaxed)) / kTenthsOfMicro;
}

double PercentileOf(const std::vector<std::uint64_t>& counts, double share) {
  const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * double(all))));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    if (below >= wanted) return LatencyHistogram::MicrosOf(i);
  }
  return 0;
}

}  // namespace tracevec
