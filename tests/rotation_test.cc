#include "core/rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
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

TEST(Rotation, SpreadsWhatOneComponentHoldsOverAll) {
  for (const std::size_t count : {64U, 100U, 384U, 784U}) {
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

TEST(Rotation, IsTheSameForEqualLengths) {
  std::vector<float> a(100, 1);
  std::vector<float> b(100, 1);
  Rotation(100).Apply(a.data());
  Rotation(100).Apply(b.data());
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace tracevec
