// Summaries in the place of texts, and summarizers that fail.

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

using Summary = Result<std::string>;
using Texts = std::vector<std::string>;

class SummarizeStageTest : public StageTest {
 protected:
  SummarizeStageTest() {
    page_ = Add(MakePage("page", {"first", "second", "third"}));
    Find(page_, 0);
    Find(page_, 1);
  }
  static SummarizeStage With(Summarizer callback) {
    SummarizeStage stage;
    stage.callback = std::move(callback);
    return stage;
  }
  void ExpectSkipped(const SummarizeStage& stage, StatusCode code, const std::string& reason) {
    EXPECT_EQ(Run({stage}), (Texts{"first", "second"}));
    EXPECT_NE(reports_[0].skipped.find(reason), std::string::npos) << reports_[0].skipped;
    context_.raise_on_error = true;
    EXPECT_TRUE(Fails(TryRun({stage}), code, {reason}));
    context_.raise_on_error = false;
  }
  DocumentNumber page_{};
};

TEST_F(SummarizeStageTest, ASummaryTakesThePlaceOfTheText) {
  const auto shorten = [](std::string_view query, const Passage& passage) {
    return Summary(std::string(query) + ": " + passage.text.substr(0, 1) + " of " +
                   passage.citations.at(0).chunk);
  };
  EXPECT_EQ(Run({With(shorten)}), (Texts{"question: f of page#0", "question: s of page#1"}));
  EXPECT_EQ(passages_[1].span, (Span{7, 13}));  // What it rests on.
  EXPECT_EQ(CitedBy(passages_[1]), "m:1");
}

TEST_F(SummarizeStageTest, SummariesAreNotCombined) {
  const auto shorten = [](std::string_view, const Passage& passage) {
    return Summary(passage.text.substr(0, 1));
  };
  EXPECT_EQ(Run({With(shorten), CombineStage()}), (Texts{"f", "s"}));
}

TEST_F(SummarizeStageTest, AFailingCallbackLeavesTheTexts) {
  ExpectSkipped(With([](auto, const auto&) -> Summary { return Status::Unavailable("down"); }),
                StatusCode::kUnavailable, "down");
  ExpectSkipped(With([](auto, const auto&) -> Summary { throw std::runtime_error("oops"); }),
                StatusCode::kInternal, "the summarizer threw: oops");
  ExpectSkipped(With([](auto, const auto&) { return Summary(std::string()); }),
                StatusCode::kInvalidArgument, "an empty text");
  ExpectSkipped(With([](auto, const auto&) { return Summary(std::string("\xff")); }),
                StatusCode::kInvalidArgument, "the summary");
  EXPECT_TRUE(Fails(TryRun({SummarizeStage()}), StatusCode::kInvalidArgument, {"no callback"}));
}

TEST_F(SummarizeStageTest, OneThatFailsLeavesItsTextAlone) {
  const auto second_fails = [](std::string_view, const Passage& passage) -> Summary {
    if (passage.text == "second") return Status::Unavailable("too long");
    return std::string("short");
  };
  EXPECT_EQ(Run({With(second_fails)}), (Texts{"short", "second"}));
  EXPECT_EQ(reports_[0].degraded, "1 of 2 keep their text: Unavailable: too long");
  EXPECT_TRUE(reports_[0].skipped.empty());
}

TEST_F(SummarizeStageTest, WhatComesTooLateIsDropped) {
  StageContext::TimePoint now{};
  context_.clock = [&] { return now; };
  context_.deadline = now + std::chrono::milliseconds(1);
  int calls = 0;
  const auto slow = [&](std::string_view, const Passage&) {
    ++calls;
    now += std::chrono::milliseconds(1);
    return Summary(std::string("short"));
  };
  EXPECT_EQ(Run({With(slow)}), (Texts{"short", "second"}));
  EXPECT_EQ(calls, 2);
  EXPECT_NE(reports_[0].degraded.find("during a call"), std::string::npos);
}

}  // namespace
}  // namespace tracevec
