// Searches of several sources: vectors of several fields, texts, and phrasings of both. What they
// find is what searching for each source alone finds, fused.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kBody = 24;
constexpr std::uint32_t kTitle = 8;

class SourcesTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema;
    schema.vectors["body"].dimension = kBody;
    schema.vectors["title"].dimension = kTitle;
    schema.vectors["title"].metric = Metric::kL2;
    schema.text = TextField{"simple"};
    notes_.emplace(Must(db_->CreateCollection("notes", schema)));
  }

  /// Some chunks lack a vector of either field.
  void Put(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ids_.push_back("id" + std::to_string(i));
      std::string text;
      for (int words = 0; words < 12; ++words) {
        text += " w" + std::to_string(random_() % (words < 3 ? 8 : 60));
      }
      texts_.push_back(text);
      metadata_.push_back({{"n", static_cast<std::int64_t>(i % 4)}});
    }
    const std::vector<float> bodies = RandomVectors(count, kBody, seed_);
    const std::vector<float> titles = RandomVectors(count, kTitle, seed_ + 1);
    const std::size_t parts[] = {0, count / 3, 2 * count / 3, count};
    for (std::size_t part = 0; part < 3; ++part) {
      const std::size_t first = parts[part];
      const std::size_t rows = parts[part + 1] - first;
      UpsertRequest request;
      request.ids = std::span(ids_).subspan(first, rows);
      request.texts = std::span(texts_).subspan(first, rows);
      request.metadata = std::span(metadata_).subspan(first, rows);
      if (part != 1)
        request.vectors["body"] = std::span(bodies).subspan(first * kBody, rows * kBody);
      if (part != 2) {
        request.vectors["title"] = std::span(titles).subspan(first * kTitle, rows * kTitle);
      }
      Must(notes_->Upsert(request));
    }
  }

  /// Reciprocal ranks of searches for one source each, summed.
  struct Alone {
    SearchRequest request;
    double weight = 1;
  };
  std::vector<Hit> FuseAlone(std::vector<Alone> sources, std::uint32_t k) const {
    std::map<std::string, double> scores;
    for (Alone& source : sources) {
      source.request.k = 100;
      const SearchResponse found = Must(notes_->Search(source.request));
      for (std::size_t i = 0; i < found.hits.size(); ++i) {
        scores[found.hits[i].id] += source.weight / (10 + static_cast<double>(i + 1));
      }
    }
    std::vector<Hit> hits;
    for (const auto& [id, score] : scores) {
      Hit& hit = hits.emplace_back();
      hit.id = id;
      hit.score = static_cast<float>(score);
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const Hit& a, const Hit& b) { return a.score > b.score; });
    if (hits.size() > k) hits.resize(k);
    return hits;
  }
  static void ExpectSameHits(const std::vector<Hit>& hits, const std::vector<Hit>& expected) {
    ASSERT_EQ(hits.size(), expected.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
      EXPECT_EQ(hits[i].id, expected[i].id) << "place " << i;
      EXPECT_FLOAT_EQ(hits[i].score, expected[i].score) << "place " << i;
    }
  }
  Alone Dense(const std::string& field, std::span<const float> vector, double weight,
              const Filter& where = {}) const {
    Alone alone;
    alone.request.field = field;
    alone.request.vector = vector;
    alone.request.exact = true;
    alone.request.where = where;
    alone.weight = weight;
    return alone;
  }
  Alone Lexical(const std::string& text, double weight, const Filter& where = {}) const {
    Alone alone;
    alone.request.text = text;
    alone.request.where = where;
    alone.weight = weight;
    return alone;
  }

  const std::uint64_t seed_ = TestSeed();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  std::mt19937_64 random_{seed_};
  std::vector<std::string> ids_;
  std::vector<std::string> texts_;
  std::vector<Metadata> metadata_;
  std::optional<Collection> notes_;
};

TEST_F(SourcesTest, VectorsOfSeveralFieldsAndATextAreFused) {
  const std::vector<float> body = RandomVectors(1, kBody, seed_ + 2);
  const std::vector<float> title = RandomVectors(1, kTitle, seed_ + 3);
  for (const std::size_t count : {300, 900}) {  // From the store, and in memory.
    ids_.clear();
    texts_.clear();
    metadata_.clear();
    Put(count);
    for (const char* where : {"", "n = 1"}) {
      SearchRequest request;
      request.vectors = {{"body", body}, {"title", title}};
      request.text = "w1 w5";
      request.exact = true;
      request.where = Filter(where);
      const SearchResponse response = Must(notes_->Search(request));
      ExpectSameHits(response.hits, FuseAlone({Dense("body", body, 1, request.where),
                                               Dense("title", title, 1, request.where),
                                               Lexical("w1 w5", 1.2, request.where)},
                                              10));
      EXPECT_EQ(response.receipt.plan, "exact_scan+exact_scan+lexical");
      EXPECT_EQ(response.receipt.field, "body");
      ASSERT_EQ(response.receipt.sources.size(), 3u);
      EXPECT_EQ(response.receipt.sources[1].name, "dense");
      EXPECT_EQ(response.receipt.sources[1].field, "title");
      EXPECT_EQ(response.receipt.sources[2].name, "lexical");
    }
  }
}

TEST_F(SourcesTest, WeightsStandInTheOrderOfTheFields) {
  Put(200);
  const std::vector<float> body = RandomVectors(1, kBody, seed_ + 2);
  const std::vector<float> title = RandomVectors(1, kTitle, seed_ + 3);
  SearchRequest request;
  request.field = "title";
  request.vector = title;
  request.vectors = {{"body", body}};
  request.exact = true;
  request.fusion.weights = {0.25, 2};
  ExpectSameHits(Must(notes_->Search(request)).hits,
                 FuseAlone({Dense("title", title, 0.25), Dense("body", body, 2)}, 10));
}

TEST_F(SourcesTest, PhrasingsShareTheWeightOfTheirSourceAndHitsSayWhichFoundThem) {
  Put(900);
  const std::vector<float> bodies = RandomVectors(3, kBody, seed_ + 2);
  const auto body = [&](std::size_t i) { return std::span(bodies).subspan(i * kBody, kBody); };
  SearchRequest request;
  request.field = "body";
  request.vector = body(0);
  request.text = "w1 w5";
  request.phrasings = {{body(1), {}, "w2"}, {body(2), {}, ""}, {{}, {}, "w3 w4"}};
  request.exact = true;
  request.k = 20;
  const SearchResponse response = Must(notes_->Search(request));
  const std::vector<Alone> alone = {Dense("body", body(0), 1.0 / 3), Lexical("w1 w5", 1.2 / 3),
                                    Dense("body", body(1), 1.0 / 3), Lexical("w2", 1.2 / 3),
                                    Dense("body", body(2), 1.0 / 3), Lexical("w3 w4", 1.2 / 3)};
  ExpectSameHits(response.hits, FuseAlone(alone, 20));
  const std::vector<std::uint32_t> phrasings = {0, 0, 1, 1, 2, 3};
  for (std::size_t s = 0; s < alone.size(); ++s) {
    EXPECT_EQ(response.receipt.sources[s].phrasing, phrasings[s]);
    EXPECT_DOUBLE_EQ(response.receipt.sources[s].weight, alone[s].weight);
    SearchRequest one = alone[s].request;
    one.k = 100;
    const std::vector<std::string> found = IdsOf(Must(notes_->Search(one)).hits);
    const SourceKind kind = one.text.empty() ? SourceKind::kDense : SourceKind::kLexical;
    for (std::size_t h = 0; h < response.hits.size(); ++h) {
      const Hit& hit = response.hits[h];
      const auto place = std::find(found.begin(), found.end(), hit.id);
      const auto said =
          std::find_if(hit.sources.begin(), hit.sources.end(), [&](const HitSource& source) {
            return source.kind == kind && source.phrasing == phrasings[s];
          });
      ASSERT_EQ(said == hit.sources.end(), place == found.end()) << hit.id << " in source " << s;
      if (place == found.end()) continue;
      EXPECT_EQ(said->rank, place - found.begin() + 1);
      EXPECT_EQ(said->field, kind == SourceKind::kDense ? "body" : "");
      const auto& ledger = response.receipt.ledger[h].sources;
      EXPECT_TRUE(std::any_of(ledger.begin(), ledger.end(), [&](const ReceiptLedgerSource& entry) {
        return entry.source == s && entry.rank == said->rank && entry.score == said->score;
      }));
    }
  }
}

TEST_F(SourcesTest, OnePhrasingAloneIsASearchForIt) {
  Put(900);
  const std::vector<float> body = RandomVectors(1, kBody, seed_ + 2);
  SearchRequest plain;
  plain.field = "body";
  plain.vector = body;
  SearchRequest phrased;
  phrased.phrasings = {{{}, {{"body", body}}, ""}};
  const SearchResponse a = Must(notes_->Search(plain));
  const SearchResponse b = Must(notes_->Search(phrased));
  ExpectSameHits(b.hits, a.hits);
  EXPECT_TRUE(b.hits[0].sources.empty());
  EXPECT_EQ(b.receipt.plan, a.receipt.plan);
  EXPECT_TRUE(b.receipt.sources.empty());
  EXPECT_EQ(b.receipt.stages.size(), a.receipt.stages.size());
}

TEST_F(SourcesTest, AStoredChunkIsLeftOutOfEverySource) {
  Put(300);
  SearchRequest request;
  request.like = "id4";
  request.field = "body";
  request.text = texts_[4];
  const SearchResponse response = Must(notes_->Search(request));
  ASSERT_EQ(response.hits.size(), 10u);
  for (const Hit& hit : response.hits) EXPECT_NE(hit.id, "id4");
}

TEST_F(SourcesTest, APlanOfSeveralSourcesCanBeTold) {
  Put(900);
  const std::vector<float> body = RandomVectors(1, kBody, seed_ + 2);
  const std::vector<float> title = RandomVectors(1, kTitle, seed_ + 3);
  SearchRequest request;
  request.vectors = {{"body", body}, {"title", title}};
  request.text = "w1";
  EXPECT_EQ(Must(notes_->Explain(request)).plan, Must(notes_->Search(request)).receipt.plan);
}

TEST_F(SourcesTest, OneDeadlineIsForAllSources) {
  Put(900);
  const std::vector<float> bodies = RandomVectors(8, kBody, seed_ + 2);
  SearchRequest request;
  request.field = "body";
  for (std::size_t i = 0; i < 8; ++i) {
    request.phrasings.push_back({std::span(bodies).subspan(i * kBody, kBody), {}, "w1"});
  }
  request.deadline_ms = 1e-6;
  const SearchResponse response = Must(notes_->Search(request));
  EXPECT_TRUE(response.receipt.deadline_cut);
  EXPECT_TRUE(response.hits.empty());
  EXPECT_EQ(response.receipt.short_reason, "deadline");
}

TEST_F(SourcesTest, BadSourcesAreErrorsThatSayWhich) {
  Put(20);
  const std::vector<float> body = RandomVectors(1, kBody, seed_ + 2);
  const auto fails = [&](const SearchRequest& request, const std::vector<std::string>& parts) {
    return Fails(notes_->Search(request), StatusCode::kInvalidArgument, parts);
  };
  SearchRequest request;
  request.vectors = {{"boddy", body}};
  EXPECT_TRUE(fails(request, {"boddy", "body"}));
  request.vectors = {{"title", body}};
  EXPECT_TRUE(fails(request, {"'title'", "expected 8, got 24"}));
  request.vectors = {{"body", body}, {"body", body}};
  EXPECT_TRUE(fails(request, {"field 'body' is given twice"}));
  request.vectors = {{"body", body}};
  request.field = "body";
  EXPECT_TRUE(fails(request, {"field 'body'", "without a vector"}));
  request.field.clear();
  request.phrasings = {{}};
  EXPECT_TRUE(fails(request, {"phrasings[0]", "neither"}));
  request.phrasings = {{{}, {}, "-w1"}};
  EXPECT_TRUE(fails(request, {"phrasing 1", "only excludes"}));
  request.phrasings = {{{}, {{"body", std::span(body).first(3)}}, ""}};
  EXPECT_TRUE(fails(request, {"phrasing 1", "expected 24, got 3"}));
  request.phrasings = {{{}, {{"body", body}}, ""}};
  request.fusion.weights = {1, 1};  // One for the field, which both phrasings share.
  EXPECT_TRUE(fails(request, {"2 weights for 1 sources"}));
  request.fusion.weights.clear();
  request.phrasings.assign(300, {{}, {}, "w1"});
  EXPECT_TRUE(fails(request, {"301 sources", "256"}));
}

}  // namespace
}  // namespace tracevec
