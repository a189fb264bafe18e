// Budgets of tokens: what fits, by a counter or by the estimate.

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/token_estimate.h"
#include "tests/stage_test.h"

namespace tracevec {
namespace {

using Texts = std::vector<std::string>;

class BudgetStageTest : public StageTest {
 protected:
  BudgetStageTest() {
    for (const char* text : {"aaaa", "bbbbbb", "cc", "dd"}) Find(AddText(text));
  }
  static BudgetStage With(std::uint32_t tokens, TokenCounter count = {}) {
    BudgetStage stage;
    stage.tokens = tokens;
    stage.count = std::move(count);
    return stage;
  }
  static Result<std::uint32_t> Bytes(std::string_view text) {
    return static_cast<std::uint32_t>(text.size());
  }
};

TEST_F(BudgetStageTest, WhatDoesNotFitIsLeftOutAndLaterOnesMayFit) {
  EXPECT_EQ(Run({With(7, Bytes)}), (Texts{"aaaa", "cc"}));
  EXPECT_EQ(passages_[0].tokens, 4U);
  EXPECT_EQ(DroppedBy(reports_[0]), (Texts{"d1#0 budget", "d3#0 budget"}));
  EXPECT_EQ(reports_[0].dropped[0].value, 6);
  EXPECT_EQ(reports_[0].dropped[0].against, 3);
  EXPECT_EQ(reports_[0].calls.size(), 4U);
  EXPECT_EQ(Run({With(14, Bytes)}).size(), 4U);
  EXPECT_TRUE(Run({With(1, Bytes)}).empty());
}

TEST_F(BudgetStageTest, WithoutACounterTokensAreEstimated) {
  EXPECT_EQ(Run({With(1000)}).size(), 4U);
  EXPECT_EQ(passages_[1].tokens, EstimateTokens("bbbbbb"));
  EXPECT_TRUE(reports_[0].degraded.empty());
}

TEST_F(BudgetStageTest, WhereTheCounterFailsAllTokensAreEstimated) {
  const auto broken = [](std::string_view text) -> Result<std::uint32_t> {
    if (text == "cc") return Status::Unavailable("no vocabulary");
    return 1'000'000U;
  };
  EXPECT_EQ(Run({With(1000, broken)}).size(), 4U);
  EXPECT_EQ(reports_[0].degraded, "tokens are estimated: Unavailable: no vocabulary");
  EXPECT_EQ(passages_[0].tokens, EstimateTokens("aaaa"));
  context_.raise_on_error = true;
  EXPECT_TRUE(Fails(TryRun({With(1000, broken)}), StatusCode::kUnavailable, {"no vocabulary"}));
}

TEST_F(BudgetStageTest, AfterTheDeadlineTheCounterIsNotCalled) {
  StageContext::TimePoint now{};
  context_.clock = [&] { return now; };
  context_.deadline = now + std::chrono::milliseconds(1);
  int calls = 0;
  const auto slow = [&](std::string_view text) {
    ++calls;
    now += std::chrono::milliseconds(1);
    return Bytes(text);
  };
  EXPECT_EQ(Run({With(1000, slow)}).size(), 4U);
  EXPECT_EQ(calls, 2);
  EXPECT_NE(reports_[0].degraded.find("the deadline passed with 2 of 4"), std::string::npos);
}

TEST_F(BudgetStageTest, CountsNearTheLargestNumberDoNotWrap) {
  const auto huge = [](std::string_view) -> Result<std::uint32_t> {
    return std::numeric_limits<std::uint32_t>::max();
  };
  EXPECT_EQ(Run({With(std::numeric_limits<std::uint32_t>::max(), huge)}), Texts{"aaaa"});
}

}  // namespace
}  // namespace tracevec
