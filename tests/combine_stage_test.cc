// Chunks joined to passages, case by case.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

using Texts = std::vector<std::string>;

class CombineStageTest : public StageTest {
 protected:
  static CombineStage By(CombineMethod method, std::uint32_t window = 1) {
    CombineStage stage;
    stage.method = method;
    stage.window = window;
    return stage;
  }
  static CombineStage ByShare(CombineMethod method, double share) {
    CombineStage stage = By(method);
    stage.share = share;
    return stage;
  }
  /// Chunks of these spans.
  static Document Cut(const std::string& text, const std::vector<Span>& spans) {
    Document document;
    document.id = "cut";
    document.text = text;
    for (const Span& span : spans) document.chunks.emplace_back().span = span;
    return document;
  }
};

const Texts kParagraphs = {"zero", "one", "two", "three", "four", "five", "six"};

TEST_F(CombineStageTest, NeighborsComeWithTheChunkAndTheTextBetween) {
  const DocumentNumber page = Add(MakePage("page", kParagraphs));
  Find(page, 3);
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors)}), Texts{"two\n\nthree\n\nfour"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:3 c:2 c:4");
  EXPECT_EQ(passages_[0].span, (Span{11, 27}));
  EXPECT_EQ(passages_[0].citations[1].scores.size(), 0U);
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors, 0)}), Texts{"three"});
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors, 100)}).front().substr(0, 6), "zero\n\n");
}

TEST_F(CombineStageTest, NeighborhoodsThatMeetAreOnePassage) {
  const DocumentNumber page = Add(MakePage("page", kParagraphs));
  Find(page, 5);
  Find(page, 0);
  Find(page, 2);  // 0-1 and 1-3 share a chunk; 4-6 stands right behind.
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors)}),
            Texts{"zero\n\none\n\ntwo\n\nthree\n\nfour\n\nfive\n\nsix"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:5 m:0 m:2 c:1 c:3 c:4 c:6");
  EXPECT_EQ(passages_[0].score, 1);
  EXPECT_EQ(passages_[0].citations[2].scores.back().rank, 3U);
  EXPECT_EQ(DroppedBy(reports_[0]), (Texts{"page#0 combined page#5", "page#2 combined page#5"}));
}

TEST_F(CombineStageTest, PassagesKeepThePlaceOfTheirFirstAndTheScoreOfTheirBest) {
  const DocumentNumber page = Add(MakePage("page", kParagraphs));
  const DocumentNumber other = Add(MakePage("other", {"other"}));
  FindScored(page, 0, 0.5F);  // As after mmr: the order is not that of scores.
  FindScored(other, 0, 0.8F);
  FindScored(page, 1, 0.7F);
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors, 0)}), (Texts{"zero\n\none", "other"}));
  EXPECT_FLOAT_EQ(passages_[0].score, 0.7F);
  EXPECT_EQ(CitedBy(passages_[0]), "m:1 m:0");
}

TEST_F(CombineStageTest, OverlapJoinsWhatOverlapsTouchesOrHasWhiteSpaceBetween) {
  //                              0123456789012345
  const std::string text = "abcdefgh \n ijk;lmn";
  const DocumentNumber page = Add(Cut(text, {{0, 4}, {2, 6}, {6, 8}, {11, 14}, {15, 18}}));
  for (const std::uint32_t chunk : {4U, 2U, 0U, 3U, 1U}) Find(page, chunk);
  EXPECT_EQ(Run({By(CombineMethod::kOverlap)}), (Texts{"lmn", "abcdefgh \n ijk"}));
  EXPECT_EQ(CitedBy(passages_[1]), "m:2 m:0 m:3 m:1");
}

TEST_F(CombineStageTest, OverlapAddsNothingThatWasNotFound) {
  const DocumentNumber page = Add(MakePage("page", kParagraphs));
  Find(page, 0);
  Find(page, 2);
  EXPECT_EQ(Run({By(CombineMethod::kOverlap)}), (Texts{"zero", "two"}));
}

TEST_F(CombineStageTest, WhatWouldBecomeTooLargeGoesOnInAnotherPassage) {
  const DocumentNumber page = Add(Cut("abcdefghij", {{0, 4}, {2, 6}, {3, 8}, {7, 10}}));
  for (std::uint32_t chunk = 0; chunk < 4; ++chunk) Find(page, chunk);
  CombineStage stage = By(CombineMethod::kOverlap);
  stage.max_chars = 6;
  EXPECT_EQ(Run({stage}), (Texts{"abcdef", "ghij"}));
  stage.max_chars = 5;
  EXPECT_EQ(Run({stage}), (Texts{"abcd", "efgh", "ij"}));
  // A chunk that is larger stays whole.
  stage.max_chars = 1;
  EXPECT_EQ(Run({stage}).front(), "abcd");
}

TEST_F(CombineStageTest, NeighborsThatDoNotFitAreNotAdded) {
  const DocumentNumber page = Add(MakePage("page", {"a long paragraph", "hit", "short"}));
  Find(page, 1);
  CombineStage stage = By(CombineMethod::kNeighbors);
  stage.max_chars = 12;
  EXPECT_EQ(Run({stage}), Texts{"hit\n\nshort"});
}

TEST_F(CombineStageTest, ASectionComesWholeWhereEnoughOfItWasFound) {
  Document page = MakePage("page", kParagraphs);
  for (std::size_t i = 0; i < page.chunks.size(); ++i) {
    page.chunks[i].section = i < 4 ? "Remarks" : "Example";
  }
  const DocumentNumber number = Add(page);
  Find(number, 1);
  Find(number, 5);
  Find(number, 2);
  EXPECT_EQ(Run({ByShare(CombineMethod::kSection, 0.5)}),
            (Texts{"zero\n\none\n\ntwo\n\nthree", "five"}));
  EXPECT_EQ(CitedBy(passages_[0]), "m:1 m:2 c:0 c:3");
  EXPECT_EQ(Run({ByShare(CombineMethod::kSection, 0.6)}), (Texts{"one", "five", "two"}));
  CombineStage small = ByShare(CombineMethod::kSection, 0.5);
  small.max_chars = 20;
  EXPECT_EQ(Run({small}), (Texts{"one", "five", "two"}));
}

TEST_F(CombineStageTest, AParentTakesThePlaceOfItsChildren) {
  Document page = MakePage("page", {"one", "two", "three"});
  const auto parent = [&](Span span) {
    page.chunks.emplace_back().span = span;
    return static_cast<std::uint32_t>(page.chunks.size() - 1);
  };
  const std::uint32_t first = parent({0, 8});
  const std::uint32_t all = parent({0, page.text.size()});
  page.chunks[0].parent = page.chunks[1].parent = first;
  page.chunks[2].parent = page.chunks[first].parent = all;
  const DocumentNumber number = Add(page);
  Find(number, 1);
  EXPECT_EQ(Run({ByShare(CombineMethod::kParent, 0.6)}), Texts{"two"});
  Find(number, 0);
  EXPECT_EQ(Run({ByShare(CombineMethod::kParent, 0.6)}), Texts{"one\n\ntwo"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:1 m:0 c:3");
  // One level further: a parent that took their place counts as found.
  EXPECT_EQ(Run({ByShare(CombineMethod::kParent, 0.5)}), Texts{"one\n\ntwo\n\nthree"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:1 m:0 c:3 c:4");
  // A parent that was found takes in the child within it, whatever the share.
  Find(number, all);
  EXPECT_EQ(Run({ByShare(CombineMethod::kParent, 1)}).size(), 1U);
  EXPECT_EQ(CitedBy(passages_[0]), "m:1 m:0 m:4 c:3");
}

TEST_F(CombineStageTest, TextsGivenApartAreNeverJoined) {
  Document page = MakePage("page", kParagraphs);
  page.chunks[2].text = "a table, described";
  page.chunks[3].text = "another";
  const DocumentNumber number = Add(page);
  for (const std::uint32_t chunk : {2U, 3U, 4U}) Find(number, chunk);
  for (const CombineMethod method : {CombineMethod::kOverlap, CombineMethod::kSection}) {
    EXPECT_EQ(Run({ByShare(method, 1)}), (Texts{"a table, described", "another", "four"}));
    EXPECT_FALSE(passages_[0].span.has_value());
  }
  // The neighbours of a chunk are slices.
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors)}),
            (Texts{"a table, described", "another", "one\n\ntwo\n\nthree\n\nfour\n\nfive"}));
  EXPECT_EQ(CitedBy(passages_[2]), "m:4 c:1 c:5");
}

TEST_F(CombineStageTest, AParentWhoseTextWasGivenApartTakesTheirPlaceAsItIs) {
  Document page = MakePage("page", {"one", "two"});
  page.chunks.emplace_back().text = "the whole, told apart";
  page.chunks[0].parent = page.chunks[1].parent = 2;
  const DocumentNumber number = Add(page);
  Find(number, 0);
  Find(number, 1);
  EXPECT_EQ(Run({ByShare(CombineMethod::kParent, 1)}), Texts{"the whole, told apart"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:0 m:1 c:2");
  EXPECT_FALSE(passages_[0].span.has_value());
}

TEST_F(CombineStageTest, ADuplicateThatComesBackAsContextKeepsItsScores) {
  const DocumentNumber page = Add(MakePage("page", {"same", "same", "other"}));
  Find(page, 0);
  Find(page, 1);
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  EXPECT_EQ(Run({dedup, By(CombineMethod::kNeighbors)}), Texts{"same\n\nsame"});
  EXPECT_EQ(CitedBy(passages_[0]), "m:0 c:1");
  EXPECT_EQ(passages_[0].citations[1].scores.size(), 1U);
}

TEST_F(CombineStageTest, WhatWasCombinedCanBeCombinedAgain) {
  const DocumentNumber page = Add(MakePage("page", kParagraphs));
  Find(page, 1);
  Find(page, 4);
  EXPECT_EQ(Run({By(CombineMethod::kNeighbors), By(CombineMethod::kNeighbors)}),
            Texts{"zero\n\none\n\ntwo\n\nthree\n\nfour\n\nfive"});
}

TEST_F(CombineStageTest, AChunkThatIsNotInItsVersionIsCorruption) {
  const DocumentNumber page = Add(MakePage("page", {"one"}));
  Find(page, 7);
  context_.report_dropped = false;
  EXPECT_TRUE(Fails(TryRun({By(CombineMethod::kNeighbors)}), StatusCode::kCorruption,
                    {"document 'page' version 1", "chunk 7"}));
}

}  // namespace
}  // namespace tracevec
