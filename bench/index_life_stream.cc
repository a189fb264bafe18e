// Single upserts as fast as they are taken: what they cost in graph insertions.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "bench/index_life.h"
#include "bench/index_life_load.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kStreamedRows = 340'000;
constexpr std::size_t kQuickStreamedRows = 5'000;

void StreamAll(const VectorData& data, BenchReport* report) {
  const std::size_t rows = data.base.rows;
  LifeDatabase life(data.base.dimension);
  RowWriter writer(data.base, &life.collection());
  BacklogSampler sampler(life.collection(), std::chrono::milliseconds(report->quick() ? 20 : 1000));
  std::vector<double> micros;
  const Timer timer;
  while (writer.written() < rows) {
    const Timer one;
    writer.WriteNext();
    micros.push_back(one.WallSeconds() * 1e6);
  }
  const double seconds = timer.WallSeconds();
  sampler.Finish();
  const CollectionStats at_end = Must(life.collection().Stats());
  const double drained = WaitUntilQuiet(life.collection());
  const CollectionStats stats = Must(life.collection().Stats());
  const double recall = Mean(MeasureRecalls(life.collection(), data.queries));

  const double rate = static_cast<double>(rows) / seconds;
  report->Figure("stream_upserts", rate, "vectors/s", std::nullopt,
                 {{"p50_us", Percentile(micros, 0.5)},
                  {"p99_us", Percentile(micros, 0.99)},
                  {"write_stalls", stats.write_stalls}});
  ReportInsertions(stats, rows, report);
  report->Figure("stream_segments", static_cast<double>(stats.segments), "segments", std::nullopt,
                 {{"as_writing_ended", at_end.segments},
                  {"most", std::max(sampler.most_segments(), stats.segments)}});
  report->Figure("stream_backlog_most", sampler.Most(), "rows", std::nullopt,
                 {{"over_time", sampler.OverTime()}});
  report->Figure("stream_quiet_after", drained, "s");
  report->Figure("stream_recall", recall, "recall@10");
  BenchReport::Note(fmt::format(
      "stream: {} rows, {:.0f}/s, {:.2f} graph insertions a vector, {} stalls, {} "
      "segments, quiet after {:.1f} s, recall@10 {:.4f}",
      rows, rate, static_cast<double>(stats.graph_insertions) / static_cast<double>(rows),
      stats.write_stalls, stats.segments, drained, recall));
}

}  // namespace

void RunStream(BenchReport* report) {
  UnpinProcessor();  // Builders are to have the processors that they would have.
  const VectorData data =
      LoadLifeData(report, RowsFlag(*report, kStreamedRows, kQuickStreamedRows));
  report->SetUp("rows", data.base.rows);
  const bool at_rate = report->Flag("--rate").has_value();
  if (!at_rate) StreamAll(data, report);
  if (at_rate || report->quick()) RunAtRate(data, report);
}

}  // namespace tracevec::bench
