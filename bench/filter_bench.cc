// Searches under filters: recall, speed and latency beside the same searches without one, by how
// much matches and by what that has to do with the query; a filter's own cost; metadata updates.
// What it does not show: other libraries, filters while rows are written.
//     --data FOLDER          vectors, instead of generated ones
//     --database FOLDER      where they are loaded to, and found by the next run
//     --selectivities LIST   0.5,0.2: only these; none: load alone

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>
#include <sstream>
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
constexpr std::int64_t kShares = 10'000;  ///< Values of a field: a share of 0.01 % is one.
const std::vector<double> kSelectivities = {0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001};
constexpr std::uint32_t kWidths[] = {10,  16,  24,  32,  48,  64,  96,
                                     128, 192, 256, 384, 512, 768, 1024};
constexpr std::size_t kQuickRows = 2'000;
constexpr std::size_t kRowsACall = 20'000;
constexpr std::size_t kUpdatedRows = 100'000;

/// Queries, and what one pass over them gave.
struct Pass {
  double recall = 0;
  double queries_per_second = 0;
  double p99_micros = 0;
};

class FilterBench {
 public:
  FilterBench(VectorData data, BenchReport* report) : data_(std::move(data)), report_(report) {
    const std::string path = report_->Flag("--database").value_or(folder_ / "db");
    const bool is_loaded = std::filesystem::exists(path);
    database_ = Must(Database::Open(path));
    ChooseQueries();
    MakeFields();
    if (is_loaded) {
      collection_.emplace(Must(database_->GetCollection("rows")));
      Must(collection_->Count("side = 0"));  // So that columns are there.
      return;
    }
    CollectionSchema schema;
    schema.vectors["body"].dimension = static_cast<std::uint32_t>(data_.base.dimension);
    collection_.emplace(Must(database_->CreateCollection("rows", schema)));
    Load();
  }

  void Run(const std::vector<double>& selectivities) {
    if (selectivities.empty()) return;
    MeasureUnfiltered();
    for (const double share : selectivities) {
      const auto of = static_cast<std::int64_t>(std::llround(share * kShares));
      Report(share, "uniform", fmt::format("uniform < {}", of), all_queries_);
      Report(share, "skewed", fmt::format("skewed >= {}", SkewedFrom(share)), all_queries_);
      Report(share, "near", fmt::format("side >= {}", kShares - of), near_queries_);
      Report(share, "far", fmt::format("side < {}", of), near_queries_);
      ReportCold(share, of);
    }
    ReportBitmaps();
    ReportUpdate();
  }

 private:
  /// The similarity of rows to one of them is a field; the queries most like it are those to which
  /// the largest values are near, and the smallest far.
  void ChooseQueries() {
    anchor_ = data_.base.Row(data_.base.rows / 2);
    all_queries_.resize(data_.queries.rows);
    std::iota(all_queries_.begin(), all_queries_.end(), 0);
    near_queries_ = all_queries_;
    std::sort(near_queries_.begin(), near_queries_.end(), [&](std::size_t a, std::size_t b) {
      return Similarity(data_.queries.Row(a)) > Similarity(data_.queries.Row(b));
    });
    near_queries_.resize(std::min<std::size_t>(near_queries_.size(), 200));
  }

  double Similarity(std::span<const float> row) const {
    return std::inner_product(row.begin(), row.end(), anchor_.begin(), 0.0);
  }

  void MakeFields() {
    const std::size_t rows = data_.base.rows;
    std::vector<std::uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0U);
    std::vector<double> similarity(rows);
    for (std::size_t i = 0; i < rows; ++i) similarity[i] = Similarity(data_.base.Row(i));
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return similarity[a] < similarity[b]; });
    side_.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      side_[order[i]] = static_cast<std::int64_t>(i * kShares / rows);
    }
    std::mt19937_64 random(1);
    // Most values are small: value v is there 1 / (v + 1) times as often as value 0.
    std::vector<double> weights;
    for (int i = 0; i < 1000; ++i) weights.push_back(1.0 / (i + 1));
    std::discrete_distribution<std::int64_t> skewed(weights.begin(), weights.end());
    for (std::size_t i = 0; i < rows; ++i) {
      uniform_.push_back(static_cast<std::int64_t>(random() % kShares));
      skewed_.push_back(skewed(random));
    }
    skewed_values_ = skewed_;
    std::sort(skewed_values_.begin(), skewed_values_.end());
  }

  void Load() {
    const std::size_t rows = data_.base.rows;
    for (std::size_t first = 0; first < rows; first += kRowsACall) {
      const std::size_t last = std::min(rows, first + kRowsACall);
      std::vector<std::string> ids;
      std::vector<Metadata> metadata;
      for (std::size_t i = first; i < last; ++i) {
        ids.push_back(std::to_string(i));
        metadata.push_back({{"uniform", uniform_[i]}, {"skewed", skewed_[i]}, {"side", side_[i]}});
      }
      UpsertRequest request;
      request.ids = ids;
      request.metadata = metadata;
      request.vectors["body"] =
          std::span(data_.base.values)
              .subspan(first * data_.base.dimension, (last - first) * data_.base.dimension);
      Must(collection_->Upsert(request));
    }
    UnpinProcessor();
    Must(database_->Compact());
    PinToFirstProcessor();
  }

  std::int64_t SkewedFrom(double share) const {
    const auto place =
        static_cast<std::size_t>((1 - share) * static_cast<double>(skewed_values_.size() - 1));
    return skewed_values_[place];
  }

  SearchRequest RequestOf(std::size_t query, const Filter& where) const {
    SearchRequest request;
    request.vector = data_.queries.Row(query);
    request.k = kK;
    request.where = where;
    request.with_content = false;
    return request;
  }

  /// A hit that scores as the last exact one is right.
  double Recall(const std::vector<std::size_t>& queries, const Filter& where, std::uint32_t ef) {
    std::size_t right = 0;
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(queries.size(), 200); ++i) {
      SearchRequest request = RequestOf(queries[i], where);
      if (ef > 0) request.ef = ef;
      const std::vector<Hit> found = Must(collection_->Search(request)).hits;
      request.ef.reset();
      request.exact = true;
      const std::vector<Hit> exact = Must(collection_->Search(request)).hits;
      wanted += exact.size();
      for (const Hit& hit : found) right += hit.score >= exact.back().score - 1e-6F ? 1 : 0;
    }
    return wanted == 0 ? 1 : static_cast<double>(right) / static_cast<double>(wanted);
  }

  Pass Measure(const std::vector<std::size_t>& queries, const std::vector<Filter>& filters,
               std::uint32_t ef = 0) {
    Pass pass;
    pass.recall = Recall(queries, filters.front(), ef);
    std::vector<double> rates;
    std::vector<double> micros;
    for (std::size_t round = 0; round < report_->repeats(); ++round) {
      const Timer timer;
      for (std::size_t i = 0; i < queries.size(); ++i) {
        SearchRequest request = RequestOf(queries[i], filters[i % filters.size()]);
        if (ef > 0) request.ef = ef;
        const Timer one;
        Must(collection_->Search(request));
        micros.push_back(1e6 * one.WallSeconds());
      }
      rates.push_back(static_cast<double>(queries.size()) / timer.WallSeconds());
    }
    pass.queries_per_second = Median(rates);
    pass.p99_micros = Percentile(micros, 0.99);
    return pass;
  }

  void MeasureUnfiltered() {
    default_ = Measure(all_queries_, {Filter()});
    default_near_ = Measure(near_queries_, {Filter()});
    report_->Figure("unfiltered_recall_at_10", default_.recall, "share of exact");
    report_->Figure("unfiltered", default_.queries_per_second, "queries/s", std::nullopt,
                    {{"p99_micros", default_.p99_micros}});
    for (const std::uint32_t width : kWidths) {
      widths_.push_back(Measure(all_queries_, {Filter()}, width));
    }
  }

  /// Between widths on the logarithm of the speed; past the last or before the first, that.
  double UnfilteredAt(double recall) const {
    for (std::size_t i = 0; i + 1 < widths_.size(); ++i) {
      const Pass& low = widths_[i];
      const Pass& high = widths_[i + 1];
      if (recall <= low.recall) return low.queries_per_second;
      if (recall > high.recall || high.recall <= low.recall) continue;
      const double part = (recall - low.recall) / (high.recall - low.recall);
      return std::exp((1 - part) * std::log(low.queries_per_second) +
                      part * std::log(high.queries_per_second));
    }
    return widths_.back().queries_per_second;
  }

  void Report(double share, const std::string& field, const std::string& where,
              const std::vector<std::size_t>& queries) {
    const bool walked = share >= 0.05;
    const bool correlated = field == "near" || field == "far";
    const Pass pass = Measure(queries, {Filter(where)});
    const Receipt receipt =
        Must(collection_->Search(RequestOf(queries.front(), Filter(where)))).receipt;
    const auto setup = nlohmann::ordered_json{{"field", field},
                                              {"selectivity", share},
                                              {"where", where},
                                              {"plan", receipt.plan},
                                              {"matches", Must(collection_->Count(where))}};
    report_->Figure("filtered_recall_at_10", pass.recall, "share of exact",
                    AtLeast(walked || correlated ? 0.95 : 0.99), setup);
    report_->Figure("filtered", pass.queries_per_second, "queries/s", std::nullopt, setup);
    const double unfiltered = walked ? UnfilteredAt(pass.recall) : default_.queries_per_second;
    report_->Figure("filtered_to_unfiltered", pass.queries_per_second / unfiltered, "ratio",
                    correlated ? std::nullopt : std::optional(AtLeast(walked ? 0.6 : 1)), setup);
    report_->Figure("filtered_p99_to_unfiltered", pass.p99_micros / default_near_.p99_micros,
                    "ratio", correlated ? std::optional(AtMost(4)) : std::nullopt, setup);
  }

  /// Another filter each time: none is in the cache.
  void ReportCold(double share, std::int64_t of) {
    if (share > 0.01) return;
    std::vector<Filter> filters;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(all_queries_.size()); ++i) {
      const std::int64_t first = i * 7 % (kShares - of);
      filters.emplace_back(fmt::format("uniform >= {} AND uniform < {}", first, first + of));
    }
    const Pass pass = Measure(all_queries_, filters);
    report_->Figure("cold_filtered_to_unfiltered",
                    pass.queries_per_second / default_.queries_per_second, "ratio", AtLeast(0.5),
                    {{"selectivity", share}});
  }

  /// Parsing and binding included.
  void ReportBitmaps() {
    std::vector<double> micros;
    std::vector<double> matches;
    for (std::int64_t i = 0; i < 200; ++i) {
      const Timer timer;
      matches.push_back(static_cast<double>(Must(collection_->Count(
          fmt::format("uniform < {} AND skewed >= 3 AND side >= {}", 80 + i, i)))));
      micros.push_back(1e6 * timer.WallSeconds());
    }
    report_->Figure("count_of_three_terms", Median(micros), "us", AtMost(40),
                    {{"matches", Median(matches)}});
  }

  void ReportUpdate() {
    const double share = static_cast<double>(kUpdatedRows) / static_cast<double>(data_.base.rows);
    const auto of = static_cast<std::int64_t>(std::min(1.0, share) * kShares);
    const Timer timer;
    const WriteResult result = Must(collection_->UpdateMetadata(
        {{"reviewed", true}}, {std::nullopt, fmt::format("side < {}", of)}));
    report_->Figure("update_metadata", timer.WallSeconds(), "s", AtMost(2),
                    {{"updated", result.updated}});
  }

  VectorData data_;
  BenchReport* report_;
  TemporaryDirectory folder_;
  std::unique_ptr<Database> database_;
  std::optional<Collection> collection_;
  std::span<const float> anchor_;
  std::vector<std::size_t> all_queries_;
  std::vector<std::size_t> near_queries_;
  std::vector<std::int64_t> uniform_;
  std::vector<std::int64_t> skewed_;
  std::vector<std::int64_t> side_;
  std::vector<std::int64_t> skewed_values_;  // Ascending.
  Pass default_;
  Pass default_near_;
  std::vector<Pass> widths_;
};

std::vector<double> SelectivitiesOf(const BenchReport& report) {
  const auto given = report.Flag("--selectivities");
  if (!given) return kSelectivities;
  std::vector<double> selectivities;
  std::istringstream list(*given == "none" ? "" : *given);
  for (std::string each; std::getline(list, each, ',');) selectivities.push_back(std::stod(each));
  return selectivities;
}

void Run(BenchReport* report) {
  VectorData data;
  if (const auto folder = report->Flag("--data")) {
    data = ReadVectorData(*folder);
  } else {
    ClusterOptions options;
    options.rows = report->quick() ? kQuickRows : 60'000;
    options.dimension = 64;
    options.queries = report->quick() ? 20 : 500;
    data = GenerateClusters(options);
  }
  report->SetUp("data", data.name);
  report->SetUp("data_hash", data.hash);
  report->SetUp("rows", data.base.rows);
  report->SetUp("k", kK);
  report->SetUp("kernels", Must(SelectKernels())->name);
  FilterBench(std::move(data), report).Run(SelectivitiesOf(*report));
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run,
                                   {"--data", "--database", "--selectivities"});
}
