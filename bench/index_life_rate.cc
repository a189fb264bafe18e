// Writes at a fixed rate: whether builds keep up, and what searches feel of them.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "bench/index_life.h"
#include "bench/index_life_load.h"
#include "bench/open_loop.h"

namespace tracevec::bench {
namespace {

constexpr double kRate = 500;
constexpr double kSeconds = 600;
/// From here on a run is not a burst, and its backlog is to be flat: not grown by this share of
/// what was written, which is a block or two of 300,000 rows.
constexpr double kSustainedSeconds = 300;
constexpr double kFlatGrowth = 0.02;
constexpr double kIdleSeconds = 30;
constexpr double kQuickIdleSeconds = 0.5;

/// Writes at a fixed rate while another thread searches at a fixed rate.
class RateRun {
 public:
  RateRun(const VectorData& data, BenchReport* report)
      : data_(data),
        report_(report),
        rate_(NumberFlag(*report, "--rate", kRate)),
        seconds_(NumberFlag(*report, "--seconds", report->quick() ? 1 : kSeconds)),
        life_(data.base.dimension),
        writer_(data.base, &life_.collection()),
        searcher_(life_.collection(), data.queries, *report) {
    const auto total = static_cast<double>(data.base.rows);
    const double left = std::max(total / 10, total - rate_ * seconds_);
    preload_ = static_cast<std::size_t>(NumberFlag(*report, "--preload", left));
    report->SetUp("preloaded", preload_);
    report->SetUp("rate", rate_);
    report->SetUp("seconds", seconds_);
    report->SetUp("search_rate", searcher_.rate());
    report->SetUp("pin", searcher_.processor());
  }

  void Run() {
    while (writer_.written() < preload_) writer_.WriteNext();
    WaitUntilQuiet(life_.collection());
    before_ = Must(life_.collection().Stats());
    const Searcher::Found idle = SearchIdle();
    const std::vector<double> recalls_before = MeasureRecalls(life_.collection(), data_.queries);
    const Searcher::Found loaded = WriteAndSearch();
    ReportDrain();
    const Searcher::Found idle_after = SearchIdle();
    const std::vector<double> recalls_after = MeasureRecalls(life_.collection(), data_.queries);
    ReportLatencies(idle, loaded, idle_after);
    ReportRecall(loaded, recalls_before, recalls_after);
    ReportInsertions(Must(life_.collection().Stats()), writer_.written(), report_);
  }

 private:
  Searcher::Found SearchIdle() const {
    return searcher_.Start(report_->quick() ? kQuickIdleSeconds : kIdleSeconds).get();
  }

  Searcher::Found WriteAndSearch() {
    BacklogSampler sampler(life_.collection(),
                           std::chrono::milliseconds(report_->quick() ? 20 : 1000));
    std::future<Searcher::Found> searching = searcher_.Start(seconds_);
    const Timer timer;
    const OpenLoopRun writes =
        RunOpenLoop(rate_, seconds_, [&](std::size_t) { writer_.WriteNext(); });
    const double taken = timer.WallSeconds();
    const Timer since_last_write;
    backlog_at_end_ = Must(life_.collection().Stats()).unbuilt_chunks;
    sampler.Finish();
    MeasureDrain(since_last_write);
    Searcher::Found loaded = searching.get();
    ReportWrites(writes, taken, sampler);
    return loaded;
  }

  void ReportWrites(const OpenLoopRun& writes, double taken, const BacklogSampler& sampler) {
    const auto count = static_cast<double>(writes.from_intended.size());
    const CollectionStats stats = Must(life_.collection().Stats());
    const std::uint64_t most_segments = std::max(sampler.most_segments(), stats.segments);
    report_->Figure(
        "rate_written", count / taken, "vectors/s", AtLeast(0.99 * rate_),
        {{"p50_us", Percentile(writes.from_intended, 0.5)},
         {"p99_us", Percentile(writes.from_intended, 0.99)},
         {"most_us", *std::max_element(writes.from_intended.begin(), writes.from_intended.end())},
         {"write_stalls", stats.write_stalls - before_.write_stalls}});
    const double growth = sampler.Growth() / count;
    std::optional<Goal> flat;
    if (seconds_ >= kSustainedSeconds) flat = AtMost(kFlatGrowth);
    report_->Figure("rate_backlog_growth", growth, "share of rows written", flat,
                    {{"most", sampler.Most()}, {"over_time", sampler.OverTime()}});
    report_->Figure("rate_segments", static_cast<double>(stats.segments), "segments", std::nullopt,
                    {{"before", before_.segments}, {"most", most_segments}});
    BenchReport::Note(
        fmt::format("rate: {:.0f} of {:.0f}/s written, {} stalls, backlog grew by "
                    "{:.2f} % of it, {} segments (at most {})",
                    count / taken, rate_, stats.write_stalls - before_.write_stalls, 100 * growth,
                    stats.segments, most_segments));
  }

  /// The other thread may still search.
  void MeasureDrain(const Timer& since_last_write) {
    constexpr std::chrono::milliseconds kInterval{20};
    while (Must(life_.collection().Stats()).unbuilt_chunks > 0) {
      std::this_thread::sleep_for(kInterval);
    }
    drained_seconds_ = since_last_write.WallSeconds();
  }

  void ReportDrain() {
    const double quiet = drained_seconds_ + WaitUntilQuiet(life_.collection());
    report_->Figure("rate_drained_after", drained_seconds_, "s", AtMost(120),
                    {{"backlog", backlog_at_end_}, {"quiet_after", quiet}});
    BenchReport::Note(
        fmt::format("rate: backlog of {} rows drained in {:.1f} s, quiet after {:.1f} s",
                    backlog_at_end_, drained_seconds_, quiet));
  }

  void ReportLatencies(const Searcher::Found& idle, const Searcher::Found& loaded,
                       const Searcher::Found& idle_after) {
    const auto p50 = [](const OpenLoopRun& run) { return Percentile(run.from_intended, 0.5); };
    const auto p99 = [](const OpenLoopRun& run) { return Percentile(run.from_intended, 0.99); };
    const double ratio = p99(loaded.latencies) / p99(idle.latencies);
    report_->Figure("rate_search_p99_to_idle", ratio, "ratio", AtMost(3),
                    {{"p99_us", p99(loaded.latencies)},
                     {"p50_us", p50(loaded.latencies)},
                     {"p99_from_actual_start_us", Percentile(loaded.latencies.from_actual, 0.99)},
                     {"before_p99_us", p99(idle.latencies)},
                     {"before_p50_us", p50(idle.latencies)},
                     {"after_p99_us", p99(idle_after.latencies)},
                     {"after_p50_us", p50(idle_after.latencies)},
                     {"searches", loaded.latencies.from_intended.size()},
                     {"null_loop_p99_us", idle.null_loop_p99_micros},
                     {"window_p99_us", loaded.window_p99}});
    BenchReport::Note(fmt::format(
        "rate: search p50 {:.0f} us, p99 {:.0f} us; idle before {:.0f}, {:.0f}, after {:.0f}, "
        "{:.0f}; p99 {:.2f}x idle; a loop that does nothing {:.0f}",
        p50(loaded.latencies), p99(loaded.latencies), p50(idle.latencies), p99(idle.latencies),
        p50(idle_after.latencies), p99(idle_after.latencies), ratio, idle.null_loop_p99_micros));
  }

  /// Of the same queries, as often as each was compared.
  void ReportRecall(const Searcher::Found& loaded, const std::vector<double>& recalls_before,
                    const std::vector<double>& recalls_after) {
    std::vector<double> during;
    std::vector<double> before;
    std::vector<double> after;
    for (const auto& [query, recall] : loaded.recalls) {
      during.push_back(recall);
      before.push_back(recalls_before[query]);
      after.push_back(recalls_after[query]);
    }
    const double change = Mean(during) - Mean(before);
    report_->Figure("rate_recall_to_idle", change, "recall@10", AtLeast(-0.005),
                    {{"during", Mean(during)},
                     {"before", Mean(before)},
                     {"after", Mean(after)},
                     {"compared", during.size()}});
    BenchReport::Note(
        fmt::format("rate: recall@10 {:.4f} while writing; idle before {:.4f}, after {:.4f}",
                    Mean(during), Mean(before), Mean(after)));
  }

  const VectorData& data_;
  BenchReport* report_;
  double rate_;
  double seconds_;
  std::size_t preload_ = 0;
  LifeDatabase life_;
  RowWriter writer_;
  Searcher searcher_;
  CollectionStats before_;
  std::uint64_t backlog_at_end_ = 0;
  double drained_seconds_ = 0;
};

}  // namespace

void RunAtRate(const VectorData& data, BenchReport* report) { RateRun(data, report).Run(); }

}  // namespace tracevec::bench
