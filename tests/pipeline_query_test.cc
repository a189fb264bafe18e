// Queries through a pipeline: sources, fusion, and what the receipt tells of each step.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pipeline_pages.h"

namespace tracevec {
namespace {

class PipelineQueryTest : public PipelineTest {};

TEST_F(PipelineQueryTest, OfOneSourceIsTheSearchOfThatSource) {
  const PipelineResponse lexical = Must(pages().Query("red apple").Lexical().Run());
  SearchRequest request;
  request.text = "red apple";
  request.k = 100;
  EXPECT_EQ(ChunksOf(lexical), IdsOf(Must(pages().Search(request)).hits));
  const PipelineResponse dense = Must(pages().Query("red apple").Dense(Embedded()).Run());
  const std::vector<float> vector = HashVector("red apple", kDimension);
  request.text.clear();
  request.vector = vector;
  const SearchResponse hits = Must(pages().Search(request));
  EXPECT_EQ(ChunksOf(dense), IdsOf(hits.hits));
  EXPECT_EQ(dense.passages[0].score, hits.hits[0].score);
  EXPECT_EQ(dense.passages[0].text, hits.hits[0].text);
}

TEST_F(PipelineQueryTest, OfTwoSourcesIsTheHybridSearch) {
  Fusion fusion;
  fusion.weights = {1, 0.5};
  const PipelineResponse response =
      Must(pages().Query("red apple").Dense(Embedded()).Lexical().Fuse(fusion).Limit(10).Run());
  SearchRequest request;
  const std::vector<float> vector = HashVector("red apple", kDimension);
  request.vector = vector;
  request.text = "red apple";
  request.fusion = fusion;
  const SearchResponse hybrid = Must(pages().Search(request));
  EXPECT_EQ(ChunksOf(response), IdsOf(hybrid.hits));
  const std::vector<StageScore>& scores = response.passages[0].citations[0].scores;
  ASSERT_EQ(scores.back().stage, "fused");
  EXPECT_EQ(scores.back().score, hybrid.hits[0].score);
  EXPECT_EQ(scores.back().rank, 1u);
}

TEST_F(PipelineQueryTest, WeightsOfSourcesAreThoseOfTheFusion) {
  Fusion fusion;
  fusion.weights = {0, 1};
  DenseSource dense = Embedded();
  LexicalSource lexical;
  const auto by_fusion =
      Must(pages().Query("red").Dense(dense).Lexical(lexical).Fuse(fusion).Limit(5).Run());
  dense.weight = 0;
  lexical.weight = 1;
  const auto by_source = Must(pages().Query("red").Dense(dense).Lexical(lexical).Limit(5).Run());
  EXPECT_EQ(ChunksOf(by_fusion), ChunksOf(by_source));
  EXPECT_EQ(by_source.receipt.sources[0].weight, 0);
  EXPECT_EQ(by_source.receipt.sources[1].weight, 1);
}

TEST_F(PipelineQueryTest, AFilterHoldsForAllSources) {
  const auto response =
      Must(pages().Query("apple").Dense(Embedded()).Lexical().Where("n < 5").Where("n > 2").Run());
  EXPECT_FALSE(response.passages.empty());
  for (const Passage& passage : response.passages) {
    const std::int64_t n = *passage.metadata.at("n").AsInt();
    EXPECT_TRUE(n == 3 || n == 4) << n;
  }
}

TEST_F(PipelineQueryTest, WithoutASourceSearchesTheTexts) {
  EXPECT_EQ(ChunksOf(Must(pages().Query("red apple").Run())),
            ChunksOf(Must(pages().Query("red apple").Lexical().Run())));
  Collection bare = Must(db_->CreateCollection("bare", BodySchema(kDimension)));
  EXPECT_TRUE(Fails(bare.Query("x").Run(), StatusCode::kInvalidArgument, {"no text field"}));
}

TEST_F(PipelineQueryTest, PhrasingsAreSearchedAtOnceAndCitedApart) {
  ExpandStep expand;
  expand.callback = [](std::string_view) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"green pear", "red apple", "  ", "green pear", "blue plum"};
  };
  seen_.clear();
  DenseSource dense = Embedded();
  const auto response =
      Must(pages().Query("red apple").Expand(expand).Dense(dense).Lexical().Limit(30).Run());
  EXPECT_EQ(seen_, (std::vector<std::string>{"red apple", "green pear", "blue plum"}));
  EXPECT_EQ(response.receipt.phrasings, 3u);
  ASSERT_EQ(response.receipt.sources.size(), 6u);
  const double dense_weight = response.receipt.sources[0].weight;
  EXPECT_NEAR(dense_weight, 1.0 / 3, 1e-9);
  std::set<std::string> stages;
  for (const Passage& passage : response.passages) {
    for (const StageScore& score : passage.citations[0].scores) stages.insert(score.stage);
  }
  for (const char* stage : {"dense", "lexical", "fused", "dense.body#1", "lexical#2"}) {
    EXPECT_TRUE(stages.contains(stage)) << stage;
  }
  EXPECT_NE(StageOf(response.receipt, "expand").degraded, "");  // One was blank.
}

TEST_F(PipelineQueryTest, ReceiptListsEveryStepWithItsCounts) {
  CombineStage combine;
  PipelineResponse response = Must(pages()
                                       .Query("red apple")
                                       .Dense(Embedded())
                                       .Lexical()
                                       .Dedup()
                                       .Combine(combine)
                                       .Limit(3)
                                       .Budget(1000)
                                       .Order()
                                       .Run());
  const Receipt& receipt = response.receipt;
  std::vector<std::string> names;
  for (const ReceiptStage& stage : receipt.stages) names.push_back(stage.name);
  std::vector<std::string> expected = {"embed",   "plan",   "scan",  "rescore",
                                       "lexical", "fuse",   "dedup", "combine",
                                       "limit",   "budget", "order", "hydrate"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(StageOf(receipt, "limit").n_out, 3u);
  EXPECT_EQ(receipt.k, 3u);
  EXPECT_EQ(receipt.returned, 3u);
  EXPECT_EQ(receipt.short_reason, "");
  EXPECT_GT(receipt.total_micros, 0);
  const Pipeline same = Pipeline().Dense().Lexical().Dedup().Combine(combine).Limit(3).Budget(1000);
  EXPECT_EQ(receipt.pipeline, Must(Pipeline(same).Order().Hash()));
  ASSERT_EQ(receipt.passages.size(), 3u);
  EXPECT_EQ(receipt.passages[0].document, response.passages[0].document);
  EXPECT_EQ(receipt.passages[0].citations.size(), response.passages[0].citations.size());
  EXPECT_EQ(receipt.ToJson().find("apple"), std::string::npos);  // No query content.
  QueryOptions off;
  off.receipt = ReceiptLevel::kOff;
  EXPECT_EQ(Must(pages().Query("red").Lexical().Run(off)).receipt.id, "");
}

TEST_F(PipelineQueryTest, ReceiptSaysWhyThereAreFewerThanTheLimit) {
  const auto reason = [&](const PipelineQuery& query) {
    return Must(query.Run()).receipt.short_reason;
  };
  EXPECT_EQ(reason(pages().Query("red").Lexical().Limit(1)), "");
  EXPECT_EQ(reason(pages().Query("nosuchword").Lexical().Limit(5)), "matches");
  EXPECT_EQ(reason(pages().Query("red").Lexical().Threshold(1e6, "lexical").Limit(5)), "threshold");
  EXPECT_EQ(reason(pages().Query("red").Lexical().Limit(5).Budget(1)), "budget");
  EXPECT_EQ(reason(pages().Query("page").Lexical().GroupByDocument(1).Limit(1000)),
            "group_by_document");
  EXPECT_EQ(reason(pages().Query("nosuchword").Lexical()), "matches");
}

TEST_F(PipelineQueryTest, APromptHasThePassagesAndTheReceiptItsTemplate) {
  PipelineResponse response = Must(pages().Query("red apple").Lexical().Limit(2).Run());
  EXPECT_EQ(response.receipt.prompt_template, "");
  const std::string prompt =
      Must(response.ToPrompt("Q: {query}\n{#passages}[{number}] {text}\n{/passages}"));
  EXPECT_EQ(prompt, "Q: red apple\n[1] " + response.passages[0].text + "\n[2] " +
                        response.passages[1].text + "\n");
  const std::string hash = response.receipt.prompt_template;
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_TRUE(Fails(response.ToPrompt("{#passages}{txet}{/passages}"), StatusCode::kInvalidArgument,
                    {"line 1", "did you mean 'text'?"}));
  EXPECT_EQ(response.receipt.prompt_template, hash);
  EXPECT_NE(Must(response.ToPrompt()).find(response.passages[0].text), std::string::npos);
  EXPECT_NE(response.receipt.prompt_template, hash);
}

TEST_F(PipelineQueryTest, BadQueriesAreRefusedBeforeAnyCallback) {
  seen_.clear();
  const auto error = [&](std::string_view text, const QueryOptions& options = {}) {
    return pages().Query(text).Dense(Embedded()).Lexical().Run(options).status();
  };
  EXPECT_TRUE(Fails(error(""), StatusCode::kInvalidArgument, {"the query is empty"}));
  EXPECT_TRUE(Fails(error(std::string(1 << 20, 'a')), StatusCode::kInvalidArgument,
                    {"1048576 bytes", "65536"}));
  EXPECT_TRUE(Fails(error("\xff"), StatusCode::kInvalidArgument, {"UTF-8"}));
  QueryOptions options;
  options.deadline_ms = 0;
  EXPECT_TRUE(Fails(error("a", options), StatusCode::kInvalidArgument, {"deadline_ms: 0"}));
  options = {};
  options.receipt = ReceiptLevel::kKeep;
  EXPECT_TRUE(Fails(error("a", options), StatusCode::kUnsupported, {"'keep'", "'summary'"}));
  DenseSource dense = Embedded();
  dense.field = "boddy";
  EXPECT_TRUE(Fails(pages().Query("a").Dense(dense).Run(), StatusCode::kInvalidArgument,
                    {"sources[0]", "did you mean 'body'?"}));
  dense.field = "";
  dense.vector = {1, 2};
  EXPECT_TRUE(
      Fails(pages().Query("a").Dense(dense).Run(), StatusCode::kInvalidArgument, {"sources[0]"}));
  EXPECT_TRUE(Fails(pages().Query("a").Limit(3).Lexical().Run(), StatusCode::kInvalidArgument,
                    {"lexical: declared after a stage"}));
  EXPECT_TRUE(
      Fails(pages().Query("a").Limit(3).Mmr().Run(), StatusCode::kInvalidArgument, {"stages[1]"}));
  EXPECT_TRUE(seen_.empty());
}

TEST_F(PipelineQueryTest, StopWordsAloneFindNothing) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.text = TextField{};
  schema.text->stop_words = EnglishStopWords();
  Collection stopped = Must(db_->CreateCollection("stopped", schema));
  Must(stopped.PutDocument(MakePage("d", {"the cat and the dog"})));
  const auto response = Must(stopped.Query("the and").Lexical().Limit(5).Run());
  EXPECT_TRUE(response.passages.empty());
  EXPECT_EQ(response.receipt.short_reason, "stop_words");
}

TEST_F(PipelineQueryTest, WithVectorsAloneNeedsNoText) {
  DenseSource dense;
  dense.vector = HashVector("red apple", kDimension);
  EXPECT_EQ(ChunksOf(Must(pages().Query("").Dense(dense).Limit(5).Run())),
            ChunksOf(Must(pages().Query("red apple").Dense(Embedded()).Limit(5).Run())));
}

TEST_F(PipelineQueryTest, SparseFieldsAreSourcesToo) {
  CollectionSchema schema;
  schema.sparse_vectors["terms"] = {};
  schema.text = TextField{};
  Collection sparse = Must(db_->CreateCollection("sparse", schema));
  const std::vector<std::string> ids = {"a", "b", "c"};
  const std::vector<std::string> texts = {"red apple", "green pear", "red plum"};
  const std::vector<SparseVector> vectors = {{{1, 7}, {1, 2}}, {{7}, {3}}, {{1}, {5}}};
  UpsertRequest request;
  request.ids = ids;
  request.texts = texts;
  request.sparse_vectors[""] = vectors;
  Must(sparse.Upsert(request));
  SparseSource source;
  source.vector = SparseVector{{7}, {1}};
  const auto given = Must(sparse.Query("").Sparse(source).Run());
  EXPECT_EQ(ChunksOf(given), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(given.passages[0].citations[0].scores[0].stage, "sparse");
  source.vector.reset();
  source.encode = [](std::span<const std::string> asked) {
    return Result<std::vector<SparseVector>>(
        std::vector<SparseVector>(asked.size(), SparseVector{{1}, {1}}));
  };
  EXPECT_EQ(ChunksOf(Must(sparse.Query("x").Sparse(source).Run())),
            (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(Must(sparse.Query("red apple").Sparse(source).Lexical().Run()).receipt.sources.size(),
            2u);
  source.encode = [](std::span<const std::string>) -> Result<std::vector<SparseVector>> {
    return Status::Unavailable("no model");
  };
  const auto degraded = Must(sparse.Query("plum").Sparse(source).Run());
  EXPECT_EQ(ChunksOf(degraded), std::vector<std::string>{"c"});
  EXPECT_NE(StageOf(degraded.receipt, "encode").skipped.find("no model"), std::string::npos);
}

TEST_F(PipelineQueryTest, ReadsOneViewWhatEverCallbacksWrite) {
  RerankStage rerank;
  rerank.callback = [&](std::string_view, std::span<const std::string> texts) {
    Must(pages().DeleteDocument("d0"));
    return Result<std::vector<float>>(std::vector<float>(texts.size(), 1.0F));
  };
  const auto response = Must(pages().Query("red").Lexical().Rerank(rerank).Run());
  EXPECT_TRUE(std::any_of(response.passages.begin(), response.passages.end(),
                          [](const Passage& passage) { return passage.document == "d0"; }));
}

TEST_F(PipelineQueryTest, AnswersAreTheSameFromSegments) {
  const auto run = [&] {
    return ChunksOf(Must(pages().Query("red apple").Dense(Embedded()).Lexical().Limit(10).Run()));
  };
  for (int round = 0; round < 3; ++round) {
    Rows rows = MakeRows(static_cast<std::size_t>(round) * 300, 300, kDimension);
    rows.texts.assign(300, "filler");
    Upsert(pages(), rows);
  }
  const auto before = run();
  Must(pages().Rebuild());
  EXPECT_EQ(run(), before);
  Reopen();
  EXPECT_EQ(run(), before);
}

}  // namespace
}  // namespace tracevec
