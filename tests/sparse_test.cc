// Sparse vectors through the public face: what is stored is what was given, and answers are those
// of the inner product with every live vector, whatever was written, deleted, merged, closed, kept
// by a snapshot or erased before.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/test_documents.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDimension = 1024;  // 512 rows a block.

using Entries = std::map<std::uint32_t, float>;

SparseVector SparseOf(const Entries& entries) {
  SparseVector vector;
  for (const auto& [index, value] : entries) {
    vector.indices.push_back(index);
    vector.values.push_back(value);
  }
  return vector;
}

/// The inner products with all vectors, by score and then by id.
class SparseOracle {
 public:
  void Put(const std::string& id, Entries entries) { vectors_[id] = std::move(entries); }
  void Delete(const std::string& id) { vectors_.erase(id); }
  const std::map<std::string, Entries>& vectors() const { return vectors_; }

  std::vector<std::pair<std::string, float>> Search(const Entries& query, std::size_t k,
                                                    bool fives) const {
    std::vector<std::pair<std::string, float>> hits;
    for (const auto& [id, entries] : vectors_) {
      if (fives && id.back() != '5') continue;
      double sum = 0;
      bool in_common = false;
      for (const auto& [index, value] : query) {
        const auto found = entries.find(index);
        if (found == entries.end()) continue;
        sum += static_cast<double>(value) * found->second;
        in_common = true;
      }
      if (in_common) hits.emplace_back(id, static_cast<float>(sum));
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (hits.size() > k) hits.resize(k);
    return hits;
  }

 private:
  std::map<std::string, Entries> vectors_;
};

class SparseTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    schema_.vectors["body"].dimension = kDimension;
    schema_.sparse_vectors["splade"];
    schema_.sparse_vectors["other"];
    schema_.text = TextField{"simple"};
    notes_.emplace(Must(db_->CreateCollection("notes", schema_)));
  }

  /// Few indexes are frequent, some values are negative, equal or zero, and some vectors empty.
  Entries RandomEntries(std::size_t most) {
    Entries entries;
    for (std::size_t left = random_() % (most + 1); left > 0; --left) {
      const double share = static_cast<double>(random_() % 10'000) / 10'000;
      auto index = static_cast<std::uint32_t>(400 * share * share * share);
      if (index == 3) index = std::numeric_limits<std::uint32_t>::max();
      entries[index] = static_cast<float>(static_cast<int>(random_() % 40) - 5) / 8;
    }
    return entries;
  }

  void Put(std::size_t first, std::size_t count) {
    std::vector<std::string> ids;
    std::vector<SparseVector> vectors;
    std::vector<Metadata> metadata;
    for (std::size_t i = first; i < first + count; ++i) {
      ids.push_back("id" + std::to_string(i));
      const Entries entries = RandomEntries(25);
      vectors.push_back(SparseOf(entries));
      std::reverse(vectors.back().indices.begin(), vectors.back().indices.end());
      std::reverse(vectors.back().values.begin(), vectors.back().values.end());
      metadata.push_back({{"n", static_cast<std::int64_t>(i % 10)}});
      oracle_.Put(ids.back(), entries);
    }
    UpsertRequest request;
    request.ids = ids;
    request.sparse_vectors["splade"] = vectors;
    request.metadata = metadata;
    Must(notes_->Upsert(request));
  }
  void Delete(std::size_t first, std::size_t count) {
    Selection selection;
    selection.ids.emplace();
    for (std::size_t i = first; i < first + count; ++i) {
      selection.ids->push_back("id" + std::to_string(i));
      oracle_.Delete(selection.ids->back());
    }
    Must(notes_->Delete(selection));
  }
  void Reopen() {
    notes_.reset();
    DatabaseTest::Reopen();
    notes_.emplace(Must(db_->GetCollection("notes")));
  }
  void WaitForBuilder() {
    for (int i = 0; i < 60000 && Must(notes_->Stats()).unbuilt_chunks > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  void ExpectLikeOracle(std::size_t queries) { ExpectLikeOracle(*notes_, oracle_, queries); }
  void ExpectLikeOracle(const Collection& collection, const SparseOracle& oracle,
                        std::size_t queries) {
    for (std::size_t i = 0; i < queries; ++i) {
      const Entries query = RandomEntries(12);
      SearchRequest request;
      request.sparse_vectors = {{"splade", SparseOf(query)}};
      request.k = static_cast<std::uint32_t>(1 + random_() % 30);
      request.exact = i % 4 == 0;
      request.with_content = false;
      for (const bool fives : {false, true}) {
        if (fives) request.where = Filter("n = 5");
        const std::vector<Hit> hits = Must(collection.Search(request)).hits;
        const auto expected = oracle.Search(query, request.k, fives);
        ASSERT_EQ(hits.size(), expected.size());
        for (std::size_t h = 0; h < hits.size(); ++h) {
          ASSERT_EQ(hits[h].id, expected[h].first) << "place " << h;
          ASSERT_EQ(hits[h].score, expected[h].second) << "place " << h;
        }
      }
    }
  }
  void ExpectStoredAsGiven() {
    for (const auto& [id, entries] : oracle_.vectors()) {
      const Chunk chunk = GetOne(*notes_, id, {.with_vectors = true});
      ASSERT_EQ(chunk.sparse_vectors.size(), entries.empty() ? 0u : 1u) << id;
      if (entries.empty()) continue;
      ASSERT_EQ(chunk.sparse_vectors.at("splade"), SparseOf(entries)) << id;
    }
  }

  const std::uint64_t seed_ = TestSeed();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  std::mt19937_64 random_{seed_};
  CollectionSchema schema_;
  SparseOracle oracle_;
  std::optional<Collection> notes_;
};

TEST_F(SparseTest, SmallCollectionsAnswerFromTheStore) {
  Put(0, 80);
  ExpectLikeOracle(TestIterations(20));
  Put(20, 5);
  Delete(3, 4);
  Reopen();
  EXPECT_EQ(notes_->schema(), schema_);
  ExpectLikeOracle(TestIterations(20));
  ExpectStoredAsGiven();
}

TEST_F(SparseTest, AnswersAreThoseOfEveryVectorWhateverHappenedToTheIndex) {
  Put(0, 1400);
  ExpectLikeOracle(TestIterations(20));  // Full blocks, and the head.
  WaitForBuilder();
  ExpectLikeOracle(TestIterations(20));
  Put(100, 300);  // Replaces some in segments.
  Delete(900, 200);
  ExpectLikeOracle(TestIterations(20));
  Must(notes_->Rebuild());
  ExpectLikeOracle(TestIterations(20));
  Put(1500, 40);
  Must(db_->Snapshot("before"));
  const SparseOracle before = oracle_;
  Put(0, 200);
  Delete(300, 100);
  Reopen();
  ExpectLikeOracle(TestIterations(20));
  ExpectStoredAsGiven();
  const auto then = Must(db_->At("before"));
  ExpectLikeOracle(Must(then->GetCollection("notes")), before, TestIterations(10));
}

TEST_F(SparseTest, MergesOfSegmentsKeepEveryVector) {
  for (std::size_t part = 0; part < 6; ++part) {
    Put(part * 520, 520);
    WaitForBuilder();
    if (part > 0) Delete(part * 100, 60);
  }
  ExpectLikeOracle(TestIterations(20));
  Must(notes_->Rebuild());
  ExpectLikeOracle(TestIterations(20));
}

TEST_F(SparseTest, AllSourcesAreFused) {
  Put(0, 60);
  UpsertRequest request;
  const std::vector<std::string> ids = {"x", "y"};
  const std::vector<std::string> texts = {"rare", "rare word"};
  const std::vector<SparseVector> sparse = {{{9'000}, {2}}, {{9'000}, {1}}};
  std::vector<float> vectors(2 * kDimension, 0.5F);
  vectors[0] = 7;
  request.ids = ids;
  request.texts = texts;
  request.vectors["body"] = vectors;
  request.sparse_vectors["splade"] = sparse;
  Must(notes_->Upsert(request));
  SearchRequest search;
  search.vector = std::span(vectors).first(kDimension);
  search.sparse_vectors = {{"splade", {{9'000}, {3}}}};
  search.text = "rare";
  const SearchResponse response = Must(notes_->Search(search));
  ASSERT_EQ(response.hits.size(), 2u);
  const Hit& hit = response.hits[0];
  EXPECT_EQ(hit.id, "x");
  ASSERT_TRUE(hit.sparse && hit.dense && hit.lexical);
  EXPECT_EQ(hit.sparse->score, 6);
  EXPECT_FLOAT_EQ(hit.score, 1.0F / 11 + 1.0F / 11 + 1.2F / 11);
  ASSERT_EQ(hit.sources.size(), 3u);
  EXPECT_EQ(hit.sources[1].kind, SourceKind::kSparse);
  EXPECT_EQ(hit.sources[1].field, "splade");
  const Receipt& receipt = response.receipt;
  EXPECT_EQ(receipt.plan, "code_scan+sparse+lexical");
  EXPECT_EQ(receipt.sources[1].name, "sparse");
  EXPECT_EQ(receipt.ledger[0].sparse_rank, 1u);
  EXPECT_EQ(Must(notes_->Explain(search)).plan, receipt.plan);
  search = {};
  search.sparse_vectors = {{"splade", {{9'000}, {3}}}};
  EXPECT_EQ(Must(notes_->Search(search)).receipt.plan, "sparse");
}

TEST_F(SparseTest, EmptyVectorsAreNone) {
  const std::vector<std::string> ids = {"a"};
  const std::vector<SparseVector> none(1);
  UpsertRequest request;
  request.ids = ids;
  request.sparse_vectors["splade"] = none;
  Must(notes_->Upsert(request));
  EXPECT_TRUE(GetOne(*notes_, "a", {.with_vectors = true}).sparse_vectors.empty());
  SearchRequest search;
  search.sparse_vectors = {{"splade", {}}};
  EXPECT_TRUE(Must(notes_->Search(search)).hits.empty());
}

TEST_F(SparseTest, DocumentsKeepAndMoveTheirVectors) {
  Document document = MakePage("doc", {"first", "second", "third"});
  const std::vector<SparseVector> sparse = {{{1}, {1}}, {{2}, {2}}, {{3}, {3}}};
  PutOptions options;
  options.sparse_vectors["splade"] = sparse;
  Must(notes_->PutDocument(document, options));
  const auto stored = [&](const std::string& id) {
    std::vector<SparseVector> vectors;
    for (const Chunk& chunk : Must(notes_->GetDocument(id, {.with_vectors = true})).chunks) {
      const auto found = chunk.sparse_vectors.find("splade");
      vectors.push_back(found == chunk.sparse_vectors.end() ? SparseVector() : found->second);
    }
    return vectors;
  };
  EXPECT_EQ(stored("doc"), sparse);
  document = MakePage("doc", {"first", "new", "third"});
  const UpdatePlan plan = Must(notes_->PlanUpdate(document));
  const std::vector<SparseVector> added = {{{7, 4}, {7, 4}}};
  options.sparse_vectors["splade"] = added;
  options.plan = &plan;
  Must(notes_->PutDocument(document, options));
  EXPECT_EQ(stored("doc"), (std::vector<SparseVector>{{{1}, {1}}, {{4, 7}, {4, 7}}, {{3}, {3}}}));
  Document moved = document;
  moved.id = "moved";
  PutOptions move;
  move.moved_from = "doc";
  Must(notes_->PutDocument(moved, move));
  EXPECT_EQ(stored("moved"), (std::vector<SparseVector>{{{1}, {1}}, {{4, 7}, {4, 7}}, {{3}, {3}}}));
}

TEST_F(SparseTest, ErasureLeavesNoByteOfAVector) {
  Document document = MakePage("doc", {"first text of a document"});
  const std::vector<SparseVector> sparse = {
      {{77'001, 77'002, 77'003, 77'004}, {0.71F, 0.72F, 0.73F, 0.74F}}};
  PutOptions options;
  options.sparse_vectors["splade"] = sparse;
  Must(notes_->PutDocument(document, options));
  Put(0, 600);
  Must(notes_->Rebuild());
  const ErasureCertificate certificate = Must(notes_->EraseDocument("doc"));
  EXPECT_EQ(certificate.vectors, 1u);
  Must(db_->Close());
  const std::string bytes(reinterpret_cast<const char*>(sparse[0].indices.data()),
                          4 * sizeof(std::uint32_t));
  for (const auto& [file, content] : ReadFiles(path_)) {
    EXPECT_EQ(content.find(bytes), std::string::npos) << file;
  }
  Open();
  notes_.emplace(Must(db_->GetCollection("notes")));
  ExpectLikeOracle(TestIterations(5));
}

TEST_F(SparseTest, BadVectorsAreErrorsThatSayWhichAndChangeNothing) {
  Put(0, 10);
  const std::uint64_t before = commit();
  const std::vector<std::string> ids = {"a", "b"};
  const auto fails = [&](const std::string& field, const SparseVector& second,
                         const std::vector<std::string>& parts) {
    const std::vector<SparseVector> vectors = {{{1}, {1}}, second};
    UpsertRequest request;
    request.ids = ids;
    request.sparse_vectors[field] = vectors;
    return Fails(notes_->Upsert(request), StatusCode::kInvalidArgument, parts);
  };
  EXPECT_TRUE(fails("splad", {}, {"no sparse field 'splad'", "splade"}));
  EXPECT_TRUE(fails("", {}, {"2 sparse fields"}));
  EXPECT_TRUE(fails("splade", {{1, 2}, {1}}, {"row 1", "2 indices and 1 values"}));
  EXPECT_TRUE(fails("splade", {{5, 2, 5}, {1, 1, 1}}, {"row 1", "index 5 is given twice"}));
  EXPECT_TRUE(fails("splade", {{5}, {std::nanf("")}}, {"row 1", "index 5", "nan"}));
  EXPECT_TRUE(fails("splade", {{5}, {std::numeric_limits<float>::infinity()}}, {"inf"}));
  EXPECT_TRUE(fails("splade", {{5}, {3e38F}}, {"too large"}));
  SparseVector large;
  large.indices.resize(65'537);
  large.values.resize(65'537);
  EXPECT_TRUE(fails("splade", large, {"65537 entries", "65536"}));
  EXPECT_EQ(commit(), before);
  SearchRequest search;
  search.sparse_vectors = {{"splade", {{1, 1}, {1, 1}}}};
  EXPECT_TRUE(Fails(notes_->Search(search), StatusCode::kInvalidArgument,
                    {"query vector for 'splade'", "index 1 is given twice"}));
  search.sparse_vectors = {{"body", {{1}, {1}}}};
  EXPECT_TRUE(Fails(notes_->Search(search), StatusCode::kInvalidArgument, {"no sparse field"}));
  CollectionSchema twice = schema_;
  twice.sparse_vectors["body"];
  EXPECT_TRUE(Fails(db_->CreateCollection("twice", twice), StatusCode::kInvalidArgument,
                    {"sparse field 'body'", "a vector field has this name"}));
}

}  // namespace
}  // namespace tracevec
