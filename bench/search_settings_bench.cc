// Whether searches keep what their settings promise: the recall that `tune` measured on queries it
// did not have, the deadline, what a second thread gives; and, with --growth, how many distances
// and how much time a search of the same recall takes as the collection grows. What it does not
// show: other libraries (bench/search), filters (filter_bench), writes beside it
// (index_life_bench).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bench/bench_report.h"
#include "bench/vector_data.h"
#include "core/kernel_dispatch.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::uint32_t kK = 10;
constexpr double kTargets[] = {0.9, 0.93, 0.95, 0.97, 0.98, 0.99};
constexpr double kDeadlinesMillis[] = {0.25, 0.5, 1, 2};
/// Wide enough that no search ends before its deadline.
constexpr std::uint32_t kEndlessWidth = 10'000;
constexpr std::size_t kQuickRows = 2'000;
constexpr std::size_t kGrowthDimension = 100;
constexpr std::size_t kGrowthQueries = 500;

class LoadedRows {
 public:
  explicit LoadedRows(const VectorData& data)
      : data_(data),
        database_(Must(Database::Open(folder_ / "db"))),
        collection_(Must(database_->GetOrCreateCollection(
            "rows", static_cast<std::uint32_t>(data.base.dimension)))) {
    std::vector<std::string> ids(data.base.rows);
    for (std::size_t row = 0; row < ids.size(); ++row) ids[row] = std::to_string(row);
    UpsertRequest request;
    request.ids = ids;
    request.vectors[""] = data.base.values;
    UnpinProcessor();
    Must(collection_.Upsert(request));
    Must(collection_.Rebuild());
    PinToFirstProcessor();
  }

  Collection& collection() { return collection_; }

  BatchRequest Batch(std::size_t first, std::size_t count) const {
    BatchRequest request;
    request.vectors =
        std::span(data_.queries.values)
            .subspan(first * data_.queries.dimension, count * data_.queries.dimension);
    request.k = kK;
    return request;
  }

  /// A place whose score is as good as the last exact one is right.
  double Recall(BatchRequest request) const {
    const BatchResponse found = Must(collection_.SearchBatch(request));
    BatchRequest exact;
    exact.vectors = request.vectors;
    exact.k = request.k;
    exact.exact = true;
    const BatchResponse truth = Must(collection_.SearchBatch(exact));
    std::size_t right = 0;
    for (std::size_t first = 0; first < truth.scores.size(); first += kK) {
      const float worst = truth.scores[first + kK - 1] - 1e-6F;
      for (std::size_t i = first; i < first + kK; ++i) right += found.scores[i] >= worst ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(truth.scores.size());
  }

  double QueriesPerSecond(const BatchRequest& request) const {
    const Timer timer;
    const BatchResponse response = Must(collection_.SearchBatch(request));
    return static_cast<double>(response.receipts.size()) / timer.WallSeconds();
  }

 private:
  const VectorData& data_;
  TemporaryDirectory folder_;
  std::unique_ptr<Database> database_;
  Collection collection_;
};

/// Tuned with the first half of the queries, asked the second.
void ReportTargets(const VectorData& data, LoadedRows* rows, BenchReport* report) {
  const std::size_t half = data.queries.rows / 2;
  TuneOptions options;
  options.queries = std::span(data.queries.values).first(half * data.queries.dimension);
  const TuneResult tuned = Must(rows->collection().Tune(options));
  for (const double target : kTargets) {
    BatchRequest request = rows->Batch(half, data.queries.rows - half);
    request.target_recall = target;
    const BatchResponse response = Must(rows->collection().SearchBatch(request));
    const double recall = rows->Recall(request);
    // Where the narrowest width finds more than was asked there is nothing to miss.
    const bool narrowest = response.receipts.front().ef <= tuned.points.front().ef;
    const double missed = narrowest ? std::max(0.0, target - recall) : std::abs(recall - target);
    report->Figure("target_recall_missed_by", missed, "recall", AtMost(0.01),
                   {{"target", target},
                    {"recall", recall},
                    {"ef", response.receipts.front().ef},
                    {"ef_source", response.receipts.front().ef_source},
                    {"narrowest", narrowest},
                    {"tuned_with", tuned.used},
                    {"queries", data.queries.rows - half}});
  }
}

void ReportDeadlines(const VectorData& data, LoadedRows* rows, BenchReport* report) {
  for (const double deadline : kDeadlinesMillis) {
    std::vector<double> millis;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < data.queries.rows; ++i) {
      SearchRequest request;
      request.vector = data.queries.Row(i);
      request.k = kK;
      request.ef = kEndlessWidth;
      request.deadline_ms = deadline;
      request.with_content = false;
      const Timer timer;
      const SearchResponse response = Must(rows->collection().Search(request));
      millis.push_back(1e3 * timer.WallSeconds());
      cut += response.receipt.deadline_cut ? 1 : 0;
    }
    report->Figure("deadline_p99", Percentile(millis, 0.99) / deadline, "share of the deadline",
                   AtMost(1.1),
                   {{"deadline_ms", deadline},
                    {"p50", Percentile(millis, 0.5) / deadline},
                    {"cut", cut},
                    {"queries", millis.size()},
                    {"idle_p99_us", IdleP99Micros()}});
  }
}

void ReportThreads(const VectorData& data, LoadedRows* rows, BenchReport* report) {
  UnpinProcessor();
  std::vector<double> ratios;
  std::vector<double> rates;
  for (std::size_t i = 0; i < 5 * report->repeats(); ++i) {
    BatchRequest request = rows->Batch(0, data.queries.rows);
    rates.push_back(rows->QueriesPerSecond(request));
    request.threads = 2;
    ratios.push_back(rows->QueriesPerSecond(request) / rates.back());
  }
  PinToFirstProcessor();
  report->Figure("batch_two_threads_to_one", Median(ratios), "ratio", AtLeast(1.8),
                 {{"one_thread_queries_per_second", Median(rates)}});
}

struct AtRecall {
  double distances = 0;
  double queries_per_second = 0;
};

/// Of one thread at recall 0.95, between the widths measured.
AtRecall MeasureAt95(const VectorData& data, const LoadedRows& rows, Collection* collection) {
  AtRecall before;
  double recall_before = 0;
  for (std::uint32_t ef = kK; ef <= kEndlessWidth; ef += 1 + ef / 8) {
    BatchRequest request = rows.Batch(0, data.queries.rows);
    request.ef = ef;
    const BatchResponse response = Must(collection->SearchBatch(request));
    AtRecall now;
    for (const Receipt& receipt : response.receipts) {
      now.distances +=
          static_cast<double>(receipt.distances) / static_cast<double>(response.receipts.size());
    }
    std::vector<double> rates;
    for (int i = 0; i < 5; ++i) rates.push_back(rows.QueriesPerSecond(request));
    now.queries_per_second = Median(rates);
    const double recall = rows.Recall(request);
    if (recall >= 0.95) {
      if (before.distances == 0) return now;
      const double part = (0.95 - recall_before) / (recall - recall_before);
      return {std::exp(std::lerp(std::log(before.distances), std::log(now.distances), part)),
              std::exp(std::lerp(std::log(before.queries_per_second),
                                 std::log(now.queries_per_second), part))};
    }
    before = now;
    recall_before = recall;
  }
  throw std::runtime_error("no width reaches recall 0.95");
}

/// `rows` rows, and a tenth of them, of the same clusters.
void ReportGrowth(std::size_t rows, BenchReport* report) {
  ClusterOptions options;
  options.rows = rows;
  options.dimension = kGrowthDimension;
  options.queries = report->quick() ? 50 : kGrowthQueries;
  const VectorData all = GenerateClusters(options);
  VectorData tenth = all;
  tenth.base.rows = rows / 10;
  tenth.base.values.resize(tenth.base.rows * tenth.base.dimension);
  AtRecall figures[2];
  const VectorData* sizes[] = {&tenth, &all};
  for (std::size_t i = 0; i < 2; ++i) {
    LoadedRows loaded(*sizes[i]);
    figures[i] = MeasureAt95(*sizes[i], loaded, &loaded.collection());
    BenchReport::Note(fmt::format("growth: {} rows, {:.0f} distances, {:.0f} queries/s",
                                  sizes[i]->base.rows, figures[i].distances,
                                  figures[i].queries_per_second));
  }
  report->Figure("growth_distances", figures[1].distances / figures[0].distances, "ratio",
                 AtMost(1.6), {{"rows", rows}, {"dimension", kGrowthDimension}});
  report->Figure("growth_queries_per_second",
                 figures[1].queries_per_second / figures[0].queries_per_second, "ratio",
                 AtLeast(0.45), {{"rows", rows}, {"dimension", kGrowthDimension}});
}

VectorData DataOf(const BenchReport& report) {
  if (const auto folder = report.Flag("--data")) return ReadVectorData(*folder);
  ClusterOptions options;
  options.rows = report.quick() ? kQuickRows : 60'000;
  options.dimension = report.quick() ? 16 : 64;
  options.queries = report.quick() ? 100 : 1'000;
  return GenerateClusters(options);
}

void Run(BenchReport* report) {
  report->SetUp("k", kK);
  report->SetUp("kernels", Must(SelectKernels())->name);
  if (const auto rows = report->Flag("--growth")) return ReportGrowth(std::stoul(*rows), report);
  const VectorData data = DataOf(*report);
  report->SetUp("data", data.name);
  report->SetUp("data_hash", data.hash);
  report->SetUp("rows", data.base.rows);
  LoadedRows rows(data);
  ReportTargets(data, &rows, report);
  ReportDeadlines(data, &rows, report);
  ReportThreads(data, &rows, report);
  if (report->quick()) ReportGrowth(kQuickRows, report);
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run, {"--data", "--growth"});
}
