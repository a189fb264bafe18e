// What receipts, metrics and the trace hook cost a search: the levels alternate query by query in
// one process, so that what else happens on the machine happens to all of them. Goals are judged by
// the lower bound of the ratio's 95 % interval over blocks. A block of `summary` is its median
// query, which work of others on the processor leaves alone; one of `keep` is the sum of its
// queries, in which the writing thread's time is.
// That thread shares the pinned processor.
// What it does not show: searches from several threads, and hooks that do something.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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
constexpr std::size_t kBlocks = 40;

struct Cost {
  double ratio = 0;  ///< Of queries a second, to those without a receipt.
  double lower = 0;  ///< Bound of its 95 % interval.
  double micros = 0;
  double micros_off = 0;
};

class Alternation {
 public:
  Alternation(const VectorData& data, Collection* collection, std::uint32_t ef)
      : data_(data), collection_(*collection), ef_(ef) {}

  /// `center`: what stands for the queries of a block.
  Cost Measure(ReceiptLevel level, std::size_t pairs, double (*center)(std::vector<double>)) {
    std::vector<double> ratios;
    std::vector<double> with;
    std::vector<double> without;
    const std::size_t of_block = std::max<std::size_t>(1, pairs / kBlocks);
    for (std::size_t block = 0; block < kBlocks; ++block) {
      std::array<std::vector<double>, 2> seconds;
      for (std::size_t i = 0; i < of_block; ++i) {
        // Each of a pair comes first as often as the other.
        const std::size_t first = i % 2;
        for (const std::size_t which : {first, 1 - first}) {
          seconds[which].push_back(Ask(which == 0 ? ReceiptLevel::kOff : level));
        }
        ++next_;
      }
      without.push_back(1e6 * center(seconds[0]));
      with.push_back(1e6 * center(seconds[1]));
      ratios.push_back(without.back() / with.back());
    }
    double mean = 0;
    for (const double ratio : ratios) mean += ratio / kBlocks;
    double variance = 0;
    for (const double ratio : ratios) variance += (ratio - mean) * (ratio - mean) / (kBlocks - 1);
    return {mean, mean - 1.96 * std::sqrt(variance / kBlocks), Median(with), Median(without)};
  }

 private:
  double Ask(ReceiptLevel level) const {
    SearchRequest request;
    request.vector = data_.queries.Row(next_ % data_.queries.rows);
    request.k = kK;
    request.ef = ef_;
    request.receipt = level;
    const Timer timer;
    const Result<SearchResponse> response = collection_.Search(request);
    const double seconds = timer.WallSeconds();
    Must(response.status());
    return seconds;
  }

  const VectorData& data_;
  const Collection& collection_;
  const std::uint32_t ef_;
  std::size_t next_ = 0;
};

double Mean(std::vector<double> values) {  // NOLINT(performance-unnecessary-value-param)
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

VectorData ReceiptsData(const BenchReport& report) {
  if (const auto folder = report.Flag("--data")) return ReadVectorData(*folder);
  ClusterOptions options;
  options.rows = report.quick() ? 2'000 : 60'000;
  options.dimension = report.quick() ? 16 : 384;
  options.queries = report.quick() ? 100 : 1'000;
  return GenerateClusters(options);
}

void ReportSizes(Database* database, BenchReport* report) {
  ReceiptQuery query;
  query.limit = 1000;
  const std::vector<KeptReceipt> kept = Must(database->Receipts(query));
  double stages = 0;
  for (const KeptReceipt& receipt : kept) {
    stages += static_cast<double>(receipt.stages.capacity() * sizeof(ReceiptStage));
  }
  const double heap = stages / static_cast<double>(std::max<std::size_t>(1, kept.size()));
  report->Figure("summary_bytes", sizeof(Receipt) + heap, "bytes in memory", AtMost(2048));
}

void Run(BenchReport* report) {
  report->SetUp("k", kK);
  report->SetUp("kernels", Must(SelectKernels())->name);
  const VectorData data = ReceiptsData(*report);
  report->SetUp("data", data.name);
  report->SetUp("rows", data.base.rows);
  TemporaryDirectory folder;
  const auto database = Must(Database::Open(folder / "db"));
  Collection rows = Must(
      database->GetOrCreateCollection("rows", static_cast<std::uint32_t>(data.base.dimension)));
  std::vector<std::string> ids(data.base.rows);
  for (std::size_t row = 0; row < ids.size(); ++row) ids[row] = fmt::format("docs/page#{}", row);
  UpsertRequest request;
  request.ids = ids;
  request.vectors[""] = data.base.values;
  Must(rows.Upsert(request));
  Must(rows.Rebuild());
  TuneOptions tune;
  tune.target_recall = 0.98;
  tune.queries = data.queries.values;
  const TuneResult tuned = Must(rows.Tune(tune));
  report->SetUp("ef", tuned.ef);

  const std::size_t pairs = std::stoul(report->Flag("--pairs").value_or("20000"));
  const std::size_t asked = report->quick() ? 400 : pairs;
  Alternation alternation(data, &rows, std::max(tuned.ef, kK));
  std::uint64_t traced = 0;
  database->SetTraceHook([&traced](const Receipt& receipt) { traced += receipt.stages.size(); });
  const auto figure = [&](const char* name, const Cost& cost, double goal) {
    report->Figure(name, cost.lower, "queries/s to those without", AtLeast(goal),
                   {{"ratio", cost.ratio},
                    {"us", cost.micros},
                    {"us_without", cost.micros_off},
                    {"pairs", asked}});
  };
  alternation.Measure(ReceiptLevel::kSummary, asked / 10, Median);
  figure("summary_metrics_hook", alternation.Measure(ReceiptLevel::kSummary, asked, Median), 0.97);
  figure("keep", alternation.Measure(ReceiptLevel::kKeep, asked, Mean), 0.85);
  if (traced == 0) throw std::runtime_error("the hook saw nothing");
  ReportSizes(database.get(), report);
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run, {"--data", "--pairs"});
}
