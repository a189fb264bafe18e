#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tracevec/export.h"

namespace tracevec {

/// What searches of a collection did since the database was opened. Those without a receipt
/// (ReceiptLevel::kOff) count only where they failed.
struct QueryCounters {
  std::string collection;  ///< "_other": all beyond the first 100 that were searched.
  std::uint64_t ok = 0;    ///< By outcome, as in a receipt.
  std::uint64_t empty = 0;
  std::uint64_t degraded = 0;
  std::uint64_t failed = 0;  ///< Ended with an error.
  std::uint64_t distances = 0;
  std::uint64_t nodes_visited = 0;
  std::uint64_t rows_scanned = 0;
  std::uint64_t filter_tested = 0;
  std::uint64_t filter_passed = 0;
};

/// How long something took, in microseconds. Values are those of the whole since the database was
/// opened, from a histogram whose classes are 3.1 % wide: off by 1.6 % at most, 0.05 us below 6.4.
struct LatencySummary {
  std::string collection;
  std::string stage;  ///< As in a receipt; "total": the whole search.
  std::uint64_t count = 0;
  double sum_micros = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
  /// Seconds, doubling from 0.00005 to 13.1, and how many took at most so long.
  std::vector<std::pair<double, std::uint64_t>> buckets;
};

/// An open collection.
struct CollectionGauges {
  std::string collection;
  std::uint64_t live_chunks = 0;
  std::uint64_t unbuilt_rows = 0;  ///< That wait for a segment.
  std::uint64_t segments = 0;
};

/// Figures of an open database, for a scraper.
struct TRACEVEC_EXPORT MetricsReport {
  std::vector<QueryCounters> queries;     ///< By collection.
  std::vector<LatencySummary> latencies;  ///< By collection and stage.
  std::vector<CollectionGauges> collections;
  std::uint64_t receipts_kept = 0;
  std::uint64_t receipts_dropped = 0;  ///< That the store refused, or that came after the close.
  std::uint64_t commit = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t snapshots = 0;
  double oldest_snapshot_seconds = 0;  ///< Its age; 0: there is none.
  std::string build;
  std::string kernels;

  std::string ToJson() const;
  /// Prometheus text exposition, version 0.0.4. Labels are collection, stage and outcome alone.
  std::string ToPrometheus() const;
};

}  // namespace tracevec
