// Candidates that say the same: by hash, shingles and vectors.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_documents.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

class DedupStageTest : public StageTest {
 protected:
  static DedupStage By(DedupMethod method, std::optional<double> similarity = {}) {
    DedupStage stage;
    stage.method = method;
    stage.similarity = similarity;
    return stage;
  }
};

TEST_F(DedupStageTest, ByHashWhiteSpaceAndCaseDoNotCount) {
  Find(AddText("Reserve the capacity."));
  Find(AddText("other"));
  Find(AddText(" reserve\n the  CAPACITY. "));
  Find(AddText("reserve the capacity!"));
  EXPECT_EQ(Run({By(DedupMethod::kHash)}),
            (std::vector<std::string>{"Reserve the capacity.", "other", "reserve the capacity!"}));
  EXPECT_EQ(CitedBy(passages_[0]), "m:0 d:0");
  EXPECT_EQ(passages_[0].citations[1].document, "d2");
  EXPECT_EQ(passages_[0].citations[1].scores.size(), 1U);
  EXPECT_EQ(DroppedBy(reports_[0]), std::vector<std::string>{"d2#0 duplicate d0#0"});
}

TEST_F(DedupStageTest, EmptyTextsAreNoDuplicates) {
  Document loose;
  for (const char* id : {"x", "y"}) {
    loose.id = id;
    loose.chunks.assign(1, ChunkInput());
    Find(Add(loose));
  }
  for (const DedupMethod method : {DedupMethod::kHash, DedupMethod::kShingles}) {
    EXPECT_EQ(Run({By(method)}).size(), 2U);
  }
}

TEST_F(DedupStageTest, ByShinglesTextsThatDifferInFewWordsAreOne) {
  const std::string text =
      "Reserves a minimum length of storage for a vector object, allocating space if necessary. "
      "The function changes the capacity and never the size of the vector, and it does nothing "
      "where the capacity is large enough already, which a program can ask for beforehand.";
  std::string edited = text;
  edited.replace(edited.find("minimum"), 7, "least");
  edited.replace(edited.find("beforehand"), 10, "first");
  Find(AddText(text));
  Find(AddText("Removes the elements of a vector, and leaves its capacity as it was before that."));
  Find(AddText(edited));
  EXPECT_EQ(Run({By(DedupMethod::kShingles)}).size(), 2U);
  EXPECT_EQ(DroppedBy(reports_[0]), std::vector<std::string>{"d2#0 duplicate d0#0"});
  EXPECT_GT(*reports_[0].dropped[0].value, 0.6);
  EXPECT_EQ(reports_[0].dropped[0].against, 0.6);
  EXPECT_EQ(Run({By(DedupMethod::kShingles, 1)}).size(), 3U);
}

TEST_F(DedupStageTest, TheFirstThatIsLikeItCites) {
  // Each is like the one before, the third not like the first: it is kept, and takes the fourth.
  const float degrees[] = {0, 15, 30, 45};
  for (const float degree : degrees) {
    const float angle = degree * 3.14159265F / 180;
    const DocumentNumber document = AddText(std::to_string(degree));
    reader_.SetVector(document, 0, {std::cos(angle), std::sin(angle)});
    Find(document);
  }
  EXPECT_EQ(Run({By(DedupMethod::kVector)}).size(), 2U);
  EXPECT_EQ(DroppedBy(reports_[0]),
            (std::vector<std::string>{"d1#0 duplicate d0#0", "d3#0 duplicate d2#0"}));
  EXPECT_NEAR(*reports_[0].dropped[0].value, std::cos(15 * 3.14159265 / 180), 1e-5);
}

TEST_F(DedupStageTest, WhatADroppedOneHadDroppedIsCitedToo) {
  reader_.SetVector(AddText("one"), 0, {1, 0});
  reader_.SetVector(AddText("Another"), 0, {1, 0.001F});
  reader_.SetVector(AddText("another"), 0, {0, 1});
  for (std::uint64_t i = 0; i < 3; ++i) Find(DocumentNumber{i});
  EXPECT_EQ(Run({By(DedupMethod::kHash), By(DedupMethod::kVector)}),
            std::vector<std::string>{"one"});
  ASSERT_EQ(passages_[0].citations.size(), 3U);
  EXPECT_EQ(passages_[0].citations[2].document, "d2");
  EXPECT_EQ(passages_[0].citations[2].role, CitationRole::kDuplicate);
}

TEST_F(DedupStageTest, VectorsOfAnyMetricAreComparedByCosine) {
  reader_.set_metric(Metric::kL2);
  reader_.SetVector(AddText("short"), 0, {1, 2});
  reader_.SetVector(AddText("long"), 0, {100, 200});
  reader_.SetVector(AddText("zero"), 0, {0, 0});
  reader_.SetVector(AddText("zero too"), 0, {0, 0});
  AddText("no vector");
  for (std::uint64_t i = 0; i < 5; ++i) Find(DocumentNumber{i});
  EXPECT_EQ(Run({By(DedupMethod::kVector, 1)}),
            (std::vector<std::string>{"short", "zero", "zero too", "no vector"}));
}

TEST_F(DedupStageTest, ByVectorThoseThatAPlainLoopKeepsAreKept) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  for (const std::size_t dimension : {3U, 63U, 64U, 100U, 384U}) {
    reader_.set_metric(Metric::kIp);
    found_.clear();
    std::vector<std::vector<float>> vectors;
    std::vector<std::string> ids;
    for (int i = 0; i < 150; ++i) {
      std::vector<float> vector(dimension);
      for (float& component : vector) component = normal(random);
      if (i % 3 != 0) {  // Near one before, by more or less than asked for.
        const std::vector<float>& other = vectors[random() % vectors.size()];
        const float mix = 0.1F + 0.05F * static_cast<float>(random() % 10);
        for (std::size_t c = 0; c < dimension; ++c) vector[c] = other[c] + mix * vector[c];
      }
      const DocumentNumber document = AddText(std::to_string(i));
      ids.push_back(std::to_string(i));
      reader_.SetVector(document, 0, vector);
      Find(document);
      vectors.push_back(std::move(vector));
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      bool is_new = true;
      for (const std::size_t other : kept) {
        double dot = 0;
        double a = 0;
        double b = 0;
        for (std::size_t c = 0; c < dimension; ++c) {
          dot += static_cast<double>(vectors[i][c]) * vectors[other][c];
          a += static_cast<double>(vectors[i][c]) * vectors[i][c];
          b += static_cast<double>(vectors[other][c]) * vectors[other][c];
        }
        is_new = is_new && dot / std::sqrt(a * b) < 0.95;
      }
      if (is_new) kept.push_back(i);
    }
    std::vector<std::string> expected;
    for (const std::size_t i : kept) expected.push_back(ids[i]);
    EXPECT_LT(kept.size(), vectors.size());
    EXPECT_EQ(Run({By(DedupMethod::kVector)}), expected) << dimension;
  }
}

}  // namespace
}  // namespace tracevec
