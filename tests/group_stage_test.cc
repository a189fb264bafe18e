// At most so many candidates of a document.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

using GroupStageTest = StageTest;

TEST_F(GroupStageTest, LeavesTheBestOfEachDocumentInTheirOrder) {
  const DocumentNumber a = Add(MakePage("a", {"a0", "a1", "a2"}));
  const DocumentNumber b = Add(MakePage("b", {"b0", "b1"}));
  Find(a, 2);
  Find(b, 0);
  Find(a, 0);
  Find(a, 1);
  Find(b, 1);
  EXPECT_EQ(Run({GroupStage{1}}), (std::vector<std::string>{"a2", "b0"}));
  EXPECT_EQ(DroppedBy(reports_[0]),
            (std::vector<std::string>{"a#0 document a#2", "a#1 document a#2", "b#1 document b#0"}));
  EXPECT_EQ(Run({GroupStage{2}}), (std::vector<std::string>{"a2", "b0", "a0", "b1"}));
}

TEST_F(GroupStageTest, DocumentsOfTwoCollectionsAreTwo) {
  const DocumentNumber a = Add(MakePage("a", {"a0", "a1"}));
  Find(a, 0);
  Find(a, 1).key.collection = 1;
  EXPECT_EQ(Run({GroupStage{1}}).size(), 2U);
}

}  // namespace
}  // namespace tracevec
