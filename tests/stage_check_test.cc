// Order and parameters of stages: what is refused, and what the message says.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "retrieval/stage.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

using Stages = std::vector<PipelineStage>;

Status Check(const Stages& stages) { return CheckStages(stages); }

TEST(StageCheck, DefaultsOfAllStagesPassInTheOrderOfTheirList) {
  BudgetStage budget;
  budget.tokens = 100;
  EXPECT_TRUE(Check({RerankStage(), ThresholdStage(), DedupStage(), MmrStage(), GroupStage(),
                     CombineStage(), SummarizeStage(), LimitStage(), budget, OrderStage()})
                  .ok());
  EXPECT_TRUE(Check({}).ok());
}

TEST(StageCheck, LimitBudgetAndOrderComeLastInThatOrder) {
  BudgetStage budget;
  budget.tokens = 100;
  EXPECT_TRUE(Fails(Check({LimitStage(), DedupStage()}), StatusCode::kInvalidArgument,
                    {"stages[1]: dedup after limit", "limit, budget and order come last"}));
  EXPECT_TRUE(Fails(Check({DedupStage(), budget, LimitStage()}), StatusCode::kInvalidArgument,
                    {"stages[2]: limit after budget"}));
  EXPECT_TRUE(Fails(Check({OrderStage(), budget}), StatusCode::kInvalidArgument,
                    {"stages[1]: budget after order"}));
  EXPECT_TRUE(Fails(Check({LimitStage(), LimitStage()}), StatusCode::kInvalidArgument,
                    {"stages[1]: limit after limit", "each once"}));
  EXPECT_TRUE(Check({LimitStage(), OrderStage()}).ok());
}

TEST(StageCheck, ParametersOutOfRangeAreNamedWithTheirPlace) {
  const auto refused = [](const PipelineStage& stage, const std::string& message) {
    return Fails(Check({DedupStage(), stage}), StatusCode::kInvalidArgument, {message});
  };
  RerankStage rerank;
  rerank.top = 0;
  EXPECT_TRUE(refused(rerank, "stages[1].top: 0, expected 1 to 16384"));
  rerank = {};
  rerank.batch_size = 20'000;
  EXPECT_TRUE(refused(rerank, "stages[1].batch_size: 20000, expected 1 to 16384"));
  rerank = {};
  rerank.budget_ms = -1;
  EXPECT_TRUE(refused(rerank, "stages[1].budget_ms: -1, expected above 0"));
  rerank.budget_ms = std::nan("");
  EXPECT_TRUE(refused(rerank, "stages[1].budget_ms: nan"));
  rerank = {};
  rerank.method = static_cast<RerankMethod>(9);
  EXPECT_TRUE(refused(rerank, "stages[1].method: no method has this number"));
  EXPECT_TRUE(refused(ThresholdStage{std::nan(""), ""}, "stages[1].score: nan"));
  DedupStage dedup;
  dedup.similarity = 0;
  EXPECT_TRUE(refused(dedup, "stages[1].similarity: 0, expected above 0 and at most 1"));
  MmrStage mmr;
  mmr.lambda = 1.5;
  EXPECT_TRUE(refused(mmr, "stages[1].lambda: 1.5, expected 0 to 1"));
  mmr = {};
  mmr.top = 1025;
  EXPECT_TRUE(refused(mmr, "stages[1].top: 1025, expected 1 to 1024"));
  EXPECT_TRUE(refused(GroupStage{0}, "stages[1].per_document: 0, expected 1 to 16384"));
  CombineStage combine;
  combine.window = 101;
  EXPECT_TRUE(refused(combine, "stages[1].window: 101, expected 0 to 100"));
  combine = {};
  combine.share = 1.01;
  EXPECT_TRUE(refused(combine, "stages[1].share: 1.01"));
  combine = {};
  combine.max_chars = 0;
  EXPECT_TRUE(refused(combine, "stages[1].max_chars: 0, expected at least 1"));
  EXPECT_TRUE(refused(LimitStage{0}, "stages[1].count: 0, expected 1 to 16384"));
  EXPECT_TRUE(refused(BudgetStage(), "stages[1].tokens: 0, expected at least 1"));
}

TEST(StageCheck, AThresholdNamesAScoreThatThereIs) {
  const std::vector<std::string> scores = {"dense", "lexical", "fused"};
  const auto check = [&](const Stages& stages) { return CheckStages(stages, scores); };
  EXPECT_TRUE(check({ThresholdStage{0.2, "dense"}}).ok());
  EXPECT_TRUE(
      Fails(check({ThresholdStage{0.2, "densse"}}), StatusCode::kInvalidArgument,
            {"stages[0].on: no score 'densse'", "did you mean 'dense'?", "dense, lexical, fused"}));
  EXPECT_TRUE(Fails(check({ThresholdStage{0.2, "rerank"}, RerankStage()}),
                    StatusCode::kInvalidArgument, {"stages[0].on", "no rerank comes before"}));
  EXPECT_TRUE(check({RerankStage(), ThresholdStage{0.2, "rerank"}}).ok());
  EXPECT_TRUE(check({ThresholdStage{0.2, ""}}).ok());
}

TEST(StageCheck, TooManyStagesAreRefused) {
  EXPECT_TRUE(Fails(Check(Stages(33, DedupStage())), StatusCode::kInvalidArgument,
                    {"stages: 33 of them, at most 32"}));
}

TEST(StageCheck, NamesAreThoseOfTheVariant) {
  ASSERT_EQ(StageNames().size(), std::variant_size_v<PipelineStage>);
  EXPECT_EQ(StageName(GroupStage()), "group_by_document");
  EXPECT_EQ(StageName(OrderStage()), StageNames().back());
}

}  // namespace
}  // namespace tracevec
