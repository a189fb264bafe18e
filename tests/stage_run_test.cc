// Stages one after the other: what is drawn for a limit, what is read, what reports say.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

using StageRun = StageTest;

TEST_F(StageRun, WithoutStagesCandidatesBecomePassages) {
  Document page = MakePage("guide", {"first words", "second words"});
  page.metadata["year"] = 2024;
  page.chunks[1].section = "Intro";
  page.chunks[1].page = 7;
  const DocumentNumber guide = Add(page);
  Find(guide, 1).scores.insert(found_.back().scores.begin(), {"dense", 0.5F, 3});
  EXPECT_EQ(Run({}), std::vector<std::string>{"second words"});
  const Passage& passage = passages_.front();
  EXPECT_EQ(passage.collection, "pages");
  EXPECT_EQ(passage.document, "guide");
  EXPECT_EQ(passage.version, 1U);
  EXPECT_EQ(passage.span, (Span{13, 25}));
  EXPECT_EQ(passage.section, "Intro");
  EXPECT_EQ(passage.page, 7U);
  EXPECT_EQ(passage.metadata.at("year"), Value(2024));
  ASSERT_EQ(passage.citations.size(), 1U);
  const Citation& citation = passage.citations.front();
  EXPECT_EQ(citation.chunk, "guide#1");
  EXPECT_EQ(citation.role, CitationRole::kMatch);
  EXPECT_EQ(citation.span, passage.span);
  ASSERT_EQ(citation.scores.size(), 2U);
  EXPECT_EQ(citation.scores[0].stage, "dense");
  EXPECT_EQ(citation.scores[0].rank, 3U);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].name, "hydrate");
}

TEST_F(StageRun, NothingFoundIsAnEmptyAnswer) {
  RerankStage rerank;
  rerank.callback = [](std::string_view,
                       std::span<const std::string>) -> Result<std::vector<float>> {
    ADD_FAILURE() << "called without texts";
    return std::vector<float>();
  };
  BudgetStage budget;
  budget.tokens = 10;
  EXPECT_TRUE(Run({rerank, ThresholdStage(), DedupStage(), MmrStage(), GroupStage(), CombineStage(),
                   LimitStage(), budget, OrderStage()})
                  .empty());
  EXPECT_EQ(reports_.size(), 10U);
}

TEST_F(StageRun, ALimitIsRefilledFromCandidatesFurtherDown) {
  for (int i = 0; i < 100; ++i) Find(AddText("the same text"));
  for (int i = 0; i < 5; ++i) Find(AddText("text number " + std::to_string(i)));
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({dedup, LimitStage{3}}),
            (std::vector<std::string>{"the same text", "text number 0", "text number 1"}));
  EXPECT_EQ(reports_[0].available, 105U);
  EXPECT_EQ(reports_[0].n_in, 105U);  // 11, 22, 44, 88 were not enough.
  EXPECT_EQ(reports_[0].dropped.size(), 99U);
  EXPECT_EQ(reports_[1].n_out, 3U);
}

TEST_F(StageRun, OnlyAsManyCandidatesAreDrawnAndReadAsALimitNeeds) {
  for (int i = 0; i < 200; ++i) Find(AddText("text number " + std::to_string(i)));
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({dedup, CombineStage(), LimitStage{8}}).size(), 8U);
  EXPECT_EQ(reports_[0].n_in, 16U);
  EXPECT_EQ(reports_[0].available, 200U);
  EXPECT_EQ(reader_.documents_read(), 16U);
  EXPECT_EQ(reports_[2].name, "limit");
  EXPECT_EQ(reports_[2].available, 200U);
  EXPECT_EQ(reports_[2].n_in, 16U);
  ASSERT_EQ(reports_[2].dropped.size(), 192U);
  EXPECT_EQ(reports_[2].dropped.front().rule, "limit");
  EXPECT_EQ(reports_[2].dropped.back().rule, "not_drawn");
  EXPECT_EQ(reports_[2].dropped.back().chunk, "d199#0");
}

TEST_F(StageRun, DrawingLessGivesWhatDrawingAllGives) {
  for (int i = 0; i < 60; ++i) Find(AddText("text number " + std::to_string(i / 3)));
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  const std::vector<std::string> all = Run({dedup});
  for (std::uint32_t count = 1; count <= 25; ++count) {
    const std::vector<std::string> some = Run({dedup, LimitStage{count}});
    ASSERT_EQ(some.size(), std::min<std::size_t>(count, 20));
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << count;
  }
}

TEST_F(StageRun, ARefillCallsNoCallbackAgain) {
  for (int i = 0; i < 100; ++i) Find(AddText(i < 60 ? "same" : "text " + std::to_string(i)));
  int calls = 0;
  RerankStage rerank;
  rerank.top = 100;
  rerank.batch_size = 100;
  rerank.callback = [&](std::string_view, std::span<const std::string> texts) {
    ++calls;
    std::vector<float> scores;
    for (const std::string& text : texts) scores.push_back(text == "same" ? 1 : 0);
    return Result<std::vector<float>>(scores);
  };
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({rerank, dedup, LimitStage{5}}).size(), 5U);
  EXPECT_EQ(calls, 1);
}

TEST_F(StageRun, ARerankerIsGivenAsManyAsItWantsThoughSomeAreDropped) {
  for (int i = 0; i < 40; ++i) Find(AddText("text " + std::to_string(i / 2)));
  std::size_t texts_seen = 0;
  RerankStage rerank;
  rerank.top = 10;
  rerank.callback = [&](std::string_view, std::span<const std::string> texts) {
    texts_seen += texts.size();
    return Result<std::vector<float>>(std::vector<float>(texts.size(), 1));
  };
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({dedup, rerank}).size(), 10U);
  EXPECT_EQ(texts_seen, 10U);
}

TEST_F(StageRun, OnlyPassagesThatStayAreSummarised) {
  for (int i = 0; i < 30; ++i) Find(AddText("text " + std::to_string(i)));
  int calls = 0;
  SummarizeStage summarize;
  summarize.callback = [&](std::string_view, const Passage& passage) {
    ++calls;
    return Result<std::string>("short " + passage.text);
  };
  EXPECT_EQ(Run({summarize, LimitStage{2}}),
            (std::vector<std::string>{"short text 0", "short text 1"}));
  EXPECT_EQ(calls, 2);
}

TEST_F(StageRun, DropsAreReportedOnlyWhereWanted) {
  for (int i = 0; i < 30; ++i) Find(AddText("same"));
  context_.report_dropped = false;
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({dedup, LimitStage{2}}).size(), 1U);
  for (const StageReport& report : reports_) EXPECT_TRUE(report.dropped.empty());
}

}  // namespace
}  // namespace tracevec
