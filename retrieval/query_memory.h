#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace tracevec {

/// Remembers some of the queries that were asked of a vector field, in memory alone, so that its
/// widths can be tuned to what is asked. Safe for concurrent use; nobody waits: a query that comes
/// while another is taken is left out.
class QueryMemory {
 public:
  static constexpr std::size_t kMost = 512;
  /// Where that many are large, fewer are remembered.
  static constexpr std::size_t kMostBytes = 1 << 20;

  /// Until it is full every query is taken, then one of eight a thread asks, in the place of a
  /// random one: what it holds are mostly recent ones. Costs 0.1 us a query where 384 dimensions
  /// are copied.
  void Offer(const float* query, std::size_t dimension) noexcept;
  /// Row-major.
  std::vector<float> Queries() const;

 private:
  mutable std::mutex mutex_;
  std::vector<float> queries_;
  std::size_t capacity_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::atomic<bool> full_{false};
};

}  // namespace tracevec
