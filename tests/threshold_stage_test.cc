// Thresholds on scores by name.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/stage_test.h"

namespace tracevec {
namespace {

using ThresholdStageTest = StageTest;

TEST_F(ThresholdStageTest, DropsWhatIsBelow) {
  for (const char* text : {"a", "b", "c"}) Find(AddText(text));  // 1, 0.99, 0.98
  EXPECT_EQ(Run({ThresholdStage{0.985, ""}}), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(reports_[0].dropped.size(), 1U);
  EXPECT_EQ(DroppedBy(reports_[0])[0], "d2#0 threshold");
  EXPECT_NEAR(*reports_[0].dropped[0].value, 0.98, 1e-6);
  EXPECT_EQ(reports_[0].dropped[0].against, 0.985);
}

TEST_F(ThresholdStageTest, TheNamedScoreCounts) {
  Find(AddText("dense"));
  found_.back().scores.push_back({"dense", 0.7F, 1});
  Find(AddText("dense twice"));
  found_.back().scores.push_back({"dense", 0.3F, 9});
  found_.back().scores.push_back({"dense", 0.6F, 2});
  Find(AddText("lexical"));
  found_.back().scores.push_back({"lexical", 12, 1});
  EXPECT_EQ(Run({ThresholdStage{0.5, "dense"}}),
            (std::vector<std::string>{"dense", "dense twice"}));
  EXPECT_EQ(DroppedBy(reports_[0]), std::vector<std::string>{"d2#0 no_score"});
}

TEST_F(ThresholdStageTest, IsSkippedWithItsSource) {
  Find(AddText("lexical"));
  context_.skipped_scores.push_back({"dense", "the embedder failed"});
  EXPECT_EQ(Run({ThresholdStage{0.5, "dense"}}).size(), 1U);
  EXPECT_EQ(reports_[0].skipped, "there is no score 'dense': the embedder failed");
}

}  // namespace
}  // namespace tracevec
