// Orders of passages.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

using OrderStageTest = StageTest;
using Texts = std::vector<std::string>;

TEST_F(OrderStageTest, EdgesHaveTheBestAtBothEnds) {
  EXPECT_EQ(Run({OrderStage()}), Texts());
  const std::vector<Texts> expected = {
      {"1"}, {"1", "2"}, {"1", "3", "2"}, {"1", "3", "4", "2"}, {"1", "3", "5", "4", "2"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    Find(AddText(std::to_string(i + 1)));
    EXPECT_EQ(Run({OrderStage{PassageOrder::kEdges}}), expected[i]);
  }
}

TEST_F(OrderStageTest, ByDocumentThenPlace) {
  const DocumentNumber b = Add(MakePage("b", {"b0", "b1", "b2"}));
  const DocumentNumber a = Add(MakePage("a", {"a0", "a1"}));
  Find(b, 2);
  Find(a, 1);
  Find(b, 0);
  Find(a, 0);
  EXPECT_EQ(Run({OrderStage{PassageOrder::kDocument}}), (Texts{"a0", "a1", "b0", "b2"}));
}

TEST_F(OrderStageTest, ByScoreWhateverTheOrderWas) {
  FindScored(AddText("low"), 0, 0.1F);
  FindScored(AddText("high"), 0, 0.9F);
  FindScored(AddText("high too"), 0, 0.9F);
  EXPECT_EQ(Run({OrderStage{PassageOrder::kScore}}), (Texts{"high", "high too", "low"}));
}

}  // namespace
}  // namespace tracevec
