#include "core/rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "core/vector_math.h"

namespace tracevec {
namespace {

double Product(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

TEST(Rotation, KeepsLengthsAndProducts) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  for (std::size_t count = 1; count <= 300; ++count) {
    std::vector<float> a(count);
    std::vector<float> b(count);
    for (float& value : a) value = normal(random);
    for (float& value : b) value = normal(random);
    const double product = Product(a, b);
    const double tolerance = 1e-5 * std::sqrt(Product(a, a) * Product(b, b));
    const Rotation rotation(count);
    EXPECT_EQ(rotation.count(), count);
    rotation.Apply(a.data());
    rotation.Apply(b.data());
    ASSERT_NEAR(Product(a, b), product, tolerance) << count;
  }
}

/// Lengths whose transforms overlap in many components, and in one or few.
constexpr std::size_t kLengths[] = {64, 100, 120, 127, 255, 384, 784, 960, 1000, 1023};

TEST(Rotation, SpreadsWhatOneComponentHoldsOverAll) {
  for (const std::size_t count : kLengths) {
    for (const std::size_t place : {std::size_t{0}, count / 2, count - 1}) {
      std::vector<float> vector(count);
      vector[place] = 1;
      Rotation(count).Apply(vector.data());
      float largest = 0;
      for (const float value : vector) largest = std::max(largest, std::fabs(value));
      // Equal shares would be sqrt(1 / count); a normal distribution's largest is some four of it.
      EXPECT_LT(largest, 6 / std::sqrt(static_cast<float>(count))) << count << " " << place;
    }
  }
}

TEST(Rotation, LeavesNoPartWithMoreThanItsShare) {
  for (const std::size_t count : kLengths) {
    for (const bool first : {true, false}) {
      std::vector<float> vector(count);
      for (std::size_t i = 0; i < count / 2; ++i) vector[first ? i : count - 1 - i] = 1;
      const double whole = SquaredNorm(vector.data(), count);
      Rotation(count).Apply(vector.data());
      for (std::size_t part = 0; part < 4; ++part) {
        const double share = SquaredNorm(vector.data() + part * count / 4, count / 4) / whole;
        // What 16 independent components would be off by is a third of it, more have less.
        EXPECT_NEAR(share, 0.25, 2 / std::sqrt(static_cast<double>(count))) << count << " " << part;
      }
    }
  }
}

// Images are made with it: other values need another kSegmentFormat.
TEST(Rotation, HasTheValuesThatImagesWereMadeWith) {
  const std::pair<std::size_t, std::vector<float>> expected[] = {
      {6, {-0.5000F, -6.5000F, 3.0000F, 5.5000F, -0.5000F}},
      {8, {-2.0000F, -5.0000F, 0.0000F, -1.0000F, -2.0000F}},
      {100, {62.7090F, -86.3916F, -27.4766F, 16.1064F, 13.8184F}},
      {128, {138.9375F, -59.1875F, -54.4375F, 57.4375F, 31.8125F}}};
  for (const auto& [count, values] : expected) {
    std::vector<float> vector(count);
    for (std::size_t i = 0; i < count; ++i) vector[i] = static_cast<float>(i + 1);
    Rotation(count).Apply(vector.data());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(vector[i], values[i], 1e-3F);
  }
}

TEST(Rotation, IsTheSameForEqualLengths) {
  std::vector<float> a(100, 1);
  std::vector<float> b(100, 1);
  Rotation(100).Apply(a.data());
  Rotation(100).Apply(b.data());
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace tracevec
