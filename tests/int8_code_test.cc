// The int8 codes of vectors, and the scores made from them.

#include "index/int8_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "index/code_array.h"
#include "index/code_query.h"
#include "tests/score_oracle.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

TEST(Int8Code, CodesAreWithinHalfAStepAndScoresWithinTheSumOfThose) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const auto random_vector = [&](std::size_t dimension) {
    std::normal_distribution<float> normal;
    std::vector<float> vector(dimension);
    for (float& component : vector) component = normal(random);
    return vector;
  };
  for (std::size_t dimension = 1; dimension <= 400; ++dimension) {
    const std::vector<float> row = random_vector(dimension);
    const std::vector<float> query = random_vector(dimension);
    std::vector<std::uint8_t> codes(dimension);
    const float scale = EncodeInt8(row.data(), dimension, codes.data());
    const auto [low, high] = std::minmax_element(query.begin(), query.end());
    const double query_step = std::max(-double{*low}, double{*high}) / 127;
    double bound = 1e-4;
    for (std::size_t i = 0; i < dimension; ++i) {
      ASSERT_NEAR(scale * (static_cast<float>(codes[i]) - 128), row[i], 0.5001 * double{scale});
      bound += 0.51 * (std::fabs(double{query[i]}) * double{scale} +
                       std::fabs(double{row[i]}) * query_step + 0.5 * double{scale} * query_step);
    }
    for (const Metric metric : {Metric::kIp, Metric::kL2}) {
      CodeArray array(CodeLayout({static_cast<std::uint32_t>(dimension), metric}), 1);
      array.Encode(0, row.data());
      const CodeQuery coded(query.data(), dimension, metric);
      std::int32_t dot = 0;
      float score = 0;
      coded.ScoreRange(array.rows(1), 0, 1, *ScalarKernels(), &dot, &score);
      ASSERT_NEAR(score, OracleScore(query, row, metric), metric == Metric::kL2 ? 2 * bound : bound)
          << MetricName(metric) << " d=" << dimension;
    }
  }
}

TEST(Int8Code, ZeroAndVanishingVectorsHaveTheCodesOfZero) {
  std::vector<std::uint8_t> codes(3);
  const std::vector<std::uint8_t> zero = {128, 128, 128};
  EXPECT_EQ(EncodeInt8(std::vector<float>{0, -0.0F, 0}.data(), 3, codes.data()), 0.0F);
  EXPECT_EQ(codes, zero);
  EncodeInt8(std::vector<float>{1e-44F, -1e-44F, 0}.data(), 3, codes.data());
  EXPECT_EQ(codes, zero);
  const float scale = EncodeInt8(std::vector<float>{3e38F, -3e38F, 0}.data(), 3, codes.data());
  EXPECT_EQ(codes, (std::vector<std::uint8_t>{255, 1, 128}));
  EXPECT_FLOAT_EQ(scale, 3e38F / 127);
}

}  // namespace
}  // namespace tracevec
