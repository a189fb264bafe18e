// Filtered searches along graphs, where chunks may lack the vector that is searched for, and
// filters that columns say nothing of.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/test_database.h"

namespace tracevec {
namespace {

constexpr std::size_t kDimension = 8;
constexpr std::size_t kRows = 12'000;
constexpr std::size_t kFew = 5;
/// So narrow a search walks among the 9,000 chunks of kind 0, whatever width the segment needs,
constexpr std::uint32_t kNarrow = 32;
/// and this one also among the 3,005 of kind 1.
constexpr std::uint32_t kNarrower = 12;

/// Half the chunks have a vector of "body", all have one of "title". Of kind 1 only a few have
/// both.
class FilterWalkTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema = BodySchema(kDimension, Metric::kL2);
    schema.vectors["title"].dimension = kDimension;
    rows_.emplace(Must(db_->CreateCollection("rows", schema)));
    const std::vector<float> vectors = RandomVectors(kRows, kDimension, 3);
    for (const bool has_body : {true, false}) {
      std::vector<std::string> ids;
      std::vector<float> chosen;
      std::vector<Metadata> metadata;
      for (std::size_t i = has_body ? 0 : 1; i < kRows; i += 2) {
        ids.push_back("id" + std::to_string(i));
        if (has_body) with_body_.insert(ids.back());
        const float* vector = &vectors[i * kDimension];
        chosen.insert(chosen.end(), vector, vector + kDimension);
        const bool kind = has_body ? i < 2 * kFew : i % 4 == 1;
        metadata.push_back({{"kind", kind ? 1 : 0}});
      }
      UpsertRequest request;
      request.ids = ids;
      request.vectors["title"] = chosen;
      if (has_body) request.vectors["body"] = chosen;
      request.metadata = metadata;
      Must(rows_->Upsert(request));
    }
    Must(rows_->Rebuild());
  }

  SearchResponse Find(const std::string& where, bool exact = false,
                      std::optional<std::uint32_t> ef = std::nullopt) {
    SearchRequest request;
    const std::vector<float> query(kDimension, 0.1F);
    request.vector = query;
    request.field = "body";
    request.where = where;
    request.exact = exact;
    if (!exact) request.ef = ef;
    return Must(rows_->Search(request));
  }

  std::optional<Collection> rows_;
  std::set<std::string> with_body_;
};

TEST_F(FilterWalkTest, FindsOnlyChunksThatHaveTheVector) {
  const SearchResponse many = Find("kind = 0", false, kNarrow);
  ASSERT_EQ(many.receipt.parts.size(), 1u);
  EXPECT_EQ(many.receipt.parts[0].way, "graph_matches");
  ASSERT_EQ(many.hits.size(), 10u);
  for (const Hit& hit : many.hits) EXPECT_TRUE(with_body_.contains(hit.id)) << hit.id;
  // Which chunks have a vector tells right from wrong, not how many of the nearest are found.
  std::set<std::string> right;
  for (const Hit& hit : Find("kind = 0", true).hits) right.insert(hit.id);
  const auto is_right = [&](const Hit& hit) { return right.contains(hit.id); };
  EXPECT_GE(std::count_if(many.hits.begin(), many.hits.end(), is_right), 8);
}

TEST_F(FilterWalkTest, GivesAllThereAreWhereFewOfTheMatchesHaveTheVector) {
  const SearchResponse few = Find("kind = 1", false, kNarrower);
  EXPECT_EQ(few.hits.size(), kFew);
  EXPECT_EQ(IdsOf(few.hits), IdsOf(Find("kind = 1", true).hits));
  // The walk came to its end with too few, and the receipt says what was done then.
  ASSERT_EQ(few.receipt.parts.size(), 1u);
  EXPECT_EQ(few.receipt.parts[0].way, "scan_matches");
}

TEST_F(FilterWalkTest, AFilterThatColumnsSayNothingOfIsAskedOfRowsAsTheyAreScanned) {
  const SearchResponse found = Find("version = 1");
  EXPECT_EQ(IdsOf(found.hits), IdsOf(Find("version = 1", true).hits));
  EXPECT_EQ(found.hits.size(), 10u);
  ASSERT_EQ(found.receipt.parts.size(), 1u);
  EXPECT_EQ(found.receipt.parts[0].way, "scan");
}

TEST_F(FilterWalkTest, IdsAndDocumentsAreLookedUpNotAsked) {
  for (const char* where : {"id IN ('id2', 'id4', 'id5')", "document IN ('id2', 'id4', 'id5')"}) {
    SCOPED_TRACE(where);
    const SearchResponse found = Find(where);
    ASSERT_EQ(found.hits.size(), 2u) << "id5 has no vector";
    EXPECT_EQ(std::set<std::string>({"id2", "id4"}),
              std::set<std::string>({found.hits[0].id, found.hits[1].id}));
    ASSERT_EQ(found.receipt.parts.size(), 1u);
    EXPECT_EQ(found.receipt.parts[0].way, "scan_matches");
    EXPECT_EQ(found.receipt.parts[0].matches, 3u);
    EXPECT_EQ(found.receipt.parts[0].matches_high, 3u) << "counted, not guessed";
    EXPECT_EQ(Must(rows_->Count(where)), 3u);
  }
}

TEST_F(FilterWalkTest, AnswersAreTheSameWithADeadlineRightAfterOpening) {
  const std::vector<std::string> expected = IdsOf(Find("kind = 0", true).hits);
  rows_.reset();
  Reopen();
  rows_.emplace(Must(db_->GetCollection("rows")));
  SearchRequest request;
  const std::vector<float> query(kDimension, 0.1F);
  request.vector = query;
  request.field = "body";
  request.where = "kind = 0";
  request.deadline_ms = 60'000;
  EXPECT_EQ(IdsOf(Must(rows_->Search(request)).hits), expected);
}

TEST_F(FilterWalkTest, LongTextsAreAskedOfRows) {
  Metadata patch;
  patch["summary"] = std::string(300, 's');
  Selection some;
  some.ids = {"id0", "id2"};
  Must(rows_->UpdateMetadata(patch, some));
  Must(rows_->Rebuild());
  EXPECT_EQ(Must(rows_->Count("summary STARTS WITH 'sss'")), 2u);
  EXPECT_EQ(Must(rows_->Count("summary IS NULL")), kRows - 2);
  EXPECT_EQ(Must(rows_->Count("kind = 1 AND summary STARTS WITH 's'")), 2u);
  EXPECT_EQ(Find("summary STARTS WITH 'sss'").hits.size(), 2u);
}

}  // namespace
}  // namespace tracevec
