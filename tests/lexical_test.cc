// Searches by text through the public face: the answers are those of BM25 over every live text,
// whatever was written, deleted, merged, closed or kept by a snapshot before.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/test_documents.h"
#include "tests/test_seed.h"
#include "tests/text_oracle.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDimension = 1024;  // 512 rows a block.

/// A text of 0 to 40 words, few of which are frequent.
std::string RandomText(std::mt19937_64& random) {
  static const std::vector<std::string> kForms = {"Vector", "naïve", "running",   "C++20",
                                                  "日本語", "don't", "push_back", "ÜBER"};
  std::string text;
  for (std::size_t words = random() % 40; words > 0; --words) {
    const double share = static_cast<double>(random() % 10'000) / 10'000;
    const auto rank = static_cast<std::size_t>(300 * share * share * share);
    text += rank < kForms.size() ? kForms[rank] : "word" + std::to_string(rank);
    text += random() % 8 == 0 ? ". " : " ";
  }
  return text;
}

std::string RandomQuery(std::mt19937_64& random) {
  std::string query;
  do {
    query = RandomText(random).substr(0, 60);
  } while (query.find_first_not_of(" .") == std::string::npos);
  // Cutting may have gone through a letter.
  while (!query.empty() && static_cast<unsigned char>(query.back()) >= 128) query.pop_back();
  switch (random() % 6) {
    case 0: return query + " +vector";
    case 1: return query + " -running word12";
    case 2: return "\"vector naive\" word3 " + query;
    case 3: return "word1* " + query;
    case 4: return "+\"running vector\" " + query;
    default: return query + " word5";
  }
}

class LexicalTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    schema_.vectors["body"].dimension = kDimension;
    schema_.text = TextField{};
    schema_.metadata["n"] = MetadataType::kInt;
    notes_.emplace(Must(db_->CreateCollection("notes", schema_)));
  }

  void Put(std::size_t first, std::size_t count) {
    UpsertRequest request;
    std::vector<std::string> ids;
    std::vector<std::string> texts;
    std::vector<Metadata> metadata;
    for (std::size_t i = first; i < first + count; ++i) {
      ids.push_back("id" + std::to_string(i));
      texts.push_back(RandomText(random_));
      metadata.push_back({{"n", static_cast<std::int64_t>(i % 10)}});
      oracle_.Put(ids.back(), texts.back());
      fives_.erase(ids.back());
      if (i % 10 == 5) fives_[ids.back()] = true;
    }
    request.ids = ids;
    request.texts = texts;
    request.metadata = metadata;
    Must(notes_->Upsert(request));
  }
  void Delete(std::size_t first, std::size_t count) {
    Selection selection;
    selection.ids.emplace();
    for (std::size_t i = first; i < first + count; ++i) {
      selection.ids->push_back("id" + std::to_string(i));
      oracle_.Delete(selection.ids->back());
      fives_.erase(selection.ids->back());
    }
    Must(notes_->Delete(selection));
  }
  void WaitForBuilder() {
    for (int i = 0; i < 60000 && Must(notes_->Stats()).unbuilt_chunks > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void Reopen() {
    notes_.reset();
    DatabaseTest::Reopen();
    notes_.emplace(Must(db_->GetCollection("notes")));
  }

  static std::vector<OracleHit> HitsOf(const SearchResponse& response) {
    std::vector<OracleHit> hits;
    for (const Hit& hit : response.hits) hits.push_back({hit.id, hit.score});
    return hits;
  }
  static void ExpectEqual(const std::vector<OracleHit>& hits,
                          const std::vector<OracleHit>& expected, const std::string& query) {
    ASSERT_EQ(hits.size(), expected.size()) << query;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      ASSERT_EQ(hits[i].id, expected[i].id) << query << ", place " << i;
      ASSERT_EQ(hits[i].score, expected[i].score) << query << ", place " << i;
    }
  }
  void ExpectLikeOracle(std::size_t queries) { ExpectLikeOracle(*notes_, oracle_, queries); }
  void ExpectLikeOracle(const Collection& collection, const TextOracle& oracle,
                        std::size_t queries) {
    for (std::size_t i = 0; i < queries; ++i) {
      SearchRequest request;
      request.text = RandomQuery(random_);
      request.k = static_cast<std::uint32_t>(1 + random_() % 30);
      request.exact = i % 4 == 0;
      request.with_content = false;
      ExpectEqual(HitsOf(Must(collection.Search(request))), oracle.Search(request.text, request.k),
                  request.text);
      request.where = Filter("n = 5");
      ExpectEqual(HitsOf(Must(collection.Search(request))),
                  oracle.Search(request.text, request.k, &fives_), request.text);
    }
  }

  const std::uint64_t seed_ = TestSeed();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  std::mt19937_64 random_{seed_};
  CollectionSchema schema_;
  TextOracle oracle_{TextField{}};
  std::map<std::string, bool> fives_;  // Ids whose n is 5.
  std::optional<Collection> notes_;
};

TEST_F(LexicalTest, SmallCollectionsAnswerFromTheStore) {
  Put(0, 60);
  ExpectLikeOracle(TestIterations(10));
  Put(20, 5);
  Delete(3, 4);
  ExpectLikeOracle(TestIterations(10));
  Reopen();
  ExpectLikeOracle(TestIterations(5));
}

TEST_F(LexicalTest, AnswersAreThoseOfEveryTextWhateverHappenedToTheIndex) {
  Put(0, 1400);
  ExpectLikeOracle(TestIterations(12));  // Full blocks, and the head.
  WaitForBuilder();
  ExpectLikeOracle(TestIterations(12));
  Put(100, 300);  // Replaces some in segments.
  Delete(900, 200);
  ExpectLikeOracle(TestIterations(12));
  Must(notes_->Rebuild());
  ExpectLikeOracle(TestIterations(12));
  Put(1500, 40);
  Reopen();
  ExpectLikeOracle(TestIterations(12));
}

TEST_F(LexicalTest, SnapshotsAnswerWithTheTextsOfThen) {
  Put(0, 700);
  Must(db_->Snapshot("then"));
  const TextOracle then = oracle_;
  std::map<std::string, bool> fives_then = fives_;
  Put(100, 200);
  Delete(400, 50);
  const auto database = Must(db_->At("then"));
  const Collection old = Must(database->GetCollection("notes"));
  std::swap(fives_, fives_then);
  ExpectLikeOracle(old, then, TestIterations(10));
}

TEST_F(LexicalTest, BatchesAnswerLikeSingleSearches) {
  Put(0, 600);
  std::vector<std::string> texts;
  for (int i = 0; i < 9; ++i) texts.push_back(RandomQuery(random_));
  BatchRequest batch;
  batch.texts = texts;
  batch.k = 7;
  batch.threads = 2;
  const BatchResponse response = Must(notes_->SearchBatch(batch));
  ASSERT_EQ(response.ids.size(), texts.size() * batch.k);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto expected = oracle_.Search(texts[i], batch.k);
    for (std::size_t place = 0; place < expected.size(); ++place) {
      EXPECT_EQ(response.ids[i * batch.k + place], expected[place].id);
      EXPECT_EQ(response.scores[i * batch.k + place], expected[place].score);
    }
    EXPECT_EQ(response.receipts[i].plan, "lexical");
  }
  texts[4] = " ";
  batch.texts = texts;
  EXPECT_TRUE(Fails(notes_->SearchBatch(batch), StatusCode::kInvalidArgument,
                    {"query 4", "text is empty"}));
}

TEST_F(LexicalTest, BadQueriesAreErrorsThatSayWhatIsWrong) {
  Put(0, 20);
  const auto search = [&](const std::string& text) {
    SearchRequest request;
    request.text = text;
    return notes_->Search(request);
  };
  EXPECT_TRUE(Fails(notes_->Search(SearchRequest()), StatusCode::kInvalidArgument,
                    {"neither vector, like nor text is given"}));
  EXPECT_TRUE(Fails(search(" \n"), StatusCode::kInvalidArgument, {"text is empty"}));
  EXPECT_TRUE(Fails(search(std::string(1 << 20, 'a')), StatusCode::kInvalidArgument,
                    {"1048576 bytes", "65536"}));
  EXPECT_TRUE(Fails(search("\xFF"), StatusCode::kInvalidArgument, {"UTF-8"}));
  EXPECT_TRUE(Fails(search("-vector"), StatusCode::kInvalidArgument, {"only excludes"}));
  EXPECT_TRUE(Must(search("!?")).hits.empty());
  EXPECT_TRUE(Must(search("thereisnosuchword")).hits.empty());
  SearchRequest with_field;
  with_field.text = "vector";
  with_field.field = "body";
  EXPECT_TRUE(Fails(notes_->Search(with_field), StatusCode::kInvalidArgument,
                    {"field 'body'", "without a vector"}));
  CollectionSchema without = schema_;
  without.text.reset();
  const Collection plain = Must(db_->CreateCollection("plain", without));
  SearchRequest request;
  request.text = "vector";
  EXPECT_TRUE(Fails(plain.Search(request), StatusCode::kInvalidArgument, {"no text field"}));
}

TEST_F(LexicalTest, StopWordsAloneFindNothingAndTheReceiptSaysWhy) {
  CollectionSchema schema = schema_;
  schema.text->stop_words = EnglishStopWords();
  Collection notes = Must(db_->CreateCollection("stopped", schema));
  const std::vector<std::string> ids = {"a", "b"};
  const std::vector<std::string> texts = {"to be or not to be", "the vector"};
  UpsertRequest upsert;
  upsert.ids = ids;
  upsert.texts = texts;
  Must(notes.Upsert(upsert));
  SearchRequest request;
  request.text = "To be, or not to be";
  const SearchResponse response = Must(notes.Search(request));
  EXPECT_TRUE(response.hits.empty());
  EXPECT_EQ(response.receipt.short_reason, "stop_words");
  request.text = "The vectors";
  EXPECT_EQ(IdsOf(Must(notes.Search(request)).hits), std::vector<std::string>{"b"});
  Must(db_->Close());
  Open();
  EXPECT_EQ(Must(db_->GetCollection("stopped")).schema(), schema);
}

TEST_F(LexicalTest, HybridSearchesSayWhereEachHitComesFrom) {
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  std::vector<float> vectors;
  for (std::size_t i = 0; i < 50; ++i) {
    ids.push_back("id" + std::to_string(i));
    texts.push_back(i == 7 || i == 9 ? "rare word" : "common");
    std::vector<float> vector(kDimension, 0.1F);
    vector[i] = 5;
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  UpsertRequest upsert;
  upsert.ids = ids;
  upsert.texts = texts;
  upsert.vectors["body"] = vectors;
  Must(notes_->Upsert(upsert));
  SearchRequest request;
  request.vector = std::span(vectors).subspan(9 * kDimension, kDimension);
  request.text = "rare";
  request.k = 3;
  const SearchResponse response = Must(notes_->Search(request));
  ASSERT_EQ(response.hits.size(), 3u);
  EXPECT_EQ(response.hits[0].id, "id9");
  EXPECT_EQ(response.hits[1].id, "id7");
  ASSERT_TRUE(response.hits[0].dense && response.hits[0].lexical);
  EXPECT_EQ(response.hits[0].dense->rank, 1u);
  EXPECT_EQ(response.hits[0].lexical->rank, 2u);  // As good as id7, whose id comes before.
  EXPECT_FLOAT_EQ(response.hits[0].score, 1.0F / 11 + 1.2F / 12);
  EXPECT_FALSE(response.hits[2].lexical);
  const Receipt& receipt = response.receipt;
  EXPECT_EQ(receipt.plan, "code_scan+lexical");
  EXPECT_EQ(receipt.fusion, "rrf");
  EXPECT_EQ(receipt.k, 3u);
  EXPECT_EQ(receipt.returned, 3u);
  EXPECT_EQ(receipt.short_reason, "");
  ASSERT_EQ(receipt.sources.size(), 2u);
  EXPECT_EQ(receipt.sources[0].name, "dense");
  EXPECT_EQ(receipt.sources[0].found, 50u);
  EXPECT_EQ(receipt.sources[1].found, 2u);
  ASSERT_EQ(receipt.ledger.size(), 3u);
  EXPECT_EQ(receipt.ledger[1].id, "id7");
  EXPECT_EQ(receipt.ledger[1].lexical_rank, 1u);
  std::vector<std::string> stages;
  for (const ReceiptStage& stage : receipt.stages) stages.push_back(stage.name);
  EXPECT_EQ(stages,
            (std::vector<std::string>{"plan", "scan", "rescore", "lexical", "fuse", "hydrate"}));
  EXPECT_NE(receipt.ToJson().find("\"ledger\":[{\"id\":\"id9\""), std::string::npos);
  request.fusion.weights = {1, 2, 3};
  EXPECT_TRUE(
      Fails(notes_->Search(request), StatusCode::kInvalidArgument, {"3 weights for 2 sources"}));
  request.fusion.weights.clear();
  request.where = Filter("id != 'id9'");
  EXPECT_EQ(Must(notes_->Search(request)).hits[0].id, "id7");
}

TEST_F(LexicalTest, LikeLeavesItselfOutOfBothSources) {
  Rows rows = MakeRows(0, 30, kDimension);
  for (std::size_t i = 0; i < 30; ++i) rows.texts.push_back("same words");
  UpsertRequest request = rows.Request();
  Must(notes_->Upsert(request));
  SearchRequest search;
  search.like = "id3";
  search.text = "words";
  search.k = 30;
  const auto ids = IdsOf(Must(notes_->Search(search)).hits);
  EXPECT_EQ(ids.size(), 29u);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), "id3"), 0);
}

TEST_F(LexicalTest, DocumentsAreSearchedChunkByChunk) {
  CollectionSchema schema;
  schema.text = TextField{};
  Collection pages = Must(db_->CreateCollection("pages", schema));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 600; ++i) {
      Document document;
      document.id = "page" + std::to_string(i);
      document.text = "# Page\n\nAbout gardens number" + std::to_string(i) + ".\n\n# More\n\n" +
                      (round == 1 && i == 300 ? "Orchids now." : "Only roses here.") + "\n";
      document.chunker.strategy = "heading";
      Must(pages.PutDocument(document));
      if (round == 1 && i == 300) break;
    }
  }
  SearchRequest request;
  request.text = "number42 orchid";
  const SearchResponse response = Must(pages.Search(request));
  ASSERT_EQ(response.hits.size(), 2u);
  std::map<std::string, std::string> documents;
  for (const Hit& hit : response.hits) documents[hit.document] = hit.text;
  EXPECT_NE(documents["page42"].find("number42"), std::string::npos);
  EXPECT_NE(documents["page300"].find("Orchids"), std::string::npos);
}

TEST_F(LexicalTest, ADeadlineCutsASearchAndTheReceiptSaysSo) {
  Put(0, 600);
  SearchRequest request;
  request.text = "vector running word3 word4";
  request.deadline_ms = 1e-6;
  const SearchResponse response = Must(notes_->Search(request));
  EXPECT_TRUE(response.receipt.deadline_cut);
  EXPECT_EQ(response.receipt.short_reason, "deadline");
}

TEST_F(LexicalTest, AnotherAnalyzerIsAnErrorAndAnUnknownOneNamesTheNearest) {
  CollectionSchema other = schema_;
  other.text->analyzer = "german";
  EXPECT_FALSE(db_->CreateCollection("notes", other).ok());
  other.text->analyzer = "germann";
  EXPECT_TRUE(Fails(db_->CreateCollection("more", other), StatusCode::kInvalidArgument,
                    {"germann", "did you mean 'german'"}));
  other.text = TextField{"english", {}, -1, 0.5};
  EXPECT_TRUE(Fails(db_->CreateCollection("more", other), StatusCode::kInvalidArgument, {"k1"}));
  other.text = TextField{"english", {}, 1, 1.5};
  EXPECT_TRUE(Fails(db_->CreateCollection("more", other), StatusCode::kInvalidArgument, {"b:"}));
}

TEST_F(LexicalTest, ExplainTellsThePlan) {
  Put(0, 20);
  SearchRequest request;
  request.text = "vector";
  EXPECT_EQ(Must(notes_->Explain(request)).plan, "lexical");
  const std::vector<float> vector(kDimension, 1);
  request.vector = vector;
  EXPECT_EQ(Must(notes_->Explain(request)).plan, "code_scan+lexical");
}

}  // namespace
}  // namespace tracevec
