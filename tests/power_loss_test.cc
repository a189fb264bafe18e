#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <random>
#include <string>

#include "tests/database_model.h"
#include "tests/faulty_database.h"
#include "tests/model_difference.h"
#include "tests/model_operation.h"
#include "tests/random_operations.h"
#include "tests/run_in_parallel.h"
#include "tests/small_index_options.h"
#include "tests/test_seed.h"

// Power goes off at a random call to the file system while a database is opened and written. What
// the disk then has is opened and compared with a model of every state there was.

namespace tracevec {
namespace {

/// Small collections and short documents: a point costs milliseconds, and there are many.
constexpr OperationMix kMix = {
    .large_chunks = 24, .small_chunks = 10, .most_paragraphs = 5, .rebuild_one_in = 10};

class PowerLossRun {
 public:
  PowerLossRun(std::uint64_t seed, Durability durability)
      : seed_(seed),
        random_(seed),
        durability_(durability),
        database_(durability, seed % 2 == 0 ? IndexOptions() : kSmallIndexOptions) {}

  void LosePowerOnce() {
    // A third of the points lie in opening, or creating, which is about 100 calls.
    const bool while_opening = random_() % 3 == 0;
    if (while_opening) database_.faults().PowerOffAtCall(1 + random_() % 100);
    const bool opened = database_.Open().ok();
    if (!while_opening) database_.faults().PowerOffAtCall(1 + random_() % 40);
    // Opening makes what it recovered durable.
    if (opened) {
      states_ = {states_.back()};
      commits_ = {commits_.back()};
    }
    if (opened) WriteUntilPowerIsOff();
    database_.LosePower(random_());
    ASSERT_NO_FATAL_FAILURE(CheckState(opened));
    // Now and then it is found as a clean shutdown leaves it.
    if (random_() % 2 == 0) {
      const Status closed = database_.Close();
      ASSERT_TRUE(closed.ok()) << closed.ToString();
    } else {
      database_.LosePower(random_());
    }
  }

  std::uint64_t lost_operations() const { return lost_operations_; }

 private:
  void WriteUntilPowerIsOff() {
    constexpr int kMostOperations = 14;
    for (int i = 0; i < kMostOperations && !database_.faults().power_is_off(); ++i) {
      const Operation operation = MakeOperation(seed_, next_operation_++, states_.back(), kMix);
      DatabaseModel after = states_.back();
      const Outcome expected = after.Apply(operation);
      const Outcome outcome = Execute(*database_, operation);
      states_.push_back(std::move(after));
      // One that failed for want of power may still be found whole.
      acknowledged_ = DifferenceOf(expected, outcome).empty();
      const auto stats = database_->Stats();
      commits_.push_back(acknowledged_ && stats.ok() ? stats->commit : kUnknownCommit);
      ASSERT_TRUE(acknowledged_ || database_.faults().power_is_off())
          << operation.Describe() << ": " << DifferenceOf(expected, outcome);
      if (!acknowledged_) return;
    }
    acknowledged_ = true;
  }

  /// Under sync the last acknowledged state or the one after it; under async any from the last
  /// opening on. Goes on from the one that is found.
  void CheckState(bool had_opened) {
    const Status opened = database_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    const auto stats = database_->Stats();
    ASSERT_TRUE(stats.ok()) << stats.status().ToString();
    EXPECT_GE(stats->timeline, timeline_ + (had_opened && timeline_ > 0 ? 1 : 0));
    timeline_ = stats->timeline;

    const bool in_flight = states_.size() > 1 && !acknowledged_;
    const std::size_t allowed = durability_ == Durability::kAsync ? states_.size()
                                : in_flight                       ? 2
                                                                  : 1;
    std::string differences = " commit " + std::to_string(stats->commit);
    for (std::size_t lost = 0; lost < allowed; ++lost) {
      // By the commit: two states may look alike, as when a document came and went between them.
      const std::uint64_t commit = commits_[states_.size() - 1 - lost];
      if (commit != stats->commit && commit != kUnknownCommit) continue;
      DatabaseModel& state = states_[states_.size() - 1 - lost];
      const std::string difference = DifferenceOf(*database_, &state, random_());
      differences += "\n  without the last " + std::to_string(lost) + ": " + difference;
      if (!difference.empty()) continue;
      lost_operations_ += lost - (in_flight && lost > 0 ? 1 : 0);
      states_ = {DatabaseModel(state)};
      commits_ = {stats->commit};
      acknowledged_ = true;
      return;
    }
    FAIL() << "no state of the model is the one found:" << differences;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const Durability durability_;
  FaultyDatabase database_;
  std::uint64_t next_operation_ = 0;
  std::deque<DatabaseModel> states_ = {DatabaseModel()};  // Since the last opening; newest last.
  static constexpr std::uint64_t kUnknownCommit = ~std::uint64_t{0};
  std::deque<std::uint64_t> commits_ = {0};  // The last commit of each state.
  bool acknowledged_ = true;                 // The newest of the states.
  std::uint64_t timeline_ = 0;
  std::uint64_t lost_operations_ = 0;
};

/// Returns how many acknowledged operations were lost.
std::uint64_t LosePowerAtManyPoints(Durability durability, std::size_t points) {
  constexpr std::size_t kPointsOfOneDatabase = 10;
  const std::uint64_t first_seed = TestSeed();
  std::atomic<std::uint64_t> lost{0};
  RunInParallel((points + kPointsOfOneDatabase - 1) / kPointsOfOneDatabase, [&](std::uint64_t i) {
    const std::uint64_t seed = first_seed + i;
    SCOPED_TRACE(SeedMessage(seed));
    PowerLossRun run(seed, durability);
    for (std::size_t point = 0; point < kPointsOfOneDatabase; ++point) {
      SCOPED_TRACE("point " + std::to_string(point));
      ASSERT_NO_FATAL_FAILURE(run.LosePowerOnce());
    }
    lost += run.lost_operations();
  });
  return lost;
}

TEST(PowerLoss, UnderSyncLosesNothingAcknowledged) {
  EXPECT_EQ(LosePowerAtManyPoints(Durability::kSync, TestIterations(250)), 0U);
}

TEST(PowerLoss, UnderAsyncLeavesTheStateAfterSomeEarlierCommit) {
  // That operations are lost at all proves that the power loss of these tests takes something.
  EXPECT_GT(LosePowerAtManyPoints(Durability::kAsync, TestIterations(250)), 0U);
}

}  // namespace
}  // namespace tracevec
