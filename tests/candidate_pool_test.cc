#include "index/candidate_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// What a pool is: everything offered, sorted, cut off.
class PoolModel {
 public:
  explicit PoolModel(std::size_t width) : width_(width) {}

  void Offer(const std::vector<float>& scores, const std::vector<std::uint32_t>& rows) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] == scores[i]) entries_.push_back({scores[i], rows[i], false});
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.score > b.score; });
    if (entries_.size() > width_) entries_.resize(width_);
  }

  struct Entry {
    float score;
    std::uint32_t row;
    bool expanded;
  };
  std::vector<Entry>& entries() { return entries_; }
  Entry* Next() {
    const auto next = std::find_if(entries_.begin(), entries_.end(),
                                   [](const Entry& entry) { return !entry.expanded; });
    return next == entries_.end() ? nullptr : &*next;
  }

 private:
  std::size_t width_;
  std::vector<Entry> entries_;
};

void ExpectSame(const CandidatePool& pool, PoolModel* model) {
  ASSERT_EQ(pool.size(), model->entries().size());
  for (std::size_t i = 0; i < pool.size(); ++i) {
    ASSERT_EQ(pool.score(i), model->entries()[i].score) << i;
    ASSERT_EQ(pool.row(i), model->entries()[i].row) << i;
  }
  const PoolModel::Entry* next = model->Next();
  ASSERT_EQ(pool.HasNext(), next != nullptr);
  if (next != nullptr) {
    ASSERT_EQ(pool.next(), next->row);
  }
}

TEST(CandidatePool, HoldsTheBestOfferedInOrderAndExpandsTheBestFirst) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  CandidatePool pool;  // One for all, as a search keeps it.
  for (std::size_t round = 0; round < TestIterations(300); ++round) {
    const std::size_t width = 1 + random() % 70;
    const std::size_t kinds = 1 + random() % 200;  // Few of them: many equal scores.
    pool.Reset(width);
    PoolModel model(width);
    std::uint32_t row = 0;
    for (int step = 0; step < 30; ++step) {
      std::vector<float> scores(random() % (CandidatePool::kMostAtOnce + 1));
      std::vector<std::uint32_t> rows(scores.size());
      for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] = static_cast<float>(random() % kinds) - 50;
        if (random() % 50 == 0) scores[i] = std::numeric_limits<float>::quiet_NaN();
        if (random() % 50 == 0) scores[i] = -std::numeric_limits<float>::infinity();
        rows[i] = row++;
      }
      pool.Offer(scores.data(), rows.data(), scores.size());
      model.Offer(scores, rows);
      ASSERT_NO_FATAL_FAILURE(ExpectSame(pool, &model)) << "width " << width << " step " << step;
      for (std::size_t expand = random() % 3; expand > 0 && pool.HasNext(); --expand) {
        PoolModel::Entry* next = model.Next();
        ASSERT_EQ(pool.TakeNext(), next->row);
        next->expanded = true;
        ASSERT_NO_FATAL_FAILURE(ExpectSame(pool, &model));
      }
    }
  }
}

TEST(CandidatePool, HasRoomForTheLargestRow) {
  CandidatePool pool;
  pool.Reset(2);
  const float scores[] = {1, 2};
  const std::uint32_t rows[] = {7, (1U << 31) - 1};
  pool.Offer(scores, rows, 2);
  EXPECT_EQ(pool.TakeNext(), rows[1]);
  EXPECT_EQ(pool.row(0), rows[1]);
  EXPECT_EQ(pool.next(), 7u);
}

}  // namespace
}  // namespace tracevec
