// Callbacks of a pipeline that fail, are late, or give what they must not: the answer degrades and
// the receipt says so, or the query fails where that was asked for.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/pipeline_pages.h"

namespace tracevec {
namespace {

constexpr double kDeadlineMs = 40;

void SleepPastDeadline() { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }

struct BadEmbedder {
  const char* what;
  Embedder embed;
  StatusCode code;   // With OnError::kRaise.
  const char* part;  // Of the reason.
};

std::vector<BadEmbedder> BadEmbedders(std::uint32_t dimension) {
  using Rows = Result<std::vector<float>>;
  using Texts = std::span<const std::string>;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  return {
      {"fails", [](Texts) -> Rows { return Status::Unavailable("quota of the day is used up"); },
       StatusCode::kUnavailable, "quota of the day is used up"},
      {"throws", [](Texts) -> Rows { throw std::runtime_error("boom"); }, StatusCode::kInternal,
       "threw: boom"},
      {"throws no exception", [](Texts) -> Rows { throw 7; }, StatusCode::kInternal, "threw"},
      {"gives nothing", [](Texts) -> Rows { return std::vector<float>(); },
       StatusCode::kInvalidArgument, "got 0"},
      {"gives too little", [](Texts) -> Rows { return std::vector<float>{1}; },
       StatusCode::kInvalidArgument, "got 1"},
      {"gives NaN", [=](Texts) -> Rows { return std::vector<float>(dimension, nan); },
       StatusCode::kInvalidArgument, "gave what it must not"},
      {"gives zero", [=](Texts) -> Rows { return std::vector<float>(dimension, 0.0F); },
       StatusCode::kInvalidArgument, "gave what it must not"},
  };
}

class PipelineCallbacksTest : public PipelineTest {
 protected:
  static QueryOptions Raising() {
    QueryOptions options;
    options.on_error = OnError::kRaise;
    return options;
  }
  static QueryOptions WithDeadline() {
    QueryOptions options;
    options.deadline_ms = kDeadlineMs;
    return options;
  }
  PipelineResponse Lexical() { return Must(pages().Query("red apple").Lexical().Limit(5).Run()); }
};

TEST_F(PipelineCallbacksTest, SearchByTextStandsInForAVectorThatIsMissing) {
  for (const BadEmbedder& bad : BadEmbedders(kDimension)) {
    SCOPED_TRACE(bad.what);
    DenseSource dense;
    dense.embed = bad.embed;
    const auto query = pages().Query("red apple").Dense(dense).Limit(5);
    const PipelineResponse response = Must(query.Run());
    EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
    const ReceiptStage& embed = StageOf(response.receipt, "embed");
    EXPECT_NE(embed.skipped.find(bad.part), std::string::npos) << embed.skipped;
    EXPECT_EQ(embed.degraded, "a search by text stands in");
    EXPECT_EQ(embed.n_out, 0u);
    ASSERT_EQ(response.receipt.sources.size(), 1u);
    EXPECT_EQ(response.receipt.sources[0].name, "lexical");
    EXPECT_TRUE(Fails(query.Run(Raising()), bad.code, {bad.part}));
  }
}

TEST_F(PipelineCallbacksTest, TheOtherSourceStaysWhereOneHasNoVector) {
  for (const BadEmbedder& bad : BadEmbedders(kDimension)) {
    SCOPED_TRACE(bad.what);
    DenseSource dense;
    dense.embed = bad.embed;
    const auto response = Must(pages()
                                   .Query("red apple")
                                   .Dense(dense)
                                   .Lexical()
                                   .Threshold(0.1, "dense")
                                   .Threshold(0.1, "fused")
                                   .Limit(5)
                                   .Run());
    EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
    EXPECT_NE(StageOf(response.receipt, "threshold").skipped, "");
  }
}

TEST_F(PipelineCallbacksTest, WithoutATextFieldAMissingVectorIsAnEmptyAnswer) {
  Collection bare = Must(db_->CreateCollection("bare", BodySchema(kDimension)));
  Upsert(bare, MakeRows(0, 5, kDimension));
  DenseSource dense;
  dense.embed = BadEmbedders(kDimension)[0].embed;
  const auto response = Must(bare.Query("x").Dense(dense).Limit(5).Run());
  EXPECT_TRUE(response.passages.empty());
  EXPECT_EQ(response.receipt.short_reason, "skipped_source");
  EXPECT_EQ(response.receipt.plan, "none");
  EXPECT_EQ(response.receipt.collection, "bare");
}

TEST_F(PipelineCallbacksTest, ALateEmbedderIsDroppedAndTheTextIsStillSearched) {
  DenseSource dense = Embedded();
  dense.embed = [embed = dense.embed](std::span<const std::string> texts) {
    SleepPastDeadline();
    return embed(texts);
  };
  const auto query = pages().Query("red apple").Dense(dense).Limit(5);
  const PipelineResponse response = Must(query.Run(WithDeadline()));
  EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
  EXPECT_NE(StageOf(response.receipt, "embed").skipped.find("after the deadline"),
            std::string::npos);
  EXPECT_TRUE(response.receipt.deadline_cut);
  QueryOptions raising = WithDeadline();
  raising.on_error = OnError::kRaise;
  EXPECT_TRUE(Fails(query.Run(raising), StatusCode::kDeadlineExceeded));
}

TEST_F(PipelineCallbacksTest, NoCallbackIsCalledAfterTheDeadline) {
  ExpandStep expand;
  expand.callback = [](std::string_view) -> Result<std::vector<std::string>> {
    SleepPastDeadline();
    return std::vector<std::string>{"green pear"};
  };
  RerankStage rerank;
  int reranked = 0;
  rerank.callback = [&](std::string_view, std::span<const std::string> texts) {
    ++reranked;
    return Result<std::vector<float>>(std::vector<float>(texts.size(), 1.0F));
  };
  seen_.clear();
  const auto response = Must(pages()
                                 .Query("red apple")
                                 .Expand(expand)
                                 .Dense(Embedded())
                                 .Lexical()
                                 .Rerank(rerank)
                                 .Limit(5)
                                 .Run(WithDeadline()));
  EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(reranked, 0);
  EXPECT_EQ(response.receipt.phrasings, 1u);
  for (const char* step : {"expand", "embed", "rerank"}) {
    EXPECT_NE(StageOf(response.receipt, step).skipped.find("deadline"), std::string::npos) << step;
  }
  EXPECT_TRUE(response.receipt.deadline_cut);
}

TEST_F(PipelineCallbacksTest, ARewriterThatFailsLeavesTheQueryItself) {
  using Phrasings = Result<std::vector<std::string>>;
  const std::vector<Rewriter> bad = {
      [](std::string_view) -> Phrasings { return Status::Unavailable("no model"); },
      [](std::string_view) -> Phrasings { throw std::runtime_error("boom"); },
      [](std::string_view) -> Phrasings { return std::vector<std::string>(); },
  };
  for (const Rewriter& rewriter : bad) {
    ExpandStep expand;
    expand.callback = rewriter;
    const auto query = pages().Query("red apple").Expand(expand).Lexical().Limit(5);
    const auto response = Must(query.Run());
    EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
    EXPECT_NE(StageOf(response.receipt, "expand").skipped, "");
    EXPECT_FALSE(query.Run(Raising()).ok());
  }
}

TEST_F(PipelineCallbacksTest, PhrasingsThatAreNoQueriesAreLeftOut) {
  ExpandStep expand;
  expand.callback = [](std::string_view) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"", "\xff", std::string(1 << 20, 'a'), "green pear"};
  };
  const auto response = Must(pages().Query("red").Expand(expand).Dense(Embedded()).Run());
  EXPECT_EQ(response.receipt.phrasings, 2u);
  EXPECT_NE(StageOf(response.receipt, "expand").degraded.find("3 phrasings"), std::string::npos);
}

TEST_F(PipelineCallbacksTest, ARerankerThatFailsLeavesTheOrderThatWasThere) {
  using Scores = Result<std::vector<float>>;
  using Texts = std::span<const std::string>;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Reranker> bad = {
      [](std::string_view, Texts) -> Scores { return Status::Unavailable("no model"); },
      [](std::string_view, Texts) -> Scores { throw std::runtime_error("boom"); },
      [](std::string_view, Texts) -> Scores { return std::vector<float>(); },
      [](std::string_view, Texts) -> Scores { return std::vector<float>{1}; },
      [=](std::string_view, Texts t) -> Scores { return std::vector<float>(t.size(), nan); },
  };
  for (const Reranker& reranker : bad) {
    RerankStage rerank;
    rerank.callback = reranker;
    const auto query =
        pages().Query("red apple").Lexical().Rerank(rerank).Threshold(0.9, "rerank").Limit(5);
    const auto response = Must(query.Run());
    EXPECT_EQ(ChunksOf(response), ChunksOf(Lexical()));
    EXPECT_NE(StageOf(response.receipt, "rerank").skipped, "");
    EXPECT_NE(StageOf(response.receipt, "threshold").skipped, "");
    EXPECT_FALSE(query.Run(Raising()).ok());
  }
}

TEST_F(PipelineCallbacksTest, SummariesAndCountsThatFailAreLeftOut) {
  const auto query = pages()
                         .Query("red apple")
                         .Lexical()
                         .Summarize([](std::string_view, const Passage&) -> Result<std::string> {
                           throw std::runtime_error("boom");
                         })
                         .Limit(5)
                         .Budget(100'000, [](std::string_view) -> Result<std::uint32_t> {
                           return Status::Unavailable("no tokenizer");
                         });
  const auto response = Must(query.Run());
  ASSERT_EQ(response.passages.size(), 5u);
  EXPECT_EQ(response.passages[0].text, Lexical().passages[0].text);
  const ReceiptStage& budget = StageOf(response.receipt, "budget");
  EXPECT_NE(budget.skipped + budget.degraded, "");
  EXPECT_FALSE(query.Run(Raising()).ok());
}

TEST_F(PipelineCallbacksTest, WhatCallsSayOfThemselvesIsInTheReceipt) {
  QueryOptions options;
  int calls = 0;
  options.call_info = [&calls]() -> std::optional<CallInfo> {
    CallInfo info;
    info.model = "model " + std::to_string(++calls);
    info.tokens_in = 12;
    return info;
  };
  RerankStage rerank;
  rerank.batch_size = 4;
  rerank.top = 8;
  rerank.callback = [](std::string_view, std::span<const std::string> texts) {
    return Result<std::vector<float>>(std::vector<float>(texts.size(), 1.0F));
  };
  const auto response =
      Must(pages().Query("red apple").Dense(Embedded()).Rerank(rerank).Run(options));
  const ReceiptStage& embed = StageOf(response.receipt, "embed");
  ASSERT_EQ(embed.calls.size(), 1u);
  EXPECT_EQ(embed.calls[0].info->model, "model 1");
  EXPECT_EQ(embed.calls[0].texts, 1u);
  EXPECT_GT(embed.calls[0].micros, 0);
  const ReceiptStage& reranked = StageOf(response.receipt, "rerank");
  ASSERT_EQ(reranked.calls.size(), 2u);
  EXPECT_EQ(reranked.calls[1].info->model, "model 3");
  EXPECT_EQ(reranked.calls[1].texts, 4u);
}

TEST_F(PipelineCallbacksTest, NamesStandForWhatTheyAreGivenAtTheRun) {
  const Pipeline pipeline = Must(Pipeline::FromJson(R"({
    "expand": {"callback": "llm"},
    "sources": [{"kind": "dense", "embed": "minilm"}, {"kind": "lexical"}],
    "stages": [{"stage": "rerank", "callback": "cross"}, {"stage": "limit", "count": 5},
               {"stage": "budget", "tokens": 100, "count": "tokens"}]})"));
  QueryOptions options;
  options.callbacks.rewrite["llm"] = [](std::string_view) {
    return Result<std::vector<std::string>>(std::vector<std::string>{"green pear"});
  };
  options.callbacks.embed["minilm"] = HashEmbedder(kDimension);
  options.callbacks.rerank["cross"] = [](std::string_view, std::span<const std::string> texts) {
    std::vector<float> scores;
    for (const std::string& text : texts) scores.push_back(text.ends_with("plum.") ? 1.0F : 0.0F);
    return Result<std::vector<float>>(scores);
  };
  options.callbacks.count["tokens"] = [](std::string_view) { return Result<std::uint32_t>(50); };
  const auto response = Must(pages().RunPipeline("red apple", pipeline, options));
  ASSERT_EQ(response.passages.size(), 2u);
  for (const Passage& passage : response.passages) EXPECT_TRUE(passage.text.ends_with("plum."));
  EXPECT_EQ(response.receipt.pipeline, Must(pipeline.Hash()));

  options.callbacks.rerank.clear();
  options.callbacks.rerank["crosss"] = [](std::string_view, std::span<const std::string>) {
    return Result<std::vector<float>>(std::vector<float>());
  };
  EXPECT_TRUE(Fails(pages().RunPipeline("red apple", pipeline, options),
                    StatusCode::kInvalidArgument,
                    {"stages[0].callback", "'cross'", "did you mean 'crosss'?"}));
}

TEST_F(PipelineCallbacksTest, VectorsOfAnotherModelAreAnErrorAndNoFailureOfTheCallback) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.vectors["body"].space.model = "a";
  Collection spaced = Must(db_->CreateCollection("spaced", schema));
  DenseSource dense = Embedded();
  dense.space.model = "b";
  EXPECT_TRUE(Fails(spaced.Query("x").Dense(dense).Run(), StatusCode::kEmbeddingSpaceMismatch));
}

}  // namespace
}  // namespace tracevec
