#include "retrieval/metrics.h"

#include <algorithm>
#include <iterator>

#include "retrieval/clock.h"
#include "retrieval/receipt_maker.h"

namespace tracevec {

MetricsReport GatherMetrics(const Engine& engine) {
  MetricsReport report;
  for (const SearchMetrics* metrics : engine.query_metrics().All()) {
    report.queries.push_back(metrics->Counters());
    std::vector<LatencySummary> latencies = metrics->Latencies();
    std::move(latencies.begin(), latencies.end(), std::back_inserter(report.latencies));
  }
  for (const auto& state : engine.OpenCollections()) {
    const std::shared_ptr<const CollectionView> view = state->views.Current();
    report.collections.push_back(
        {state->name, view->chunks, state->unbuilt_rows.load(), view->segments});
  }
  report.receipts_kept = engine.receipts().added();
  report.receipts_dropped = engine.receipts().dropped();
  report.commit = Raw(engine.last_commit());
  report.disk_bytes = engine.store().disk_bytes();
  Timestamp oldest = Now();
  for (const auto& [name, record] : engine.holds().List()) {
    ++report.snapshots;
    const double age = static_cast<double>(oldest.micros - record.created.micros) / 1e6;
    report.oldest_snapshot_seconds = std::max(report.oldest_snapshot_seconds, age);
  }
  report.build = BuildName();
  report.kernels = engine.kernels().name;
  return report;
}

}  // namespace tracevec
