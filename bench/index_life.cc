#include "bench/index_life.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include "bench/own_process.h"
#include "core/kernel_dispatch.h"

namespace tracevec::bench {
namespace {

constexpr double kQueries = 500;
constexpr double kQuickQueries = 50;
constexpr double kDimension = 100;
constexpr double kQuickDimension = 128;  // 4,096 rows to a block: a quick run seals one.
constexpr double kDataSeed = 20'260'730;
/// float32 sums of 784 products differ by less; as in bench/search/truth.py.
constexpr float kTie = 1e-6f;

void KeepFirst(std::size_t rows, FloatMatrix* matrix) {
  if (rows >= matrix->rows) return;
  matrix->rows = rows;
  matrix->values.resize(rows * matrix->dimension);
}

/// Both answers to all queries, each in one call.
BatchResponse SearchAll(const Collection& collection, const FloatMatrix& queries, bool exact) {
  BatchRequest request;
  request.vectors = queries.values;
  request.k = kRecallK;
  request.exact = exact;
  request.threads = std::max(1u, std::thread::hardware_concurrency());
  return Must(collection.SearchBatch(request));
}

}  // namespace

double NumberFlag(const BenchReport& report, const std::string& name, double otherwise) {
  const std::optional<std::string> given = report.Flag(name);
  return given ? std::stod(*given) : otherwise;
}

std::size_t RowsFlag(const BenchReport& report, std::size_t rows, std::size_t quick_rows) {
  const auto otherwise = static_cast<double>(report.quick() ? quick_rows : rows);
  return static_cast<std::size_t>(NumberFlag(report, "--rows", otherwise));
}

VectorData LoadLifeData(BenchReport* report, std::size_t rows) {
  const bool quick = report->quick();
  const auto queries =
      static_cast<std::size_t>(NumberFlag(*report, "--queries", quick ? kQuickQueries : kQueries));
  VectorData data;
  if (const auto folder = report->Flag("--data")) {
    data = ReadVectorData(*folder);
    KeepFirst(rows, &data.base);
    KeepFirst(queries, &data.queries);
  } else {
    ClusterOptions options;
    options.rows = rows;
    options.dimension = static_cast<std::size_t>(
        NumberFlag(*report, "--dimension", quick ? kQuickDimension : kDimension));
    options.queries = queries;
    options.clusters = static_cast<std::size_t>(NumberFlag(*report, "--clusters", 0));
    options.seed = static_cast<std::uint64_t>(NumberFlag(*report, "--seed", kDataSeed));
    data = GenerateClusters(options);
  }
  report->SetUp("library", Version());
  report->SetUp("kernels", Must(SelectKernels())->name);
  report->SetUp("threads", std::thread::hardware_concurrency());  // Builders run beside ours.
  report->SetUp("data", data.name);
  report->SetUp("data_hash", data.hash);
  report->SetUp("dimension", data.base.dimension);
  report->SetUp("queries", data.queries.rows);
  report->SetUp("durability", "async");
  return data;
}

LifeDatabase::LifeDatabase(std::size_t dimension)
    : database_(Must(Database::Open(path()))),
      collection_(Must(database_->GetOrCreateCollection(kCollectionName,
                                                        static_cast<std::uint32_t>(dimension)))) {}

void LifeDatabase::Reopen() {
  collection_.reset();
  database_.reset();
  database_ = Must(Database::Open(path()));
  collection_ = Must(database_->GetCollection(kCollectionName));
}

void UpsertOne(std::size_t id, std::span<const float> vector, Collection* collection) {
  const std::string name = std::to_string(id);
  UpsertRequest request;
  request.ids = std::span(&name, 1);
  request.vectors[""] = vector;
  Must(collection->Upsert(request));
}

void UpsertFirst(const FloatMatrix& base, std::size_t rows, Collection* collection) {
  std::vector<std::string> ids(rows);
  for (std::size_t row = 0; row < rows; ++row) ids[row] = std::to_string(row);
  UpsertRequest request;
  request.ids = ids;
  request.vectors[""] = std::span(base.values).first(rows * base.dimension);
  Must(collection->Upsert(request));
}

double WaitUntilQuiet(const Collection& collection) {
  // Between two builds, and where one reads a row, the builder may sleep for a moment.
  constexpr int kQuietLooks = 20;
  constexpr std::chrono::milliseconds kInterval{10};
  const Timer timer;
  double quiet_since = 0;
  for (int looks = 0; looks < kQuietLooks; ++looks) {
    if (OtherThreadsWork() || Must(collection.Stats()).unbuilt_chunks > 0) {
      looks = -1;
      quiet_since = timer.WallSeconds();
    }
    std::this_thread::sleep_for(kInterval);
  }
  return quiet_since;
}

double RecallOf(std::span<const std::string> ids, std::span<const float> scores,
                std::span<const float> exact_scores) {
  std::set<std::string_view> right;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i].empty() && scores[i] >= exact_scores.back() - kTie) right.insert(ids[i]);
  }
  return static_cast<double>(std::min(right.size(), exact_scores.size())) /
         static_cast<double>(exact_scores.size());
}

std::vector<double> MeasureRecalls(const Collection& collection, const FloatMatrix& queries) {
  const BatchResponse found = SearchAll(collection, queries, false);
  const BatchResponse exact = SearchAll(collection, queries, true);
  std::vector<double> recalls;
  for (std::size_t first = 0; first < found.ids.size(); first += kRecallK) {
    if (exact.ids[first + kRecallK - 1].empty()) throw std::runtime_error("fewer than k rows");
    recalls.push_back(RecallOf(std::span(found.ids).subspan(first, kRecallK),
                               std::span(found.scores).subspan(first, kRecallK),
                               std::span(exact.scores).subspan(first, kRecallK)));
  }
  return recalls;
}

double Mean(const std::vector<double>& values) {
  if (values.empty()) throw std::invalid_argument("a mean of no values");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace tracevec::bench
