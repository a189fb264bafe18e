// Maximal marginal relevance against its definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/stage_test.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

class MmrStageTest : public StageTest {
 protected:
  void FindAt(const std::string& text, float degrees, float score) {
    const float angle = degrees * 3.14159265F / 180;
    const DocumentNumber document = AddText(text);
    reader_.SetVector(document, 0, {std::cos(angle), std::sin(angle)});
    FindScored(document, 0, score);
  }
  static MmrStage With(double lambda, std::uint32_t top = 100) {
    MmrStage stage;
    stage.lambda = lambda;
    stage.top = top;
    return stage;
  }
};

TEST_F(MmrStageTest, WhatIsUnlikeWhatWasTakenComesSooner) {
  FindAt("a", 0, 10);
  FindAt("like a", 5, 9);
  FindAt("other", 80, 6);
  EXPECT_EQ(Run({With(1)}), (std::vector<std::string>{"a", "like a", "other"}));
  EXPECT_EQ(Run({With(0.5)}), (std::vector<std::string>{"a", "other", "like a"}));
  EXPECT_EQ(passages_[1].score, 6);  // Scores stay what they were.
}

TEST_F(MmrStageTest, LeavesTheFirstOfWhatItWasGiven) {
  FindAt("a", 0, 10);
  FindAt("like a", 5, 9);
  FindAt("other", 80, 6);
  EXPECT_EQ(Run({With(0.5, 2)}), (std::vector<std::string>{"a", "like a"}));
  EXPECT_EQ(DroppedBy(reports_[0]), std::vector<std::string>{"d2#0 top"});
}

TEST_F(MmrStageTest, ScoresOfAnyScaleAndSignCount) {
  FindAt("a", 0, -0.001F);
  FindAt("like a", 5, -0.002F);
  FindAt("other", 80, -0.005F);
  FindAt("worst", 85, -0.010F);
  EXPECT_EQ(Run({With(0.5)}), (std::vector<std::string>{"a", "other", "like a", "worst"}));
}

TEST_F(MmrStageTest, ChunksWithoutVectorsAreLikeNothing) {
  FindAt("a", 0, 10);
  FindAt("like a", 5, 9);
  FindScored(AddText("no vector"), 0, 8);
  EXPECT_EQ(Run({With(0.3)})[1], "no vector");
}

/// The definition, read literally: each time over all pairs.
std::vector<std::size_t> Oracle(const std::vector<std::vector<float>>& vectors,
                                const std::vector<float>& scores, double lambda) {
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double dot = 0;
    for (std::size_t i = 0; i < vectors[a].size(); ++i) dot += vectors[a][i] * vectors[b][i];
    return dot;
  };
  const double worst = *std::min_element(scores.begin(), scores.end());
  const double range = *std::max_element(scores.begin(), scores.end()) - worst;
  std::vector<std::size_t> taken;
  while (taken.size() < vectors.size()) {
    std::size_t best = vectors.size();
    double best_value = 0;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if (std::find(taken.begin(), taken.end(), i) != taken.end()) continue;
      double nearest = 0;
      for (const std::size_t each : taken) nearest = std::max(nearest, cosine(i, each));
      const double value = lambda * (scores[i] - worst) / range - (1 - lambda) * nearest;
      if (best < vectors.size() && value <= best_value) continue;
      best = i;
      best_value = value;
    }
    taken.push_back(best);
  }
  return taken;
}

TEST_F(MmrStageTest, OrderIsThatOfTheDefinition) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> vectors;
  std::vector<float> scores;
  for (int i = 0; i < 40; ++i) {
    std::vector<float> vector(8);
    float norm = 0;
    for (float& component : vector) {
      component = normal(random);
      norm += component * component;
    }
    for (float& component : vector) component /= std::sqrt(norm);
    const DocumentNumber document = AddText(std::to_string(i));
    reader_.SetVector(document, 0, vector);
    vectors.push_back(vector);
    scores.push_back(static_cast<float>(1000 - i * i));
    FindScored(document, 0, scores.back());
  }
  for (const double lambda : {0.1, 0.5, 0.7, 0.9}) {
    std::vector<std::string> expected;
    for (const std::size_t i : Oracle(vectors, scores, lambda))
      expected.push_back(std::to_string(i));
    EXPECT_EQ(Run({With(lambda)}), expected) << lambda;
  }
}

}  // namespace
}  // namespace tracevec
