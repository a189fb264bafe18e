// Kept receipts of searches of several sources: they have all that was asked and found, are asked
// again, and lose what is erased.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/test_database.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kBody = 8;
constexpr std::uint32_t kTitle = 4;
constexpr std::size_t kRows = 30;

class ReceiptSourcesTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema;
    schema.vectors["body"].dimension = kBody;
    schema.vectors["title"].dimension = kTitle;
    schema.sparse_vectors["words"];
    schema.text = TextField{"simple"};
    notes_.emplace(Must(db_->CreateCollection("notes", schema)));
    std::vector<std::string> ids;
    std::vector<std::string> texts;
    std::vector<SparseVector> words;
    for (std::uint32_t i = 0; i < kRows; ++i) {
      ids.push_back("id" + std::to_string(i));
      texts.push_back(i % 2 == 0 ? "even words" : "odd words");
      words.push_back({{i % 5, 100 + i}, {1.0F + static_cast<float>(i), 0.5F}});
    }
    UpsertRequest request;
    request.ids = ids;
    request.texts = texts;
    request.vectors["body"] = bodies_;
    request.vectors["title"] = titles_;
    request.sparse_vectors["words"] = words;
    Must(notes_->Upsert(request));
  }

  /// Every kind of source, and two phrasings. Its sparse field is not named.
  SearchRequest All() const {
    SearchRequest request;
    request.vector = Body(3);
    request.field = "body";
    request.vectors = {{"title", Title(4)}};
    request.sparse_vectors = {{"", {{102, 2}, {0.5F, 1}}}};
    request.text = "odd";
    Phrasing& phrasing = request.phrasings.emplace_back();
    phrasing.vector = Body(7);
    phrasing.text = "even";
    request.k = 5;
    request.receipt = ReceiptLevel::kKeep;
    return request;
  }
  std::span<const float> Body(std::size_t row) const {
    return std::span(bodies_).subspan(row * kBody, kBody);
  }
  std::span<const float> Title(std::size_t row) const {
    return std::span(titles_).subspan(row * kTitle, kTitle);
  }

  const std::vector<float> bodies_ = RandomVectors(kRows, kBody, 1);
  const std::vector<float> titles_ = RandomVectors(kRows, kTitle, 2);
  std::optional<Collection> notes_;
};

TEST_F(ReceiptSourcesTest, KeepAllThatWasAskedAndFound) {
  const SearchResponse response = Must(notes_->Search(All()));
  const KeptReceipt kept = Must(db_->GetReceipt(response.receipt.id));
  EXPECT_EQ(static_cast<const Receipt&>(kept).ToJson(), response.receipt.ToJson());
  ASSERT_EQ(kept.sources.size(), 6u);
  ASSERT_EQ(kept.ledger.size(), 5u);
  const AskedQuery& query = kept.query;
  EXPECT_EQ(query.field, "body");
  const std::span<const float> title = Title(4);
  EXPECT_EQ(query.vectors, (std::vector<AskedVector>{{"title", {title.begin(), title.end()}}}));
  EXPECT_EQ(query.sparse_vectors,
            (std::vector<AskedSparseVector>{{"words", {{2, 102}, {1, 0.5F}}}}));
  ASSERT_EQ(query.phrasings.size(), 1u);
  EXPECT_EQ(query.phrasings[0].text, "even");
  EXPECT_EQ(query.phrasings[0].vector.size(), kBody);
}

TEST_F(ReceiptSourcesTest, EverySourceIsInTheFingerprint) {
  const auto hash = [&](const SearchRequest& request) {
    return Must(notes_->Search(request)).receipt.query_hash;
  };
  const std::uint64_t all = hash(All());
  EXPECT_EQ(hash(All()), all);
  SearchRequest request = All();
  request.sparse_vectors[0].vector = {{2, 102}, {1, 0.5F}};
  EXPECT_EQ(hash(request), all) << "entries may come in any order";
  request.sparse_vectors[0].vector.values[0] = 2;
  EXPECT_NE(hash(request), all);
  request = All();
  request.vectors[0].vector = Title(5);
  EXPECT_NE(hash(request), all);
  request = All();
  request.phrasings[0].text = "odd";
  EXPECT_NE(hash(request), all);
}

TEST_F(ReceiptSourcesTest, AreReplayed) {
  std::vector<SearchRequest> requests = {All(), All(), All(), All()};
  requests[1].vector = {};
  requests[1].field.clear();
  requests[1].phrasings.clear();
  requests[2].vector = {};
  requests[2].like = "id3";
  requests[3] = SearchRequest();
  requests[3].sparse_vectors = {{"words", {{2}, {1}}}};
  requests[3].receipt = ReceiptLevel::kKeep;
  for (const SearchRequest& request : requests) {
    const SearchResponse then = Must(notes_->Search(request));
    const Replay replay = Must(db_->Replay(then.receipt.id, "now"));
    EXPECT_TRUE(replay.equal()) << replay.ToJson();
    EXPECT_EQ(replay.same.size(), then.hits.size());
    EXPECT_EQ(replay.receipt.sources.size(), then.receipt.sources.size());
  }
  const SearchResponse then = Must(notes_->Search(All()));
  Selection first;
  first.ids = {then.hits[0].id};
  Must(notes_->Delete(first));
  const Replay replay = Must(db_->Replay(then.receipt.id, "now"));
  for (const ReplayCause& cause : replay.causes) EXPECT_NE(cause.kind, "unexplained");
}

TEST_F(ReceiptSourcesTest, AreRedactedWithAnErasedVectorOfAnySource) {
  const SearchResponse of_title = Must(notes_->Search(All()));
  SearchRequest by_words = All();
  by_words.vectors.clear();
  by_words.sparse_vectors = {{"words", {{101, 1}, {0.5F, 2}}}};  // What id1 has.
  const SearchResponse of_words = Must(notes_->Search(by_words));
  Must(notes_->EraseDocument("id4"));
  Must(notes_->EraseDocument("id1"));
  EXPECT_TRUE(Must(db_->GetReceipt(of_title.receipt.id)).redacted);
  EXPECT_TRUE(Must(db_->GetReceipt(of_words.receipt.id)).redacted);
}

TEST_F(ReceiptSourcesTest, WhyTellsTheRankInEverySource) {
  const SearchResponse then = Must(notes_->Search(All()));
  SearchRequest deep = All();
  deep.k = kRows;
  const SearchResponse all = Must(notes_->Search(deep));
  const LostChunk lost = Must(db_->Why(then.receipt.id, all.hits.back().id));
  EXPECT_EQ(lost.rule, "fused_out") << lost.ToJson();
  ASSERT_EQ(lost.sources.size(), then.receipt.sources.size());
  for (std::size_t i = 0; i < lost.sources.size(); ++i) {
    EXPECT_EQ(lost.sources[i].name, then.receipt.sources[i].name);
    EXPECT_EQ(lost.sources[i].field, then.receipt.sources[i].field);
    EXPECT_EQ(lost.sources[i].phrasing, then.receipt.sources[i].phrasing);
  }
  EXPECT_GT(lost.dense_rank, 0u);

  SearchRequest sparse;
  sparse.sparse_vectors = {{"words", {{2}, {1}}}};
  sparse.receipt = ReceiptLevel::kKeep;
  const LostChunk none = Must(db_->Why(Must(notes_->Search(sparse)).receipt.id, "id3"));
  EXPECT_EQ(none.rule, "no_term");
  EXPECT_EQ(none.stage, "sparse");
}

}  // namespace
}  // namespace tracevec
