// Collections whose rows move into segments in the background: answers, receipts and figures.

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/test_database.h"

namespace tracevec {
namespace {

constexpr std::size_t kDimension = 1024;  // 512 rows a block.
constexpr std::size_t kRows = 2600;

class SegmentsTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    notes_.emplace(Must(db_->CreateCollection("notes", BodySchema(kDimension))));
    Rows rows = MakeRows(0, kRows, kDimension);
    for (std::size_t i = 0; i < kRows; ++i) {
      rows.metadata.push_back({{"n", static_cast<std::int64_t>(i % 10)}});
      rows.texts.push_back("text " + std::to_string(i));
    }
    rows_ = rows;
    Upsert(*notes_, rows);
  }

  Collection& notes() { return *notes_; }
  CollectionStats Stats() const { return Must(notes_->Stats()); }

  /// Until nothing waits for a segment. The builder is idle where others use the machine.
  void WaitForBuilder() {
    for (int i = 0; i < 60000 && Stats().unbuilt_chunks > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(Stats().unbuilt_chunks, 0u);
  }

  SearchRequest QueryOf(std::size_t row, std::uint32_t k = 10) const {
    SearchRequest request;
    request.vector = std::span(&rows_.vectors[row * kDimension], kDimension);
    request.k = k;
    return request;
  }

  /// The share of exact answers that searches find.
  double Recall(std::size_t queries) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < queries; ++i) {
      SearchRequest request = QueryOf(i * 17 % kRows);
      const std::vector<std::string> ids = IdsOf(Must(notes().Search(request)).hits);
      const std::set<std::string> approximate(ids.begin(), ids.end());
      request.exact = true;
      for (const Hit& hit : Must(notes().Search(request)).hits) found += approximate.count(hit.id);
    }
    return static_cast<double>(found) / static_cast<double>(queries * 10);
  }

  std::optional<Collection> notes_;
  Rows rows_;
};

TEST_F(SegmentsTest, FullBlocksBecomeSegmentsAndReceiptsSaySo) {
  WaitForBuilder();
  const CollectionStats stats = Stats();
  EXPECT_GE(stats.segments, 1u);
  EXPECT_GE(stats.segments_built, 1u);
  EXPECT_GE(stats.graph_insertions, 2560u);
  EXPECT_EQ(stats.chunks, kRows);
  EXPECT_EQ(stats.tombstones, 0u);
  const SearchResponse response = Must(notes().Search(QueryOf(5)));
  EXPECT_EQ(response.hits[0].id, "id5");
  EXPECT_EQ(response.hits[0].text, "text 5");
  EXPECT_EQ(response.hits[0].metadata, (Metadata{{"n", 5}}));
  EXPECT_EQ(response.receipt.plan, "graph");
  EXPECT_GE(response.receipt.segments_searched, 1u);
  EXPECT_GT(response.receipt.nodes_visited, 10u);
  EXPECT_LT(response.receipt.distances, kRows);
}

TEST_F(SegmentsTest, WhatIsBeingLoadedIsFoundAtOnceAndBuiltAfterwards) {
  constexpr std::size_t kLoaded = 24'576;  // Three blocks; enough for several threads to build.
  constexpr std::size_t kBatch = 2'048;
  constexpr std::size_t kSmallDimension = 64;
  notes_.emplace(Must(db_->CreateCollection("loaded", BodySchema(kSmallDimension))));
  const Rows all = MakeRows(0, kLoaded, kSmallDimension);
  const auto nearest = [&](std::size_t row) {
    SearchRequest request;
    request.vector = std::span(&all.vectors[row * kSmallDimension], kSmallDimension);
    request.k = 1;
    return Must(notes().Search(request)).hits.at(0).id;
  };
  for (std::size_t first = 0; first < kLoaded; first += kBatch) {
    Rows batch;
    const auto begin = static_cast<long>(first);
    const auto end = static_cast<long>(first + kBatch);
    batch.ids.assign(all.ids.begin() + begin, all.ids.begin() + end);
    batch.vectors.assign(all.vectors.begin() + begin * long{kSmallDimension},
                         all.vectors.begin() + end * long{kSmallDimension});
    Upsert(notes(), batch);
    EXPECT_EQ(nearest(first + kBatch - 1), all.ids[first + kBatch - 1]);
  }
  WaitForBuilder();
  const CollectionStats stats = Stats();
  EXPECT_GE(stats.segments, 1u);
  EXPECT_EQ(stats.graph_insertions, kLoaded) << "each row once";
  std::size_t found = 0;
  for (std::size_t row = 0; row < kLoaded; row += 100) found += nearest(row) == all.ids[row];
  EXPECT_GE(found, kLoaded / 100 * 99 / 100);
}

TEST_F(SegmentsTest, DefaultSettingsFindNineteenOfTwentyExactAnswers) {
  Must(notes().Rebuild());
  EXPECT_EQ(Stats().segments, 1u);
  EXPECT_GE(Recall(60), 0.95);
}

TEST_F(SegmentsTest, WritesReachRowsOfSegments) {
  Must(notes().Rebuild());
  Must(notes().Delete({std::vector<std::string>{"id7"}, {}}));
  Must(notes().UpdateMetadata({{"n", 77}}, {std::vector<std::string>{"id8"}, {}}));
  Rows replaced = MakeRows(9, 1, kDimension, 99);
  replaced.texts = {"replaced"};
  Upsert(notes(), replaced);
  EXPECT_EQ(Stats().tombstones, 2u);
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_NE(Must(notes().Search(QueryOf(7))).hits[0].id, "id7");
    EXPECT_EQ(Must(notes().Search(QueryOf(8))).hits[0].metadata, (Metadata{{"n", 77}}));
    SearchRequest request;
    request.vector = replaced.vectors;
    EXPECT_EQ(Must(notes().Search(request)).hits[0].text, "replaced");
    EXPECT_EQ(Must(notes().Count("n = 77")), 1u);
    EXPECT_EQ(Must(notes().Count()), kRows - 1);
    Must(notes().Rebuild());
    EXPECT_EQ(Stats().tombstones, 0u);
    Reopen();
    notes_.emplace(Must(db_->GetCollection("notes")));
  }
}

TEST_F(SegmentsTest, FiltersSeeEveryRowOfASegment) {
  Must(notes().Rebuild());
  SearchRequest request = QueryOf(3, 300);
  request.where = "n = 3 AND text = 'text 3'";
  const SearchResponse one = Must(notes().Search(request));
  ASSERT_EQ(one.hits.size(), 1u);
  EXPECT_EQ(one.receipt.plan, "filtered_scan");
  request.where = "n = 3";
  EXPECT_EQ(Must(notes().Search(request)).hits.size(), 260u);
  EXPECT_EQ(Must(notes().Count("n IN (3, 4)")), 520u);
  ScanOptions scan;
  scan.where = "n = 3";
  scan.order_by = "-n";
  EXPECT_EQ(ReadAll(Must(notes().Scan(scan))).size(), 260u);
}

TEST_F(SegmentsTest, EqualScoresInSegmentAndHeadComeInTheOrderOfTheirIds) {
  Rows twins;
  for (const char* id : {"b", "a"}) {
    twins.ids = {id};
    twins.vectors.assign(rows_.vectors.begin(), rows_.vectors.begin() + kDimension);
    Upsert(notes(), twins);
    if (*id == 'b') Must(notes().Rebuild());
  }
  EXPECT_EQ(IdsOf(Must(notes().Search(QueryOf(0, 3))).hits),
            (std::vector<std::string>{"a", "b", "id0"}));
}

TEST_F(SegmentsTest, ARebuildWithOneThreadGivesTheSameAnswersEachTime) {
  RebuildOptions options;
  options.deterministic = true;
  std::vector<std::vector<std::string>> first;
  for (int round = 0; round < 2; ++round) {
    Must(notes().Rebuild(options));
    for (std::size_t i = 0; i < 40; ++i) {
      SearchRequest request = QueryOf(i);
      request.ef = 10;
      const std::vector<std::string> ids = IdsOf(Must(notes().Search(request)).hits);
      if (round == 0) first.push_back(ids);
      EXPECT_EQ(ids, first[i]);
    }
  }
}

TEST_F(SegmentsTest, CompactingGivesMemoryAndDiskBack) {
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < 2000; ++i) gone.push_back("id" + std::to_string(i));
  Must(notes().Delete({gone, {}}));
  Must(db_->Compact());
  const CollectionStats after = Stats();
  EXPECT_EQ(after.segments, 1u);
  EXPECT_EQ(after.tombstones, 0u);
  EXPECT_EQ(after.chunks, kRows - 2000);
  EXPECT_LT(after.index_bytes, 3'000u * kDimension * 5);
  const std::uint64_t built = after.segments_built;
  Must(db_->Compact());
  EXPECT_EQ(Stats().segments_built, built) << "there was nothing to do";
}

TEST_F(SegmentsTest, WhatIsAskedWronglyIsRefused) {
  RebuildOptions options;
  options.threads = 0;
  EXPECT_TRUE(Fails(notes().Rebuild(options), StatusCode::kInvalidArgument, {"threads: 0"}));
  EXPECT_TRUE(Fails(db_->Compact(257), StatusCode::kInvalidArgument, {"threads: 257"}));
  Must(db_->Close());
  EXPECT_TRUE(Fails(notes().Rebuild(), StatusCode::kClosed));
  EXPECT_TRUE(Fails(db_->Compact(), StatusCode::kClosed));
  OpenOptions read;
  read.mode = OpenMode::kRead;
  db_ = Must(Database::Open(path_, SmallStore(read)));
  EXPECT_TRUE(Fails(db_->Compact(), StatusCode::kReadOnly));
  notes_.emplace(Must(db_->GetCollection("notes")));
  Must(notes().Rebuild());
  EXPECT_EQ(Must(notes().Search(QueryOf(5))).receipt.plan, "graph");
}

TEST_F(SegmentsTest, CodesAreTheKindThatTheFieldNames) {
  for (const CodeChoice codes : {CodeChoice::kInt8, CodeChoice::kInt4}) {
    CollectionSchema schema = BodySchema(kDimension);
    schema.vectors["body"].codes = codes;
    const std::string name(CodeChoiceName(codes));
    Collection chosen = Must(db_->CreateCollection(name, schema));
    Upsert(chosen, MakeRows(0, 1500, kDimension));
    Must(chosen.Rebuild());
    EXPECT_EQ(Must(chosen.Search(QueryOf(5))).receipt.code, name);
  }
  notes_.reset();
  Reopen();
  Collection chosen = Must(db_->GetCollection("int4"));
  EXPECT_EQ(chosen.schema().vectors.at("body").codes, CodeChoice::kInt4);
  Must(chosen.Rebuild());
  EXPECT_EQ(Must(chosen.Search(QueryOf(5))).receipt.code, "int4");
}

TEST_F(SegmentsTest, ClosingEndsABuild) {
  for (int i = 0; i < 3; ++i) {
    std::thread rebuild([this] { notes().Rebuild().IgnoreError("it may be cut off"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * i));
    Must(db_->Close());
    rebuild.join();
    Open();
    notes_.emplace(Must(db_->GetCollection("notes")));
    EXPECT_EQ(Must(notes().Count()), kRows);
  }
}

TEST_F(SegmentsTest, ADroppedCollectionIsNotBuiltAnyMore) {
  Must(db_->DropCollection("notes"));
  EXPECT_TRUE(Fails(notes().Rebuild(), StatusCode::kNotFound));
}

TEST_F(SegmentsTest, AGraphSearchStopsAtItsDeadline) {
  Must(notes().Rebuild());
  SearchRequest request = QueryOf(5, 100);
  request.ef = 2600;
  request.deadline_ms = 1e-6;
  const SearchResponse response = Must(notes().Search(request));
  EXPECT_TRUE(response.receipt.deadline_cut);
  EXPECT_EQ(response.receipt.short_reason, "deadline");
}

}  // namespace
}  // namespace tracevec
