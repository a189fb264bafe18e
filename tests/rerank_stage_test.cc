// Reranking by a callback that does what it should, and by those that do not; exact reranking.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stage_test.h"

namespace tracevec {
namespace {

using Scores = Result<std::vector<float>>;

class RerankStageTest : public StageTest {
 protected:
  RerankStageTest() {
    for (const char* text : {"three", "one", "two", "five", "four"}) Find(AddText(text));
    context_.clock = [this] { return now_; };
  }

  /// Scores by the length of a text.
  static Scores ByLength(std::string_view /*query*/, std::span<const std::string> texts) {
    std::vector<float> scores;
    for (const std::string& text : texts) scores.push_back(static_cast<float>(text.size()));
    return scores;
  }
  RerankStage With(Reranker callback) const {
    RerankStage stage;
    stage.callback = std::move(callback);
    stage.top = 4;
    stage.batch_size = 3;
    return stage;
  }
  /// The stage is skipped for a reason that has this text, and the first four stay as they were;
  /// and with raise_on_error that is the error.
  void ExpectSkipped(const RerankStage& stage, StatusCode code, const std::string& reason) {
    const StageContext::TimePoint start = now_;
    EXPECT_EQ(Run({stage}), (std::vector<std::string>{"three", "one", "two", "five"})) << reason;
    EXPECT_NE(reports_[0].skipped.find(reason), std::string::npos) << reports_[0].skipped;
    for (const Passage& passage : passages_) {
      EXPECT_EQ(passage.citations[0].scores.back().stage, "fused");
    }
    now_ = start;
    context_.raise_on_error = true;
    EXPECT_TRUE(Fails(TryRun({stage}), code, {reason}));
    context_.raise_on_error = false;
  }

  StageContext::TimePoint now_{};
};

TEST_F(RerankStageTest, LeavesTheFirstByTheirNewScores) {
  std::vector<std::size_t> batches;
  const RerankStage stage = With([&](std::string_view query, std::span<const std::string> texts) {
    EXPECT_EQ(query, "question");
    batches.push_back(texts.size());
    return ByLength(query, texts);
  });
  // Equal scores come by id, which is the order in which the texts were added.
  EXPECT_EQ(Run({stage}), (std::vector<std::string>{"three", "five", "one", "two"}));
  EXPECT_EQ(batches, (std::vector<std::size_t>{3, 1}));
  EXPECT_EQ(passages_[1].score, 4);
  const StageScore& score = passages_[1].citations[0].scores.back();
  EXPECT_EQ(score.stage, "rerank");
  EXPECT_EQ(score.rank, 2U);
  EXPECT_EQ(DroppedBy(reports_[0]), std::vector<std::string>{"d4#0 top"});
  ASSERT_EQ(reports_[0].calls.size(), 2U);
  EXPECT_EQ(reports_[0].calls[1].texts, 1U);
}

TEST_F(RerankStageTest, AFailingCallbackSkipsTheStage) {
  ExpectSkipped(With([](auto, auto) -> Scores { return Status::Unavailable("model is down"); }),
                StatusCode::kUnavailable, "model is down");
  ExpectSkipped(With([](auto, auto) -> Scores { throw std::runtime_error("bad weights"); }),
                StatusCode::kInternal, "the reranker threw: bad weights");
  ExpectSkipped(With([](auto, auto) -> Scores { throw 7; }), StatusCode::kInternal,
                "something that is no std::exception");
}

TEST_F(RerankStageTest, AnAnswerThatIsNoScoreATextSkipsTheStage) {
  ExpectSkipped(With([](auto, auto) { return Scores(std::vector<float>{}); }),
                StatusCode::kInvalidArgument, "gave 0 scores for 3 texts");
  ExpectSkipped(With([](auto, auto) { return Scores(std::vector<float>(5, 1)); }),
                StatusCode::kInvalidArgument, "gave 5 scores for 3 texts");
  ExpectSkipped(With([](auto, auto) {
                  return Scores(std::vector<float>{1, std::nanf(""), 1});
                }),
                StatusCode::kInvalidArgument, "gave nan for text 2 of 3");
  ExpectSkipped(With([](auto, auto) {
                  return Scores(std::vector<float>(3, std::numeric_limits<float>::infinity()));
                }),
                StatusCode::kInvalidArgument, "gave inf for text 1 of 3");
}

TEST_F(RerankStageTest, OneBatchThatFailsSkipsAll) {
  int calls = 0;
  ExpectSkipped(With([&](auto query, auto texts) -> Scores {
                  if (++calls % 2 == 0) return Status::Unavailable("second batch");
                  return ByLength(query, texts);
                }),
                StatusCode::kUnavailable, "second batch");
}

TEST_F(RerankStageTest, ALateResultIsDropped) {
  context_.deadline = now_ + std::chrono::milliseconds(50);
  ExpectSkipped(With([&](auto query, auto texts) {
                  now_ = *context_.deadline + std::chrono::milliseconds(1);
                  return ByLength(query, texts);
                }),
                StatusCode::kDeadlineExceeded, "during a call of the reranker, with 0 of 4");
  now_ = *context_.deadline + std::chrono::milliseconds(1);
  ExpectSkipped(With([](auto, auto) -> Scores {
                  ADD_FAILURE() << "called after the deadline";
                  return std::vector<float>();
                }),
                StatusCode::kDeadlineExceeded, "the deadline passed before");
}

TEST_F(RerankStageTest, ABudgetEndsBeforeTheDeadline) {
  context_.deadline = now_ + std::chrono::hours(1);
  RerankStage stage = With([&](auto query, auto texts) {
    now_ += std::chrono::milliseconds(8);
    return ByLength(query, texts);
  });
  stage.budget_ms = 20;
  EXPECT_EQ(Run({stage})[1], "five");
  stage.budget_ms = 10;
  ExpectSkipped(stage, StatusCode::kDeadlineExceeded,
                "the budget passed during a call of the reranker, with 3 of 4");
  stage.budget_ms = 1e300;
  EXPECT_EQ(Run({stage})[1], "five");
}

TEST_F(RerankStageTest, AThresholdOnASkippedRerankIsSkippedToo) {
  const RerankStage broken = With([](auto, auto) -> Scores { return Status::Unavailable("down"); });
  for (const char* on : {"rerank", ""}) {
    EXPECT_EQ(Run({broken, ThresholdStage{100, on}}).size(), 4U);
    EXPECT_NE(reports_[1].skipped.find("no score 'rerank': Unavailable: down"), std::string::npos);
  }
  // A rerank after it gives the score.
  EXPECT_EQ(Run({broken, With(ByLength), ThresholdStage{4, "rerank"}}),
            (std::vector<std::string>{"three", "five"}));
}

TEST_F(RerankStageTest, CallsSayWhatTheyWere) {
  int asked = 0;
  context_.call_info = [&]() -> std::optional<CallInfo> {
    CallInfo info;
    info.model = "cross";
    info.tokens_in = static_cast<std::uint64_t>(++asked);
    return info;
  };
  Run({With(ByLength)});
  ASSERT_EQ(reports_[0].calls.size(), 2U);
  EXPECT_EQ(reports_[0].calls[0].info->model, "cross");
  EXPECT_EQ(reports_[0].calls[1].info->tokens_in, 2U);
  context_.call_info = []() -> std::optional<CallInfo> { throw std::runtime_error("meter"); };
  ExpectSkipped(With(ByLength), StatusCode::kInternal, "call_info threw: meter");
}

TEST_F(RerankStageTest, WithoutACallbackNothingRuns) {
  EXPECT_TRUE(Fails(TryRun({RerankStage()}), StatusCode::kInvalidArgument, {"no callback"}));
}

TEST_F(RerankStageTest, ExactScoresAreThoseOfTheMetric) {
  RerankStage exact;
  exact.method = RerankMethod::kExact;
  const std::vector<float> query = {3, 4};
  context_.query_vectors["body"] = query;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto angle = static_cast<float>(i) * 0.4F;
    reader_.SetVector(DocumentNumber{i}, 0, {std::cos(angle), std::sin(angle)});
  }
  // The fifth has no vector: it stays behind, with the score it had.
  EXPECT_EQ(Run({exact}), (std::vector<std::string>{"two", "five", "one", "three", "four"}));
  EXPECT_NEAR(passages_[0].score, 0.6 * std::cos(0.8) + 0.8 * std::sin(0.8), 1e-6);
  EXPECT_EQ(passages_[4].citations[0].scores.back().stage, "fused");
  reader_.set_metric(Metric::kIp);
  Run({exact});
  EXPECT_NEAR(passages_[0].score, 3 * std::cos(0.8) + 4 * std::sin(0.8), 1e-5);
  reader_.set_metric(Metric::kL2);
  Run({exact});
  EXPECT_NEAR(passages_[0].score,
              -(std::pow(3 - std::cos(0.8), 2) + std::pow(4 - std::sin(0.8), 2)), 1e-4);
}

TEST_F(RerankStageTest, ExactRerankingWithoutAVectorIsSkipped) {
  RerankStage exact;
  exact.method = RerankMethod::kExact;
  exact.top = 3;
  EXPECT_EQ(Run({exact}).size(), 3U);
  EXPECT_EQ(reports_[0].skipped, "the query has no vector");
  const std::vector<float> query = {3, 4};
  context_.query_vectors["body"] = query;
  EXPECT_EQ(Run({exact}).size(), 3U);
  EXPECT_EQ(reports_[0].skipped, "no candidate has a vector of the query's dimension");
  exact.field = "title";
  EXPECT_TRUE(Fails(TryRun({exact}), StatusCode::kInvalidArgument, {"title"}));
}

}  // namespace
}  // namespace tracevec
