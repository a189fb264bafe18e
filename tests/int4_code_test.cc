// The codes of 4 bits of rotated vectors, and the scores made from them.

#include "index/int4_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/rotation.h"
#include "core/vector_math.h"
#include "index/code_array.h"
#include "index/code_query.h"
#include "tests/score_oracle.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

std::vector<float> RandomVector(std::size_t dimension, std::mt19937_64* random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimension);
  for (float& component : vector) component = normal(*random);
  return vector;
}

TEST(Int4Code, ScoresAreOffByWhatSixteenLevelsLeaveAndNotOnAverage) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (const std::uint32_t dimension : {64U, 100U, 101U, 384U, 784U}) {
    const Rotation rotation(dimension);
    for (const Metric metric : {Metric::kIp, Metric::kL2}) {
      SCOPED_TRACE(testing::Message() << MetricName(metric) << " d=" << dimension);
      constexpr std::uint32_t kRows = 1000;
      CodeArray array(CodeLayout({dimension, metric}, CodeKind::kInt4), kRows);
      const std::vector<float> query = RandomVector(dimension, &random);
      std::vector<double> exact;
      for (std::uint32_t row = 0; row < kRows; ++row) {
        const std::vector<float> vector = RandomVector(dimension, &random);
        array.EncodeRotated(row, vector.data(), rotation);
        exact.push_back(OracleScore(query, vector, metric));
      }
      const CodeQuery coded(query.data(), rotation, metric);
      std::vector<std::int32_t> dots(kRows);
      std::vector<float> scores(kRows);
      coded.ScoreRange(array.rows(kRows), 0, kRows, *ScalarKernels(), dots.data(), scores.data());
      // The error of a product is that of 16 levels, 0.1 of a deviation, times the query's length.
      const double deviation =
          (metric == Metric::kL2 ? 2 : 1) * 0.115 * std::sqrt(SquaredNorm(query.data(), dimension));
      double sum = 0;
      double squares = 0;
      for (std::uint32_t row = 0; row < kRows; ++row) {
        const double off = double{scores[row]} - exact[row];
        ASSERT_LT(std::fabs(off), 7 * deviation);
        sum += off;
        squares += off * off;
      }
      EXPECT_LT(std::sqrt(squares / kRows), 1.2 * deviation);
      EXPECT_LT(std::fabs(sum / kRows), 6 * deviation / std::sqrt(1.0 * kRows));
    }
  }
}

TEST(Int4Code, AVectorsProductWithItsOwnCodeIsItsSquaredNorm) {
  std::mt19937_64 random(3);
  for (std::size_t count = 1; count <= 130; ++count) {
    const std::vector<float> vector = RandomVector(count, &random);
    std::vector<std::uint8_t> codes((count + 1) / 2);
    const float scale = EncodeInt4(vector.data(), count, codes.data());
    double product = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t pair = codes[i % codes.size()];
      const int code = i < codes.size() ? pair & 15 : pair >> 4;
      product += double{vector[i]} * (code - 7.5) * double{scale};
    }
    ASSERT_NEAR(product, SquaredNorm(vector.data(), count), 1e-5 * product) << count;
  }
}

TEST(Int4Code, ZeroAndVanishingVectorsScoreZero) {
  std::vector<std::uint8_t> codes(2, 77);
  EXPECT_EQ(EncodeInt4(std::vector<float>{0, -0.0F, 0}.data(), 3, codes.data()), 0.0F);
  EXPECT_EQ(EncodeInt4(std::vector<float>{1e-44F, 0, 0}.data(), 3, codes.data()), 0.0F);
  EXPECT_TRUE(
      std::isfinite(EncodeInt4(std::vector<float>{1e18F, 1e18F, 0}.data(), 3, codes.data())));
}

}  // namespace
}  // namespace tracevec
