// SearchBatch: the same answers as one by one, on any number of threads.

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/test_database.h"

namespace tracevec {
namespace {

class SearchBatchTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;
  static constexpr std::size_t kQueries = 33;

  void SetUp() override {
    DatabaseTest::SetUp();
    notes_ = Must(db_->GetOrCreateCollection("notes", kDimension));
  }
  void Fill(std::size_t count) {
    Rows rows = MakeRows(0, count, kDimension);
    for (std::size_t i = 0; i < count; ++i) {
      rows.metadata.push_back({{"n", static_cast<int>(i % 50)}});
      rows.texts.push_back(i % 2 == 0 ? "even" : "odd");
    }
    Upsert(*notes_, rows);
  }
  BatchRequest Batch(std::uint32_t threads) const {
    BatchRequest request;
    request.vectors = queries_;
    request.threads = threads;
    return request;
  }
  /// The batch's answers are those of single searches, place by place.
  void ExpectSameAsSingle(const BatchRequest& batch) {
    const BatchResponse response = Must(notes_->SearchBatch(batch));
    ASSERT_EQ(response.k, batch.k);
    ASSERT_EQ(response.ids.size(), kQueries * batch.k);
    ASSERT_EQ(response.scores.size(), kQueries * batch.k);
    ASSERT_EQ(response.receipts.size(), kQueries);
    std::set<std::string> receipt_ids;
    for (std::size_t i = 0; i < kQueries; ++i) {
      SearchRequest single;
      single.vector = batch.vectors.subspan(i * kDimension, kDimension);
      single.k = batch.k;
      single.where = batch.where;
      single.exact = batch.exact;
      const auto hits = Must(notes_->Search(single)).hits;
      for (std::size_t place = 0; place < batch.k; ++place) {
        const std::size_t at = i * batch.k + place;
        if (place < hits.size()) {
          ASSERT_EQ(response.ids[at], hits[place].id) << "query " << i << " place " << place;
          ASSERT_EQ(response.scores[at], hits[place].score);
        } else {
          ASSERT_EQ(response.ids[at], "");
          ASSERT_TRUE(std::isnan(response.scores[at]));
        }
      }
      EXPECT_EQ(response.receipts[i].returned, hits.size());
      EXPECT_EQ(response.receipts[i].label, batch.label);
      EXPECT_GT(response.receipts[i].total_micros, 0);
      receipt_ids.insert(response.receipts[i].id);
    }
    EXPECT_EQ(receipt_ids.size(), kQueries);
  }

  std::optional<Collection> notes_;
  const std::vector<float> queries_ = RandomVectors(kQueries, kDimension, 7);
};

TEST_F(SearchBatchTest, GivesTheAnswersOfSingleSearches) {
  for (const std::size_t count : {0u, 300u, 2000u}) {
    Fill(count);
    for (const std::uint32_t threads : {1u, 2u, 256u}) {
      BatchRequest batch = Batch(threads);
      batch.label = "batch";
      ExpectSameAsSingle(batch);
      batch.where = "id LIKE '%'";
      batch.exact = true;
      ExpectSameAsSingle(batch);
    }
  }
  // From here on along a graph. On one thread: hnswlib's share the generator of levels, which
  // nothing uses, without a lock, and ThreadSanitizer tells of it.
  RebuildOptions one_thread;
  one_thread.threads = 1;
  Must(notes_->Rebuild(one_thread));
  for (const std::uint32_t threads : {1u, 2u}) ExpectSameAsSingle(Batch(threads));
}

TEST_F(SearchBatchTest, MissingPlacesAreEmptyAndNan) {
  Fill(1000);
  for (const std::uint32_t threads : {1u, 2u}) {
    BatchRequest batch = Batch(threads);
    batch.k = 30;
    batch.where = "n = 7";
    ExpectSameAsSingle(batch);
    const BatchResponse response = Must(notes_->SearchBatch(batch));
    EXPECT_NE(response.ids[19], "");
    EXPECT_EQ(response.ids[20], "");
    EXPECT_TRUE(std::isnan(response.scores[29]));
  }
}

TEST_F(SearchBatchTest, EachThreadReadsTextsOfItsOwnForAFilter) {
  Fill(600);
  BatchRequest batch = Batch(2);
  batch.where = "text = 'odd'";
  ExpectSameAsSingle(batch);
}

TEST_F(SearchBatchTest, NoQueriesHaveNoAnswersAndReceiptsCanBeOff) {
  Fill(10);
  BatchRequest batch = Batch(2);
  batch.receipt = ReceiptLevel::kOff;
  EXPECT_TRUE(Must(notes_->SearchBatch(batch)).receipts.empty());
  batch.vectors = {};
  const BatchResponse none = Must(notes_->SearchBatch(batch));
  EXPECT_TRUE(none.ids.empty() && none.scores.empty() && none.receipts.empty());
}

TEST_F(SearchBatchTest, AMistakeNamesItsQuery) {
  Fill(10);
  std::vector<float> queries = queries_;
  queries[20 * kDimension + 3] = std::nanf("");
  for (const std::uint32_t threads : {1u, 2u}) {
    BatchRequest batch = Batch(threads);
    batch.vectors = queries;
    EXPECT_TRUE(Fails(notes_->SearchBatch(batch), StatusCode::kInvalidArgument,
                      {"query 20", "component 3", "nan"}));
  }
  BatchRequest batch = Batch(1);
  batch.vectors = std::span(queries_).first(17);
  EXPECT_TRUE(Fails(notes_->SearchBatch(batch), StatusCode::kInvalidArgument, {"17", "16"}));
  batch = Batch(0);
  EXPECT_TRUE(Fails(notes_->SearchBatch(batch), StatusCode::kInvalidArgument,
                    {"threads: 0, expected 1 to 256"}));
  EXPECT_TRUE(Fails(notes_->SearchBatch(Batch(257)), StatusCode::kInvalidArgument, {"257"}));
}

TEST_F(SearchBatchTest, TheDeadlineIsOfEachQuery) {
  Fill(1000);
  BatchRequest batch = Batch(2);
  batch.deadline_ms = 1e-6;
  for (const Receipt& receipt : Must(notes_->SearchBatch(batch)).receipts) {
    EXPECT_TRUE(receipt.deadline_cut);
  }
  batch.deadline_ms = 60'000;
  for (const Receipt& receipt : Must(notes_->SearchBatch(batch)).receipts) {
    EXPECT_FALSE(receipt.deadline_cut);
    EXPECT_EQ(receipt.returned, 10u);
  }
}

}  // namespace
}  // namespace tracevec
