// Where the vectors of a document come from: embedders, plans, rows given; and what goes wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

std::vector<std::string> Numbered(const std::string& prefix, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(prefix + " " + std::to_string(i));
  return texts;
}

class EmbeddingTest : public DocumentsTest {
 protected:
  PutOptions With(Embedder embedder) {
    PutOptions options;
    options.embed[""] = std::move(embedder);
    return options;
  }
  /// An embedder that first calls `action`, then gives hash vectors.
  PutOptions After(const std::function<void()>& action) {
    return With([this, action](std::span<const std::string> texts) {
      action();
      return HashEmbedder(kDimension)(texts);
    });
  }
  std::vector<float> VectorOf(const std::string& chunk) {
    GetOptions options;
    options.with_vectors = true;
    const Chunk found = GetOne(pages(), chunk, options);
    return found.vectors.contains("body") ? found.vectors.at("body") : std::vector<float>();
  }
};

TEST_F(EmbeddingTest, TheEmbedderIsCalledInBatches) {
  std::vector<std::size_t> sizes;
  PutOptions options = With([&](std::span<const std::string> texts) {
    sizes.push_back(texts.size());
    return HashEmbedder(kDimension)(texts);
  });
  options.embed_batch_size = 4;
  const PutResult result = Must(pages().PutDocument(MakePage("p", Numbered("text", 10)), options));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2}));
  EXPECT_EQ(result.embedded, 10u);
  EXPECT_GT(result.embed_micros, 0);
  for (const Chunk& chunk : Read("p").chunks) {
    EXPECT_EQ(chunk.vectors.at("body"), HashVector(chunk.text, kDimension));
    EXPECT_GT(chunk.embed_micros, 0);
  }
}

TEST_F(EmbeddingTest, APlanSaysWhatAPutWouldDoAndWritesNothing) {
  const UpdatePlan fresh = Must(pages().PlanUpdate(MakePage("p", {"alpha", "beta"})));
  EXPECT_EQ(fresh.base_version, 0u);
  EXPECT_EQ(fresh.to_embed.size(), 2u);
  Put(MakePage("p", {"alpha", "beta", "gamma"}));
  const std::vector<std::string> ids = ChunkIds("p");
  const std::uint64_t before = commit();
  const auto files = ReadFiles(path_);

  const UpdatePlan plan = Must(pages().PlanUpdate(MakePage("p", {"gamma", "new", "alpha"})));
  EXPECT_EQ(plan.document, "p");
  EXPECT_EQ(plan.base_version, 1u);
  EXPECT_FALSE(plan.unchanged);
  ASSERT_EQ(plan.to_embed.size(), 1u);
  EXPECT_EQ(plan.to_embed[0].ordinal, 1u);
  EXPECT_EQ(plan.to_embed[0].id, "p#" + ToHex(HashBytes("new")));
  EXPECT_EQ(plan.to_embed[0].texts.at("body"), "new");
  EXPECT_EQ(plan.kept, (std::vector<std::string>{ids[2], ids[0]}));
  EXPECT_EQ(plan.removed, std::vector<std::string>{ids[1]});

  const UpdatePlan same = Must(pages().PlanUpdate(MakePage("p", {"alpha", "beta", "gamma"})));
  EXPECT_TRUE(same.unchanged);
  EXPECT_EQ(same.content_hash, Read("p").info.content_hash);
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(ReadFiles(path_), files);
}

TEST_F(EmbeddingTest, APlanIsPutWithOneRowForEachChunkToEmbed) {
  Put(MakePage("p", {"alpha", "beta"}));
  const Document edited = MakePage("p", {"new", "beta", "newer"});
  const UpdatePlan plan = Must(pages().PlanUpdate(edited));
  const std::vector<float> rows = RandomVectors(2, kDimension, 1);
  PutOptions options;
  options.plan = &plan;
  options.vectors[""] = rows;
  const PutResult result = Must(pages().PutDocument(edited, options));
  EXPECT_EQ(result.added, 2u);
  EXPECT_EQ(result.embedded, 0u) << "no embedder was called";
  const StoredDocument stored = Read("p");
  EXPECT_TRUE(std::equal(rows.begin(), rows.begin() + 6, VectorOf(stored.chunks[0].id).begin()));
  EXPECT_EQ(VectorOf(stored.chunks[1].id), HashVector("beta", kDimension));
  EXPECT_TRUE(std::equal(rows.begin() + 6, rows.end(), VectorOf(stored.chunks[2].id).begin()));
}

TEST_F(EmbeddingTest, AStalePlanIsAConflictThatNamesBothVersions) {
  const Document page = MakePage("p", {"mine"});
  const std::vector<float> row = RandomVectors(1, kDimension, 1);
  PutOptions options;
  options.vectors["body"] = row;
  const UpdatePlan of_missing = Must(pages().PlanUpdate(page));
  Put(MakePage("p", {"alpha"}));
  const UpdatePlan of_first = Must(pages().PlanUpdate(page));
  Put(MakePage("p", {"beta"}));
  const std::uint64_t before = commit();
  options.plan = &of_missing;
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kConflict,
                    {"'p'", "made at version 0", "it is at version 2"}));
  options.plan = &of_first;
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kConflict,
                    {"'p'", "made at version 1", "it is at version 2"}));
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(Read("p").chunks[0].text, "beta");
}

TEST_F(EmbeddingTest, APlanOfAnotherDocumentOrContentIsRefused) {
  const UpdatePlan plan = Must(pages().PlanUpdate(MakePage("p", {"alpha"})));
  const std::vector<float> row = RandomVectors(1, kDimension, 1);
  PutOptions options;
  options.plan = &plan;
  options.vectors["body"] = row;
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("q", {"alpha"}), options),
                    StatusCode::kInvalidArgument, {"'p'", "'q'"}));
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("p", {"beta"}), options),
                    StatusCode::kInvalidArgument, {"'p'", "another content"}));
  EXPECT_EQ(Must(pages().Count()), 0u);
}

TEST_F(EmbeddingTest, WithoutAPlanThereIsOneRowForEachChunk) {
  std::vector<float> rows = RandomVectors(2, kDimension, 1);
  PutOptions options;
  options.vectors["body"] = rows;
  Must(pages().PutDocument(MakePage("p", {"alpha", "beta"}), options));
  const std::string alpha = "p#" + ToHex(HashBytes("alpha"));
  const std::vector<float> before = VectorOf(alpha);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), rows.begin()));

  rows = RandomVectors(2, kDimension, 2);
  options.vectors["body"] = rows;
  EXPECT_EQ(Must(pages().PutDocument(MakePage("p", {"new", "alpha"}), options)).kept, 1u);
  EXPECT_EQ(VectorOf(alpha), before) << "a kept chunk keeps its vector";
  const std::vector<float> added = VectorOf("p#" + ToHex(HashBytes("new")));
  EXPECT_TRUE(std::equal(added.begin(), added.end(), rows.begin()));
}

TEST_F(EmbeddingTest, ADocumentThatMovesMeanwhileIsTriedAgain) {
  Put(MakePage("p", {"alpha"}));
  int calls = 0;
  const PutOptions options = After([&] {
    if (++calls == 1) Put(MakePage("p", {"theirs", "both"}));
  });
  const PutResult result = Must(pages().PutDocument(MakePage("p", {"both", "mine"}), options));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(result.version, 3u);
  EXPECT_EQ(result.kept, 1u) << "worked out against the version that came in between";
  EXPECT_EQ(result.embedded, 1u);
  EXPECT_EQ(Read("p").chunks[1].text, "mine");
}

TEST_F(EmbeddingTest, ADocumentThatMovesThreeTimesIsAConflict) {
  int calls = 0;
  const PutOptions options =
      After([&] { Put(MakePage("p", {"theirs " + std::to_string(++calls)})); });
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("p", {"mine"}), options), StatusCode::kConflict,
                    {"'p'", "at version 2 when", "at version 3"}));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Read("p").chunks[0].text, "theirs 3");
}

TEST_F(EmbeddingTest, ADocumentDeletedMeanwhileIsTriedAgain) {
  Put(MakePage("p", {"alpha"}));
  int calls = 0;
  const PutOptions options = After([&] {
    if (++calls == 1) Must(pages().DeleteDocument("p"));
  });
  EXPECT_EQ(Must(pages().PutDocument(MakePage("p", {"alpha", "beta"}), options)).version, 3u);
  EXPECT_EQ(ChunkIds("p").size(), 2u);
}

TEST_F(EmbeddingTest, AnEmbedderThatFailsCommitsNothing) {
  Put(MakePage("p", {"alpha"}));
  const std::uint64_t before = commit();
  static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  using Floats = std::vector<float>;
  using Texts = std::span<const std::string>;
  const auto fails = [&](Embedder embedder, StatusCode code,
                         const std::vector<std::string>& parts) {
    PutOptions options = With(std::move(embedder));
    options.embed_batch_size = 2;
    return Fails(pages().PutDocument(MakePage("p", {"one", "two", "three"}), options), code, parts);
  };
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { return Status::Unavailable("model is down"); },
                    StatusCode::kUnavailable, {"model is down"}));
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { throw std::runtime_error("no network"); },
                    StatusCode::kInternal, {"'body'", "no network"}));
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { throw 7; }, StatusCode::kInternal, {"'body'"}));
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { return Floats(6, 1.0F); },
                    StatusCode::kInvalidArgument, {"'body'", "expected 6, got 3"}));
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { return Floats(13, 1.0F); },
                    StatusCode::kInvalidArgument, {"2 x 6 = 12 floats, got 13"}));
  EXPECT_TRUE(fails([](Texts) -> Result<Floats> { return Floats(); }, StatusCode::kInvalidArgument,
                    {"expected 6, got 0"}));
  EXPECT_TRUE(fails([](Texts texts) -> Result<Floats> { return Floats(texts.size() * 6, kNan); },
                    StatusCode::kInvalidArgument, {"row 0", "component 0", "nan"}));
  EXPECT_TRUE(fails([](Texts texts) -> Result<Floats> { return Floats(texts.size() * 6, 0.0F); },
                    StatusCode::kInvalidArgument, {"row 0", "zero"}));
  int calls = 0;
  EXPECT_TRUE(fails(
      [&](Texts texts) -> Result<Floats> {
        if (++calls == 2) return Status::DeadlineExceeded("second batch");
        return HashEmbedder(kDimension)(texts);
      },
      StatusCode::kDeadlineExceeded, {"second batch"}));
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(Read("p").info.version, 1u);
  EXPECT_EQ(Must(pages().Count()), 1u);
}

TEST_F(EmbeddingTest, ADatabaseClosedByTheEmbedderIsClosed) {
  const PutOptions options = After([&] { Must(db_->Close()); });
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("p", {"alpha"}), options), StatusCode::kClosed));
  Open();
  EXPECT_EQ(Must(Must(db_->GetCollection("pages")).Count()), 0u);
}

TEST_F(EmbeddingTest, ACollectionDroppedByTheEmbedderIsNotFoundAndStaysDropped) {
  const PutOptions options = After([&] { Must(db_->DropCollection("pages")); });
  EXPECT_TRUE(Fails(pages().PutDocument(MakePage("p", {"alpha"}), options), StatusCode::kNotFound,
                    {"'pages'", "dropped"}));
  DatabaseTest::Reopen();
  EXPECT_TRUE(Must(db_->ListCollections()).empty());
}

TEST_F(EmbeddingTest, FieldsHaveVectorsOfTheirOwnKinds) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.vectors["title"].dimension = 2;
  schema.vectors["title"].embed_template = "{title}{text}";
  Collection both = Must(db_->CreateCollection("both", schema));
  const Document page = MakePage("p", {"alpha", "beta"});
  const std::vector<float> titles = {1, 2, 3, 4};
  PutOptions options;
  options.embed["body"] = HashEmbedder(kDimension);
  options.vectors["title"] = titles;
  Must(both.PutDocument(page, options));
  GetOptions with_vectors;
  with_vectors.with_vectors = true;
  const StoredDocument stored = Must(both.GetDocument("p", with_vectors));
  EXPECT_EQ(stored.chunks[1].vectors.at("body"), HashVector("beta", kDimension));
  EXPECT_EQ(stored.chunks[1].vectors.at("title"), (std::vector<float>{3, 4}));

  options.vectors["body"] = titles;
  EXPECT_TRUE(Fails(both.PutDocument(page, options), StatusCode::kInvalidArgument,
                    {"'body'", "both an embedder and vectors"}))
      << "whether or not there is anything to embed";
  options = {};
  options.embed[""] = HashEmbedder(2);
  EXPECT_TRUE(
      Fails(both.PutDocument(page, options), StatusCode::kInvalidArgument, {"2 vector fields"}));
  options = {};
  options.embed["titel"] = HashEmbedder(2);
  EXPECT_TRUE(Fails(both.PutDocument(page, options), StatusCode::kInvalidArgument,
                    {"'titel'", "did you mean 'title'?"}));
}

TEST_F(EmbeddingTest, WithoutVectorsADocumentIsStoredAndFilteredButNotFoundByVector) {
  Document page = MakePage("p", {"alpha"});
  page.metadata = {{"year", 2024}};
  EXPECT_EQ(Must(pages().PutDocument(page)).embedded, 0u);
  EXPECT_EQ(Must(pages().Count("year = 2024")), 1u);
  EXPECT_TRUE(VectorOf("p#" + ToHex(HashBytes("alpha"))).empty());
  SearchRequest request;
  const std::vector<float> query = HashVector("alpha", kDimension);
  request.vector = query;
  EXPECT_TRUE(Must(pages().Search(request)).hits.empty());
}

TEST_F(EmbeddingTest, ManyDocumentsShareCommitsAndBatches) {
  std::vector<Document> documents;
  for (int i = 0; i < 300; ++i) {
    documents.push_back(MakePage("p" + std::to_string(i), Numbered("of " + std::to_string(i), 3)));
  }
  std::vector<std::size_t> sizes;
  std::vector<std::size_t> progress;
  Collection::PutManyOptions options;
  options.put = With([&](std::span<const std::string> texts) {
    sizes.push_back(texts.size());
    return HashEmbedder(kDimension)(texts);
  });
  options.progress = [&](std::size_t done) {
    progress.push_back(done);
    return true;
  };
  const std::uint64_t before = commit();
  const auto results = Must(pages().PutDocuments(documents, options));
  ASSERT_EQ(results.size(), 300u);
  EXPECT_EQ(progress, (std::vector<std::size_t>{256, 300}));
  EXPECT_EQ(commit(), before + 2);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{256, 256, 256, 132}));
  EXPECT_EQ(results[0].commit, before + 1);
  EXPECT_EQ(results[299].commit, before + 2);
  EXPECT_EQ(results[299].added, 3u);
  EXPECT_EQ(Must(pages().Count()), 900u);
  EXPECT_EQ(VectorOf(Read("p7").chunks[2].id), HashVector("of 7 2", kDimension));

  sizes.clear();
  documents[5] = MakePage("p5", {"edited"});
  const auto again = Must(pages().PutDocuments(documents, options));
  EXPECT_EQ(commit(), before + 3);
  EXPECT_EQ(sizes, std::vector<std::size_t>{1});
  EXPECT_TRUE(again[4].unchanged);
  EXPECT_EQ(again[4].commit, before + 1);
  EXPECT_EQ(again[5].version, 2u);
}

TEST_F(EmbeddingTest, PuttingManyCanBeCancelledBetweenCommits) {
  std::vector<Document> documents;
  for (int i = 0; i < 600; ++i) documents.push_back(MakePage("p" + std::to_string(i), {"text"}));
  Collection::PutManyOptions options;
  options.put = Embedding();
  options.progress = [](std::size_t) { return false; };
  EXPECT_TRUE(
      Fails(pages().PutDocuments(documents, options), StatusCode::kCancelled, {"256 of 600"}));
  EXPECT_EQ(Must(pages().Stats()).documents, 256u);
}

TEST_F(EmbeddingTest, AnErrorLeavesTheCommitsBeforeItWhole) {
  std::vector<Document> documents;
  for (int i = 0; i < 300; ++i) documents.push_back(MakePage("p" + std::to_string(i), {"text"}));
  int calls = 0;
  Collection::PutManyOptions options;
  options.put = With([&](std::span<const std::string> texts) -> Result<std::vector<float>> {
    if (++calls == 2) return Status::Unavailable("model is down");
    return HashEmbedder(kDimension)(texts);
  });
  EXPECT_TRUE(
      Fails(pages().PutDocuments(documents, options), StatusCode::kUnavailable, {"model is down"}));
  EXPECT_EQ(Must(pages().Stats()).documents, 256u);
  options.put = Embedding();
  const auto results = Must(pages().PutDocuments(documents, options));
  EXPECT_TRUE(results[255].unchanged);
  EXPECT_EQ(results[256].added, 1u);
}

TEST_F(EmbeddingTest, ManyDocumentsMayComeWithTheirVectors) {
  const std::vector<Document> documents = {MakePage("a", {"one", "two"}), MakePage("b", {"three"}),
                                           MakePage("a", {"two", "four"})};
  const std::vector<std::vector<float>> rows = {RandomVectors(2, kDimension, 1),
                                                RandomVectors(1, kDimension, 2),
                                                RandomVectors(2, kDimension, 3)};
  Collection::PutManyOptions options;
  options.vectors_of = [&](std::size_t i) {
    return std::map<std::string, std::span<const float>, std::less<>>{{"body", rows[i]}};
  };
  const auto results = Must(pages().PutDocuments(documents, options));
  EXPECT_EQ(results[0].version, 1u);
  EXPECT_EQ(results[2].version, 2u) << "the same document again is its next version";
  EXPECT_EQ(results[2].kept, 1u);
  EXPECT_TRUE(std::equal(rows[0].begin() + 6, rows[0].end(), VectorOf(ChunkIds("a")[0]).begin()));
  EXPECT_TRUE(std::equal(rows[2].begin() + 6, rows[2].end(), VectorOf(ChunkIds("a")[1]).begin()));
  EXPECT_EQ(VectorOf(ChunkIds("b")[0]), rows[1]);
}

TEST_F(EmbeddingTest, AnExceptionOfACallbackIsAnErrorOfTheCall) {
  const Document page = MakePage("p", {"alpha"});
  Collection::PutManyOptions options;
  options.put = Embedding();
  options.progress = [](std::size_t) -> bool { throw std::runtime_error("no progress"); };
  EXPECT_TRUE(
      Fails(pages().PutDocuments({&page, 1}, options), StatusCode::kInternal, {"no progress"}));
  options.progress = [](std::size_t) -> bool { throw 7; };
  EXPECT_TRUE(Fails(pages().PutDocuments({&page, 1}, options), StatusCode::kInternal));
}

}  // namespace
}  // namespace tracevec
