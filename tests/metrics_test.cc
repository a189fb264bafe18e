// Metrics of searches: counted and timed without locks, and told as Prometheus wants them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "retrieval/engine.h"
#include "retrieval/latency_histogram.h"
#include "retrieval/metrics.h"
#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

TEST(LatencyHistogram, ItsClassesAreWithinThreePercent) {
  for (double micros = 6.5; micros < 6e9; micros *= 1.0137) {
    const double middle = LatencyHistogram::MicrosOf(LatencyHistogram::ClassOf(micros));
    EXPECT_LE(std::abs(middle - micros) / micros, 0.03) << micros;
  }
  for (double micros = 0.05; micros < 6.4; micros += 0.1) {
    const double middle = LatencyHistogram::MicrosOf(LatencyHistogram::ClassOf(micros));
    EXPECT_NEAR(middle, micros, 0.06);
  }
  for (std::size_t i = 0; i + 1 < LatencyHistogram::kClasses; ++i) {
    EXPECT_EQ(LatencyHistogram::ClassOf(LatencyHistogram::MicrosOf(i)), i);
    EXPECT_LT(LatencyHistogram::MicrosOf(i), LatencyHistogram::MicrosOf(i + 1));
  }
  for (const double odd : {-1.0, 0.0, std::nan("")}) EXPECT_EQ(LatencyHistogram::ClassOf(odd), 0u);
  EXPECT_EQ(LatencyHistogram::ClassOf(1e300), LatencyHistogram::kClasses - 1);
}

TEST(LatencyHistogram, PercentilesAreThoseOfTheValues) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> of_queries(4, 1);
  LatencyHistogram first;
  LatencyHistogram second;
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(6.4 + of_queries(random));
    sum += values.back();
    (i % 2 == 0 ? first : second).Record(values.back());
  }
  std::vector<std::uint64_t> counts(LatencyHistogram::kClasses, 0);
  double counted_sum = 0;
  first.AddTo(&counts, &counted_sum);
  second.AddTo(&counts, &counted_sum);
  EXPECT_NEAR(counted_sum / sum, 1, 0.01);
  std::sort(values.begin(), values.end());
  for (const double share : {0.5, 0.95, 0.99, 0.999, 1.0}) {
    const auto place = static_cast<std::size_t>(std::ceil(share * 20'000)) - 1;
    EXPECT_NEAR(PercentileOf(counts, share) / values[place], 1, 0.03) << share;
  }
}

TEST(LatencyHistogram, ThreadsLoseNothing) {
  LatencyHistogram histogram;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) histogram.Record(i % 100);
      });
    }
  }
  std::vector<std::uint64_t> counts(LatencyHistogram::kClasses, 0);
  double sum = 0;
  histogram.AddTo(&counts, &sum);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 40'000u);
  EXPECT_DOUBLE_EQ(sum, 4 * 100 * 4950.0);
}

class MetricsTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;

  void SetUp() override {
    DatabaseTest::SetUp();
    notes_ = Must(db_->GetOrCreateCollection("notes", kDimension));
    Rows rows = MakeRows(0, 20, kDimension);
    for (int i = 0; i < 20; ++i) rows.metadata.push_back({{"n", i}});
    Upsert(*notes_, rows);
  }
  SearchRequest Query() const {
    SearchRequest request;
    request.vector = query_;
    return request;
  }

  const std::vector<float> query_ = RandomVectors(1, kDimension, 99);
  std::optional<Collection> notes_;
};

TEST_F(MetricsTest, CountSearchesByOutcomeAndTimeTheirStages) {
  for (int i = 0; i < 7; ++i) Must(notes_->Search(Query()));
  SearchRequest request = Query();
  request.where = "n > 100";
  Must(notes_->Search(request));
  request.where = "";
  request.deadline_ms = 1e-6;
  Must(notes_->Search(request));
  request = Query();
  request.k = 0;
  EXPECT_FALSE(notes_->Search(request).ok());
  request = Query();
  request.receipt = ReceiptLevel::kOff;
  Must(notes_->Search(request));
  BatchRequest batch;
  const std::vector<float> queries = RandomVectors(3, kDimension, 5);
  batch.vectors = queries;
  Must(notes_->SearchBatch(batch));

  const MetricsReport report = Must(db_->Metrics());
  ASSERT_EQ(report.queries.size(), 1u);
  const QueryCounters& counters = report.queries[0];
  EXPECT_EQ(counters.collection, "notes");
  EXPECT_EQ(counters.ok, 10u);
  EXPECT_EQ(counters.empty, 1u);
  EXPECT_EQ(counters.degraded, 1u);
  EXPECT_EQ(counters.failed, 1u);
  EXPECT_GT(counters.distances, 10u * 20);
  std::set<std::string> stages;
  for (const LatencySummary& summary : report.latencies) {
    stages.insert(summary.stage);
    if (summary.stage != "total") continue;
    EXPECT_EQ(summary.count, 12u);
    EXPECT_GT(summary.p50, 0);
    EXPECT_LE(summary.p50, summary.p999);
    EXPECT_LE(summary.p999, summary.max);
    EXPECT_EQ(summary.buckets.back().second, 12u);
  }
  EXPECT_TRUE(stages.contains("total") && stages.contains("scan") && stages.contains("hydrate"));
  ASSERT_EQ(report.collections.size(), 1u);
  EXPECT_EQ(report.collections[0].live_chunks, 20u);
  EXPECT_EQ(report.commit, commit());
}

TEST(Metrics, AreNotHeldUpByAWriter) {
  TemporaryDirectory temporary;
  OpenOptions options;
  options.store_memory_bytes = 8 << 20;
  const auto engine = Must(Engine::Open(temporary / "db", options, nullptr));
  Must(engine->CreateCollection("notes", BodySchema(4), {}));
  {
    const std::lock_guard writer(engine->writer_mutex());
    EXPECT_EQ(GatherMetrics(*engine).collections.size(), 1u);
  }
  Must(engine->Close());
}

TEST_F(MetricsTest, ManyCollectionsShareOneEntry) {
  for (int i = 0; i < 105; ++i) {
    Collection many = Must(db_->GetOrCreateCollection("many" + std::to_string(i), kDimension));
    Upsert(many, MakeRows(0, 1, kDimension));
    Must(many.Search(Query()));
  }
  const MetricsReport report = Must(db_->Metrics());
  EXPECT_EQ(report.queries.size(), 101u);
  for (const QueryCounters& of : report.queries) {
    EXPECT_EQ(of.ok, of.collection == "_other" ? 5u : 1u) << of.collection;
  }
}

TEST_F(MetricsTest, TheTextIsWhatPrometheusReads) {
  Collection odd = Must(db_->GetOrCreateCollection("a \"quoted\\\nname", kDimension));
  Upsert(odd, MakeRows(0, 3, kDimension));
  Must(odd.Search(Query()));
  Must(db_->Snapshot("held"));
  const std::string text = Must(db_->Metrics()).ToPrometheus();
  const std::string label = R"re([a-z]+="([^"\\\n]|\\.)*")re";
  const std::regex sample("tracevec_[a-z_]+(\\{" + label + "(," + label + ")*\\})? [0-9.e+-]+");
  const std::regex comment(R"(# (HELP tracevec_[a-z_]+ .+|)"
                           R"(TYPE tracevec_[a-z_]+ (counter|gauge|histogram)))");
  std::istringstream lines(text);
  std::size_t samples = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_comment = line.starts_with('#');
    EXPECT_TRUE(std::regex_match(line, is_comment ? comment : sample)) << line;
    samples += is_comment ? 0 : 1;
  }
  EXPECT_GT(samples, 50u);
  EXPECT_NE(text.find("collection=\"a \\\"quoted\\\\\\nname\""), std::string::npos);
  EXPECT_NE(text.find("tracevec_snapshots 1\n"), std::string::npos);
  EXPECT_NE(text.find("le=\"+Inf\""), std::string::npos);
  EXPECT_FALSE(nlohmann::json::parse(Must(db_->Metrics()).ToJson())["latencies"].empty());
}

TEST_F(MetricsTest, ATraceHookSeesEachReceipt) {
  std::vector<std::string> seen;
  db_->SetTraceHook([&](const Receipt& receipt) { seen.push_back(receipt.id); });
  const Receipt first = Must(notes_->Search(Query())).receipt;
  SearchRequest off = Query();
  off.receipt = ReceiptLevel::kOff;
  Must(notes_->Search(off));
  EXPECT_EQ(seen, std::vector<std::string>{first.id});
  db_->SetTraceHook([](const Receipt&) { throw std::runtime_error("of the hook"); });
  EXPECT_TRUE(notes_->Search(Query()).ok());
  db_->SetTraceHook(nullptr);
  EXPECT_TRUE(notes_->Search(Query()).ok());
  EXPECT_EQ(seen.size(), 1u);
}

}  // namespace
}  // namespace tracevec
