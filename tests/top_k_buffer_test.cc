// The best of many, by gathering and selecting.

#include "index/top_k_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

struct Scored {
  int score = 0;
  int id = 0;
  friend bool operator==(const Scored&, const Scored&) = default;
};

struct Better {
  bool operator()(const Scored& a, const Scored& b) const {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  }
};

TEST(TopKBuffer, KeepsWhatASortPutsFirst) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t round = 0; round < TestIterations(500); ++round) {
    const std::size_t k = 1 + random() % 20;
    std::vector<Scored> items(random() % 200);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i] = {static_cast<int>(random() % 50), static_cast<int>(i)};
    }
    TopKBuffer<Scored, Better> buffer(k, items.size(), Better{});
    for (const Scored& item : items) {
      // As scans do: what cannot be among the best is not offered.
      if (buffer.full() && item.score < buffer.worst().score) continue;
      buffer.Offer(item);
    }
    std::sort(items.begin(), items.end(), Better{});
    items.resize(std::min(items.size(), k));
    EXPECT_EQ(buffer.Take(), items) << "k " << k;
  }
}

}  // namespace
}  // namespace tracevec
