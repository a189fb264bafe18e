// Search: answers, filters and content.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/score_oracle.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

/// Equal in everything, scores bit for bit.
void ExpectSameHits(const std::vector<Hit>& a, const std::vector<Hit>& b) {
  ASSERT_EQ(IdsOf(a), IdsOf(b));
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].score, b[i].score) << a[i].id;
    EXPECT_EQ(a[i].document, b[i].document);
    EXPECT_EQ(a[i].version, b[i].version);
    EXPECT_EQ(a[i].text, b[i].text);
    EXPECT_EQ(a[i].metadata, b[i].metadata);
    EXPECT_EQ(a[i].vector, b[i].vector);
  }
}

class SearchTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;

  Collection Create(const std::string& name, Metric metric = Metric::kCosine) {
    return Must(db_->CreateCollection(name, BodySchema(kDimension, metric)));
  }
  static SearchRequest Query(std::span<const float> vector, std::uint32_t k = 10) {
    SearchRequest request;
    request.vector = vector;
    request.k = k;
    return request;
  }
  const std::vector<float> query_ = RandomVectors(1, kDimension, 99);
};

TEST_F(SearchTest, AnswersAreTheOraclesUnderEveryMetricSmallAndLarge) {
  for (const Metric metric : {Metric::kCosine, Metric::kIp, Metric::kL2}) {
    for (const std::size_t count : {3u, 300u, 511u, 512u, 2000u}) {
      const std::string name = std::string(MetricName(metric)) + std::to_string(count);
      Collection collection = Create(name, metric);
      const Rows rows = MakeRows(0, count, kDimension);
      Upsert(collection, rows);
      std::vector<std::pair<double, std::string>> oracle;
      for (std::size_t i = 0; i < count; ++i) {
        const auto row = std::span(rows.vectors).subspan(i * kDimension, kDimension);
        oracle.emplace_back(-OracleScore(query_, row, metric), rows.ids[i]);
      }
      std::sort(oracle.begin(), oracle.end());
      for (const bool exact : {true, false}) {
        SearchRequest request = Query(query_);
        request.exact = exact;
        const SearchResponse response = Must(collection.Search(request));
        ASSERT_EQ(response.hits.size(), std::min<std::size_t>(10, count)) << name;
        for (std::size_t i = 0; i < response.hits.size(); ++i) {
          EXPECT_EQ(response.hits[i].id, oracle[i].second) << name << " place " << i;
          EXPECT_NEAR(response.hits[i].score, -oracle[i].first, 1e-4) << name << " place " << i;
        }
      }
    }
  }
}

TEST_F(SearchTest, SmallLargeAndReopenedCollectionsGiveTheSameAnswers) {
  for (const Metric metric : {Metric::kCosine, Metric::kIp, Metric::kL2}) {
    const std::string suffix(MetricName(metric));
    Collection small = Create("small " + suffix, metric);
    Collection large = Create("large " + suffix, metric);
    Rows rows = MakeRows(0, 500, kDimension);
    for (int i = 0; i < 500; ++i) rows.metadata.push_back({{"n", i % 7}});
    rows.texts.assign(500, "text");
    Upsert(small, rows);
    Upsert(large, rows);
    Upsert(large, MakeRows(500, 200, kDimension));
    std::vector<std::string> rest;
    for (int i = 500; i < 700; ++i) rest.push_back("id" + std::to_string(i));
    Must(large.Delete({rest, {}}));
    ASSERT_EQ(Must(small.Stats()).blocks, 0u);
    ASSERT_EQ(Must(large.Stats()).blocks, 1u);

    std::vector<SearchRequest> requests(3, Query(query_, 20));
    requests[1].where = "n IN (2, 3)";
    requests[2].exact = true;
    for (SearchRequest& request : requests) request.with_vectors = true;
    std::vector<std::vector<Hit>> answers;
    for (const SearchRequest& request : requests) {
      answers.push_back(Must(small.Search(request)).hits);
      ExpectSameHits(Must(large.Search(request)).hits, answers.back());
    }
    Reopen();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      for (const std::string& name : {"small " + suffix, "large " + suffix}) {
        ExpectSameHits(Must(Must(db_->GetCollection(name)).Search(requests[i])).hits, answers[i]);
      }
    }
  }
}

TEST_F(SearchTest, ReopeningALargeChangedCollectionChangesNoAnswer) {
  Collection notes = Create("notes");
  Upsert(notes, MakeRows(0, 1500, kDimension));
  Upsert(notes, MakeRows(300, 400, kDimension, /*seed=*/5));  // Their rows are now the last.
  // Equal vectors, so that only the ids can order them.
  Rows equal = MakeRows(5000, 200, kDimension);
  for (std::size_t i = 0; i < 200; ++i) {
    std::copy(query_.begin(), query_.end(), equal.vectors.begin() + std::ptrdiff_t(i * kDimension));
  }
  std::reverse(equal.ids.begin(), equal.ids.end());
  Upsert(notes, equal);
  Must(notes.Delete({std::nullopt, "id LIKE '%3'"}));
  std::sort(equal.ids.begin(), equal.ids.end());
  std::erase_if(equal.ids, [](const std::string& id) { return id.ends_with('3'); });
  const auto hits = Must(notes.Search(Query(query_, 50))).hits;
  EXPECT_EQ(IdsOf(hits), (std::vector(equal.ids.begin(), equal.ids.begin() + 50)));
  const auto all = Must(notes.Search(Query(query_, 1000))).hits;
  Reopen();
  notes = Must(db_->GetCollection("notes"));
  ExpectSameHits(Must(notes.Search(Query(query_, 50))).hits, hits);
  ExpectSameHits(Must(notes.Search(Query(query_, 1000))).hits, all);
}

TEST_F(SearchTest, LikeSearchesByAStoredVectorAndLeavesThatChunkOut) {
  for (const std::size_t count : {100u, 700u}) {
    Collection notes = Create("notes" + std::to_string(count));
    Rows rows = MakeRows(0, count, kDimension);
    std::copy_n(rows.vectors.begin(), kDimension, rows.vectors.begin() + 5 * kDimension);
    Upsert(notes, rows);
    SearchRequest like;
    like.like = "id0";
    const auto hits = Must(notes.Search(like)).hits;
    auto expected = Must(notes.Search(Query(std::span(rows.vectors).first(kDimension), 11))).hits;
    EXPECT_EQ(expected[0].id, "id0");
    EXPECT_EQ(hits[0].id, "id5") << "an equal vector is another chunk";
    expected.erase(expected.begin());
    ExpectSameHits(hits, expected);
    like.like = "none";
    EXPECT_TRUE(Fails(notes.Search(like), StatusCode::kNotFound, {"'none'"}));
  }
}

TEST_F(SearchTest, FieldsHaveVectorsOfTheirOwnAndAChunkWithoutOneIsNotFound) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.vectors["title"].dimension = 3;
  schema.vectors["title"].metric = Metric::kL2;
  Collection notes = Must(db_->CreateCollection("notes", schema));
  for (const std::size_t count : {200u, 600u}) {
    const Rows rows = MakeRows(0, count, kDimension);
    UpsertRequest request = rows.Request();
    request.vectors = {{"body", rows.vectors}};
    Must(notes.Upsert(request));
    Rows titled = MakeRows(1000, 2, 3);
    titled.vectors = {0, 0, 0, 1, 1, 1};
    request = titled.Request();
    request.vectors = {{"title", titled.vectors}};
    Must(notes.Upsert(request));

    SearchRequest by_title = Query(std::span(titled.vectors).first(3));
    by_title.field = "title";
    const SearchResponse found = Must(notes.Search(by_title));
    EXPECT_EQ(IdsOf(found.hits), titled.ids) << "a zero vector is one, under l2";
    EXPECT_EQ(found.hits[1].score, -3.0F);
    SearchRequest by_body = Query(query_, 1000);
    by_body.field = "body";
    EXPECT_EQ(Must(notes.Search(by_body)).hits.size(), count);
    EXPECT_TRUE(
        Fails(notes.Search(Query(query_)), StatusCode::kInvalidArgument, {"2 vector fields"}));
    SearchRequest like;
    like.like = "id1000";
    like.field = "body";
    EXPECT_TRUE(
        Fails(notes.Search(like), StatusCode::kNotFound, {"'id1000'", "no vector", "'body'"}));
  }
}

TEST_F(SearchTest, FiltersSeeEveryKindOfField) {
  Rows rows = MakeRows(0, 4, kDimension);
  rows.texts = {"the red fox", "a blue whale", "", "red and blue"};
  rows.metadata = {{{"flag", true},
                    {"n", 5},
                    {"x", 1.5},
                    {"s", "abc"},
                    {"t", *ParseTimestamp("2024-06-01")},
                    {"tags", Value::List{"a", "b"}},
                    {"author", Value::Map{{"name", "Ann"}}},
                    {"id", "mine"}},
                   {{"flag", false},
                    {"n", 6},
                    {"x", 2},
                    {"s", "abd"},
                    {"t", *ParseTimestamp("2025-06-01")},
                    {"tags", Value::List{"c"}},
                    {"author", Value::Map{{"name", "Bob"}}}},
                   {{"n", nullptr}, {"tags", Value::List{}}},
                   {}};
  const std::vector<std::pair<const char*, std::set<std::string>>> cases = {
      {"flag = TRUE", {"id0"}},
      {"n >= 5 AND n < 6", {"id0"}},
      {"n BETWEEN 5 AND 6", {"id0", "id1"}},
      {"n IS NULL", {"id2", "id3"}},
      {"EXISTS n", {"id0", "id1", "id2"}},
      {"x = 2.0", {"id1"}},
      {"s LIKE 'ab%'", {"id0", "id1"}},
      {"s STARTS WITH 'abd'", {"id1"}},
      {"s IN ('abc', 'zzz')", {"id0"}},
      {"t > TIMESTAMP '2025-01-01'", {"id1"}},
      {"tags CONTAINS 'b'", {"id0"}},
      {"tags CONTAINS ANY ('a', 'c')", {"id0", "id1"}},
      {"tags CONTAINS ALL ('a', 'b')", {"id0"}},
      {"author.name = 'Ann'", {"id0"}},
      {"meta.id = 'mine'", {"id0"}},
      {"id = 'id3'", {"id3"}},
      {"document IN ('id2', 'id3')", {"id2", "id3"}},
      {"version = 1", {"id0", "id1", "id2", "id3"}},
      {"version > 1", {}},
      {"text CONTAINS 'red'", {"id0", "id3"}},
      {"text = ''", {"id2"}},
      {"NOT text CONTAINS 'blue' AND n = 5", {"id0"}},
      {"flag = TRUE OR text LIKE '%whale'", {"id0", "id1"}},
  };
  Collection notes = Create("notes");
  for (const std::size_t fillers : {0u, 600u}) {
    Upsert(notes, rows);
    Rows others = MakeRows(1000, fillers, kDimension);
    Upsert(notes, others);
    for (const auto& [where, ids] : cases) {
      const Filter only = Filter(where) && Field("id").In({"id0", "id1", "id2", "id3"});
      SearchRequest request = Query(query_);
      request.where = only;
      const auto hits = IdsOf(Must(notes.Search(request)).hits);
      EXPECT_EQ(std::set(hits.begin(), hits.end()), ids) << where << " beside " << fillers;
      EXPECT_EQ(Must(notes.Count(only)), ids.size()) << where;
      ScanOptions options;
      options.where = only;
      EXPECT_EQ(ReadAll(Must(notes.Scan(options))).size(), ids.size()) << where;
    }
  }
}

TEST_F(SearchTest, ATextFilterReadsTheSlicesOfDocuments) {
  Collection pages = Must(db_->CreateCollection("pages", BodySchema(6)));
  PutOptions options;
  options.embed[""] = HashEmbedder(6);
  for (const std::size_t fillers : {0u, 600u}) {
    Upsert(pages, MakeRows(0, fillers, 6));
    Must(pages.PutDocument(MakePage("p", {"alpha red", "beta", "gamma red"}), options));
    const std::vector<float> query = HashVector("beta", 6);
    SearchRequest request = Query(query);
    request.where = "text CONTAINS 'red'";
    const auto hits = Must(pages.Search(request)).hits;
    ASSERT_EQ(hits.size(), 2u);
    for (const Hit& hit : hits) EXPECT_NE(hit.text.find("red"), std::string::npos);
  }
}

TEST_F(SearchTest, AHitHasTheContentAskedFor) {
  Collection pages = Must(db_->CreateCollection("pages", BodySchema(6)));
  Document page = MakePage("p", {"alpha", "beta"});
  page.metadata = {{"area", "x"}};
  page.chunks[1].section = "S";
  page.chunks[1].page = 3;
  page.chunks[1].metadata = {{"own", 1}};
  PutOptions options;
  options.embed[""] = HashEmbedder(6);
  Must(pages.PutDocument(page, options));
  const std::vector<float> query = HashVector("beta", 6);
  SearchRequest request = Query(query, 1);
  request.with_vectors = true;
  const Hit full = Must(pages.Search(request)).hits.at(0);
  EXPECT_EQ(full.document, "p");
  EXPECT_EQ(full.version, 1u);
  EXPECT_EQ(full.ordinal, 1u);
  EXPECT_EQ(full.span, (Span{7, 11}));
  EXPECT_EQ(full.text, "beta");
  EXPECT_EQ(full.section, "S");
  EXPECT_EQ(full.page, 3u);
  EXPECT_EQ(full.metadata, (Metadata{{"area", "x"}, {"own", 1}}));
  EXPECT_EQ(full.vector, query) << "as given, not normalised";
  EXPECT_NEAR(full.score, 1.0F, 1e-6F);
  request.with_vectors = false;
  request.with_content = false;
  const Hit bare = Must(pages.Search(request)).hits.at(0);
  EXPECT_EQ(bare.id, full.id);
  EXPECT_EQ(bare.score, full.score);
  EXPECT_EQ(bare.document, "p");
  EXPECT_TRUE(bare.text.empty() && bare.section.empty() && bare.metadata.empty());
  EXPECT_TRUE(bare.vector.empty());
  EXPECT_FALSE(bare.span || bare.page);
}

TEST_F(SearchTest, KMatchingRowsAreFoundWhateverIsDeletedOrFiltered) {
  Collection notes = Create("notes", Metric::kL2);
  Rows rows = MakeRows(0, 3000, kDimension);
  for (int i = 0; i < 3000; ++i) rows.metadata.push_back({{"n", i % 20}});
  Upsert(notes, rows);
  Must(notes.Delete({std::nullopt, "n >= 8"}));
  EXPECT_EQ(Must(notes.Stats()).tombstones, 1800u);
  const std::vector<std::pair<const char*, std::uint32_t>> cases = {
      {"n = 3", 150}, {"n < 2", 300}, {"n IN (7, 8, 9)", 150}, {"n = 12", 0}};
  for (const auto& [where, matching] : cases) {
    SearchRequest request = Query(query_, 1000);
    request.where = where;
    const SearchResponse all = Must(notes.Search(request));
    EXPECT_EQ(all.hits.size(), matching) << where;
    EXPECT_EQ(all.receipt.short_reason, "matches");
    request.k = 100;
    const SearchResponse some = Must(notes.Search(request));
    EXPECT_EQ(some.hits.size(), std::min(matching, 100u)) << where;
    EXPECT_EQ(some.receipt.short_reason, matching >= 100 ? "" : "matches");
  }
}

TEST_F(SearchTest, AnEmptyCollectionHasAnEmptyAnswer) {
  Collection notes = Create("notes");
  const SearchResponse response = Must(notes.Search(Query(query_)));
  EXPECT_TRUE(response.hits.empty());
  EXPECT_EQ(response.receipt.short_reason, "matches");
  Upsert(notes, MakeRows(0, 700, kDimension));
  Must(notes.Delete({std::nullopt, "id LIKE '%'"}));
  EXPECT_TRUE(Must(notes.Search(Query(query_))).hits.empty());
  Reopen();
  EXPECT_TRUE(Must(Must(db_->GetCollection("notes")).Search(Query(query_))).hits.empty());
}

}  // namespace
}  // namespace tracevec
