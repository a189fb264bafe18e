#include "retrieval/query_metrics.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

namespace tracevec {
namespace {

constexpr double kFirstBucketSeconds = 0.00005;
constexpr int kBuckets = 19;  // Up to 13.1 s.

LatencySummary Summarise(const std::string& collection, const std::string& stage,
                         const LatencyHistogram& histogram) {
  LatencySummary summary;
  summary.collection = collection;
  summary.stage = stage;
  std::vector<std::uint64_t> counts(LatencyHistogram::kClasses, 0);
  histogram.AddTo(&counts, &summary.sum_micros);
  summary.count = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  summary.p50 = PercentileOf(counts, 0.5);
  summary.p95 = PercentileOf(counts, 0.95);
  summary.p99 = PercentileOf(counts, 0.99);
  summary.p999 = PercentileOf(counts, 0.999);
  summary.max = PercentileOf(counts, 1);
  std::size_t index = 0;
  std::uint64_t below = 0;
  double seconds = kFirstBucketSeconds;
  for (int bucket = 0; bucket < kBuckets; ++bucket, seconds *= 2) {
    const std::size_t end = LatencyHistogram::ClassOf(seconds * 1e6) + 1;
    for (; index < end; ++index) below += counts[index];
    summary.buckets.emplace_back(seconds, below);
  }
  return summary;
}

void Add(std::atomic<std::uint64_t>& counter, std::uint64_t value) {
  if (value > 0) counter.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Read(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace

SearchMetrics::~SearchMetrics() {
  for (const std::atomic<Stage*>& stage : stages_) {
    const std::unique_ptr<Stage> owned(stage.load());
  }
}

SearchMetrics::Stage* SearchMetrics::StageOf(std::string_view name) noexcept {
  std::size_t place = 0;
  const auto find = [&]() -> Stage* {
    for (; place < kMostStages; ++place) {
      Stage* stage = stages_[place].load(std::memory_order_acquire);
      if (stage == nullptr) return nullptr;
      if (stage->name == name || place + 1 == kMostStages) return stage;
    }
    return nullptr;
  };
  if (Stage* known = find()) return known;
  try {
    const std::lock_guard lock(adding_mutex_);
    if (Stage* added = find()) return added;  // By another thread meanwhile.
    auto stage = std::make_unique<Stage>();
    stage->name = name;
    stages_[place].store(stage.get(), std::memory_order_release);
    return stage.release();
  } catch (const std::bad_alloc&) {
    return nullptr;  // A search does not fail for want of memory to time it.
  }
}

void SearchMetrics::Record(const Receipt& receipt) noexcept {
  total_.Record(receipt.total_micros);
  for (const ReceiptStage& stage : receipt.stages) {
    if (Stage* known = StageOf(stage.name)) known->micros.Record(stage.micros);
  }
  Add(receipt.outcome == "ok" ? ok_ : receipt.outcome == "empty" ? empty_ : degraded_, 1);
  Add(distances_, receipt.distances);
  Add(nodes_visited_, receipt.nodes_visited);
  Add(rows_scanned_, receipt.rows_scanned);
  Add(filter_tested_, receipt.filter_tested);
  Add(filter_passed_, receipt.filter_passed);
}

QueryCounters SearchMetrics::Counters() const {
  QueryCounters counters;
  counters.collection = collection_;
  counters.ok = Read(ok_);
  counters.empty = Read(empty_);
  counters.degraded = Read(degraded_);
  counters.failed = Read(failed_);
  counters.distances = Read(distances_);
  counters.nodes_visited = Read(nodes_visited_);
  counters.rows_scanned = Read(rows_scanned_);
  counters.filter_tested = Read(filter_tested_);
  counters.filter_passed = Read(filter_passed_);
  return counters;
}

std::vector<LatencySummary> SearchMetrics::Latencies() const {
  std::vector<LatencySummary> summaries = {Summarise(collection_, "total", total_)};
  for (const std::atomic<Stage*>& place : stages_) {
    const Stage* stage = place.load(std::memory_order_acquire);
    if (stage == nullptr) break;
    summaries.push_back(Summarise(collection_, stage->name, stage->micros));
  }
  return summaries;
}

SearchMetrics& QueryMetrics::Of(const std::string& collection) {
  static const std::string other = "_other";
  const std::lock_guard lock(mutex_);
  const auto found = by_collection_.find(collection);
  if (found != by_collection_.end()) return *found->second;
  const std::string& name = by_collection_.size() < kMostCollections ? collection : other;
  std::unique_ptr<SearchMetrics>& metrics = by_collection_[name];
  if (metrics == nullptr) metrics = std::make_unique<SearchMetrics>(name);
  return *metrics;
}

std::vector<const SearchMetrics*> QueryMetrics::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<const SearchMetrics*> all;
  for (const auto& [name, metrics] : by_collection_) all.push_back(metrics.get());
  return all;
}

}  // namespace tracevec
