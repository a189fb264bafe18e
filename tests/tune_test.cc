// Search widths chosen by measuring: against exact answers to queries that were not used for it.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "retrieval/query_memory.h"
#include "retrieval/tuned_widths.h"
#include "tests/index_rows.h"
#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::size_t kDimension = 24;
constexpr std::size_t kRows = 10'000;

TEST(TunedWidths, LieBetweenThePointsMeasured) {
  const std::vector<TunePoint> points = {
      {10, 0.5, 1}, {20, 0.7, 2}, {40, 0.9, 3}, {80, 0.85, 4}, {160, 0.99, 5}};
  EXPECT_EQ(WidthForRecall(points, 0.3), 10u);
  EXPECT_EQ(WidthForRecall(points, 0.5), 10u);
  EXPECT_EQ(WidthForRecall(points, 0.6), 15u);  // 10 * sqrt(2), rounded up.
  EXPECT_EQ(WidthForRecall(points, 0.7), 20u);
  EXPECT_EQ(WidthForRecall(points, 0.9), 40u);
  EXPECT_EQ(WidthForRecall(points, 0.99), 160u);
  EXPECT_EQ(WidthForRecall(points, 0.995), std::nullopt);
  EXPECT_EQ(WidthForRecall({}, 0.5), std::nullopt);
  // A wider search that happens to find less does not make a narrower one worse.
  EXPECT_GT(*WidthForRecall(points, 0.91), 80u);

  EXPECT_DOUBLE_EQ(RecallAtWidth(points, 10), 0.5);
  EXPECT_DOUBLE_EQ(RecallAtWidth(points, 5), 0.5);
  EXPECT_DOUBLE_EQ(RecallAtWidth(points, 20), 0.7);
  EXPECT_NEAR(RecallAtWidth(points, 14), 0.6, 0.01);
  EXPECT_DOUBLE_EQ(RecallAtWidth(points, 500), 0.99);
}

TEST(TunedWidths, AreTakenWhereNothingElseIsAsked) {
  TuneResult tuned;
  tuned.k = 10;
  tuned.ef = 40;
  tuned.points = {{20, 0.9, 1}, {40, 0.95, 1}, {80, 0.99, 1}};
  const auto chosen = [](const QuerySettings& settings, const TuneResult* by) {
    const SearchWidth width = ChooseWidth(by, settings, settings.k);
    return std::to_string(width.ef.value_or(0)) + " " + width.ef_source +
           (width.exact ? " exact" : "");
  };
  QuerySettings settings;
  EXPECT_EQ(chosen(settings, nullptr), "0 segments");
  EXPECT_EQ(chosen(settings, &tuned), "40 tuned");
  settings.k = 25;
  EXPECT_EQ(chosen(settings, &tuned), "100 tuned");
  settings.ef = 7;
  EXPECT_EQ(chosen(settings, &tuned), "7 asked");
  settings = {};
  settings.target_recall = 0.99;
  EXPECT_EQ(chosen(settings, nullptr), "0 segments exact");
  EXPECT_EQ(chosen(settings, &tuned), "80 tuned");
  settings.target_recall = 0.95;
  EXPECT_EQ(chosen(settings, nullptr), "0 segments");
  settings.target_recall = 0.999;
  EXPECT_EQ(chosen(settings, &tuned), "0 segments exact");
  tuned.points.push_back({160, 1.0, 1});
  settings.target_recall = 0.999;
  EXPECT_EQ(chosen(settings, &tuned), "150 tuned");
  settings.target_recall = 1;  // What a sample found is no proof.
  EXPECT_EQ(chosen(settings, &tuned), "0 segments exact");
  settings = {};
  settings.exact = true;
  EXPECT_EQ(chosen(settings, &tuned), "0 segments exact");
  settings = {};
  tuned.ef = 0;  // No width reached the target.
  EXPECT_EQ(chosen(settings, &tuned), "0 segments");
}

TEST(QueryMemory, TakesAllUntilItIsFullThenSome) {
  QueryMemory memory;
  for (std::size_t i = 0; i < QueryMemory::kMost; ++i) {
    const float query[2] = {static_cast<float>(i), 0};
    memory.Offer(query, 2);
  }
  std::vector<float> queries = memory.Queries();
  ASSERT_EQ(queries.size(), QueryMemory::kMost * 2);
  for (std::size_t i = 0; i < QueryMemory::kMost; ++i) EXPECT_EQ(queries[i * 2], i);
  const float newer[2] = {-1, -1};
  for (std::size_t i = 0; i < 20 * QueryMemory::kMost; ++i) memory.Offer(newer, 2);
  queries = memory.Queries();
  ASSERT_EQ(queries.size(), QueryMemory::kMost * 2);
  const auto replaced = std::count(queries.begin(), queries.end(), -1.0F) / 2;
  EXPECT_GT(replaced, static_cast<long>(QueryMemory::kMost / 2));
}

TEST(QueryMemory, HoldsFewerThatAreLarge) {
  QueryMemory memory;
  const std::vector<float> query(65'536, 1.0F);
  for (int i = 0; i < 20; ++i) memory.Offer(query.data(), query.size());
  EXPECT_LE(memory.Queries().size() * sizeof(float), QueryMemory::kMostBytes);
  EXPECT_FALSE(memory.Queries().empty());
}

class TuneTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    rows_.emplace(Must(db_->CreateCollection("rows", BodySchema(kDimension))));
    std::mt19937_64 random(seed_);
    // Queries are of the same clusters.
    const std::vector<float> all = ClusteredVectors(kRows + 1500, kDimension, random, 0.7F);
    Rows rows;
    for (std::size_t i = 0; i < kRows; ++i) rows.ids.push_back("id" + std::to_string(i));
    rows.vectors.assign(all.begin(), all.begin() + kRows * kDimension);
    queries_.assign(all.begin() + kRows * kDimension, all.end());
    Upsert(*rows_, rows);
    Must(rows_->Rebuild());
  }

  std::span<const float> Queries(std::size_t first, std::size_t count) const {
    return std::span(queries_).subspan(first * kDimension, count * kDimension);
  }

  /// Of the second thousand of queries.
  double Recall(std::optional<double> target) {
    BatchRequest request;
    request.vectors = Queries(500, 1000);
    request.target_recall = target;
    const BatchResponse found = Must(rows_->SearchBatch(request));
    request.target_recall.reset();
    request.exact = true;
    const BatchResponse truth = Must(rows_->SearchBatch(request));
    std::size_t right = 0;
    for (std::size_t i = 0; i < found.scores.size(); ++i) {
      right += found.scores[i] >= truth.scores[i / 10 * 10 + 9];
    }
    return static_cast<double>(right) / static_cast<double>(found.scores.size());
  }

  Receipt ReceiptOf(SearchRequest request) {
    request.vector = Queries(0, 1);
    return Must(rows_->Search(request)).receipt;
  }

  const std::uint64_t seed_ = TestSeed();
  std::optional<Collection> rows_;
  std::vector<float> queries_;
};

TEST_F(TuneTest, GivenQueriesDecideAndTheResultIsKept) {
  SCOPED_TRACE(SeedMessage(seed_));
  EXPECT_EQ(ReceiptOf({}).ef_source, "segments");
  TuneOptions options;
  options.target_recall = 0.97;
  options.queries = Queries(0, 500);
  const TuneResult tuned = Must(rows_->Tune(options));
  EXPECT_EQ(tuned.queries, "given");
  EXPECT_EQ(tuned.used, 500u);
  EXPECT_EQ(tuned.chunks, kRows);
  ASSERT_GE(tuned.ef, 10u);
  EXPECT_GE(tuned.recall, 0.97 - 1e-9);
  EXPECT_LT(tuned.half_width, 0.02);
  // Of queries that were not used, within 0.01 and what two samples differ by.
  EXPECT_GE(Recall(std::nullopt), 0.96 - tuned.half_width);
  for (const double target : {0.9, 0.95, 0.99}) {
    EXPECT_GE(Recall(target), target - 0.01 - tuned.half_width) << target;
  }
  EXPECT_EQ(Recall(1.0), 1.0);

  const auto expect_taken = [&] {
    const Receipt receipt = ReceiptOf({});
    EXPECT_EQ(receipt.ef, tuned.ef);
    EXPECT_EQ(receipt.ef_source, "tuned");
    ASSERT_EQ(Must(rows_->Stats()).tuned.size(), 1u);
    EXPECT_EQ(Must(rows_->Stats()).tuned[0], tuned);
    EXPECT_TRUE(Must(rows_->Stats()).warnings.empty());
  };
  expect_taken();
  rows_.reset();
  Reopen();
  rows_.emplace(Must(db_->GetCollection("rows")));
  expect_taken();
  SearchRequest asked;
  asked.ef = 12;
  EXPECT_EQ(ReceiptOf(asked).ef_source, "asked");
}

TEST_F(TuneTest, QueriesThatWereAskedAreUsedAndBeforeThatStoredVectors) {
  SCOPED_TRACE(SeedMessage(seed_));
  const TuneResult stored = Must(rows_->Tune());
  EXPECT_EQ(stored.queries, "stored");
  EXPECT_EQ(stored.used, 500u);
  EXPECT_LT(stored.points.front().recall, 1) << "a row that is searched for hides itself";
  BatchRequest asked;
  asked.vectors = Queries(0, 300);
  Must(rows_->SearchBatch(asked));
  const TuneResult recent = Must(rows_->Tune());
  EXPECT_EQ(recent.queries, "recent");
  EXPECT_EQ(recent.used, 300u);
  EXPECT_GE(Recall(std::nullopt), 0.94 - recent.half_width);
}

TEST_F(TuneTest, WarnsOnceTheCollectionIsAnother) {
  Must(rows_->Tune());
  Selection most;
  most.ids.emplace();
  for (std::size_t i = 0; i < kRows * 6 / 10; ++i) most.ids->push_back("id" + std::to_string(i));
  Must(rows_->Delete(most));
  const CollectionStats stats = Must(rows_->Stats());
  ASSERT_EQ(stats.warnings.size(), 1u);
  EXPECT_NE(stats.warnings[0].find("10000 chunks and the collection has 4000"), std::string::npos);
  EXPECT_EQ(ReceiptOf({}).ef_source, "segments");
}

TEST_F(TuneTest, BadInputChangesNothing) {
  TuneOptions options;
  options.target_recall = 1;
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"target_recall: 1"}));
  options = {};
  options.k = 0;
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"k: 0", "1 to 1000"}));
  options = {};
  options.most_queries = 9;
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"most_queries: 9"}));
  options = {};
  options.queries = std::span(queries_).first(kDimension + 1);
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"25 floats"}));
  options = {};
  options.field = "boddy";
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"body"}));
  options = {};
  const std::vector<float> nothing(kDimension, 0.0F);
  options.queries = nothing;
  EXPECT_TRUE(Fails(rows_->Tune(options), StatusCode::kInvalidArgument, {"query 0"}));
  EXPECT_TRUE(Must(rows_->Stats()).tuned.empty());
  EXPECT_EQ(ReceiptOf({}).ef_source, "segments");

  Collection small = Must(db_->CreateCollection("small", BodySchema(3)));
  Upsert(small, MakeRows(0, 300, 3));
  EXPECT_TRUE(Fails(small.Tune(), StatusCode::kInvalidArgument, {"300 chunks", "rebuild()"}));
  Collection empty = Must(db_->CreateCollection("empty", BodySchema(3)));
  EXPECT_TRUE(Fails(empty.Tune(), StatusCode::kInvalidArgument, {"0 chunks"}));
}

TEST_F(TuneTest, DroppingTakesItAlong) {
  Must(rows_->Tune());
  Must(db_->DropCollection("rows"));
  rows_.emplace(Must(db_->CreateCollection("rows", BodySchema(kDimension))));
  EXPECT_TRUE(Must(rows_->Stats()).tuned.empty());
}

}  // namespace
}  // namespace tracevec
