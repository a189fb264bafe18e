#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/latency_histogram.h"
#include "tracevec/metrics.h"
#include "tracevec/receipt.h"

namespace tracevec {

/// What the searches of one collection did. Recording takes no lock, but for the first time that a
/// stage is seen. Safe for concurrent use.
class SearchMetrics {
 public:
  explicit SearchMetrics(std::string collection) : collection_(std::move(collection)) {}
  ~SearchMetrics();
  SearchMetrics(const SearchMetrics&) = delete;
  SearchMetrics& operator=(const SearchMetrics&) = delete;

  /// Costs some 0.1 us.
  void Record(const Receipt& receipt) noexcept;
  void RecordFailure() noexcept { failed_.fetch_add(1, std::memory_order_relaxed); }

  QueryCounters Counters() const;
  std::vector<LatencySummary> Latencies() const;

 private:
  /// Stages beyond so many different ones are not told apart from the last.
  static constexpr std::size_t kMostStages = 32;
  struct Stage {
    std::string name;
    LatencyHistogram micros;
  };

  Stage* StageOf(std::string_view name) noexcept;

  const std::string collection_;
  LatencyHistogram total_;
  std::array<std::atomic<Stage*>, kMostStages> stages_{};  // Filled from the front, and owned.
  std::mutex adding_mutex_;                                // Held while a stage is added.
  std::atomic<std::uint64_t> ok_{0};
  std::atomic<std::uint64_t> empty_{0};
  std::atomic<std::uint64_t> degraded_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> distances_{0};
  std::atomic<std::uint64_t> nodes_visited_{0};
  std::atomic<std::uint64_t> rows_scanned_{0};
  std::atomic<std::uint64_t> filter_tested_{0};
  std::atomic<std::uint64_t> filter_passed_{0};
};

/// The metrics of all collections of a database: the first 100 that are searched have their own,
/// the others share those of "_other", so that many collections cost no memory. Safe for concurrent
/// use.
class QueryMetrics {
 public:
  static constexpr std::size_t kMostCollections = 100;

  /// Valid as long as this. Takes a lock: whoever records remembers it.
  SearchMetrics& Of(const std::string& collection);
  std::vector<const SearchMetrics*> All() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<SearchMetrics>, std::less<>> by_collection_;
};

}  // namespace tracevec
