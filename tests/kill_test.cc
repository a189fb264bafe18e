#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "retrieval/database_impl.h"
#include "tests/database_model.h"
#include "tests/killed_process.h"
#include "tests/model_difference.h"
#include "tests/model_operation.h"
#include "tests/random_operations.h"
#include "tests/small_index_options.h"
#include "tests/temporary_directory.h"
#include "tests/test_seed.h"

// A child process writes and reports each acknowledged operation through a pipe; it is killed with
// SIGKILL at a random time, and what it left is compared with a model. Operations are functions of
// a seed and the model, so both processes know them without talking about them.

namespace tracevec {
namespace {

constexpr char kChildRole[] = "--write-until-killed";
constexpr std::uint64_t kDiverged = ~std::uint64_t{0};

/// "large" crosses the border between a collection in the store alone and one with rows in memory.
/// Of a seed that is odd, each segment is a file, and an eighth of the time is spent on them.
constexpr OperationMix kMix = {
    .large_chunks = 520, .small_chunks = 40, .most_paragraphs = 10, .rebuild_one_in = 8};

Result<std::unique_ptr<Database>> OpenAs(const std::string& path, std::uint64_t seed) {
  return OpenForTest(path, {}, nullptr, seed % 2 == 0 ? IndexOptions() : kSmallIndexOptions);
}

/// The child: operations of the seed from `first` on, under async, until it is killed. Reports how
/// many are acknowledged.
int WriteUntilKilled(const std::vector<std::string>& arguments) {
  const std::string& path = arguments[0];
  const std::uint64_t seed = std::stoull(arguments[1]);
  const std::uint64_t first = std::stoull(arguments[2]);
  DatabaseModel model;
  for (std::uint64_t i = 0; i < first; ++i) model.Apply(MakeOperation(seed, i, model, kMix));
  const auto database = OpenAs(path, seed);
  if (!database.ok()) {
    std::fprintf(stderr, "child: open: %s\n", database.status().ToString().c_str());
    ChildRole::Report(kDiverged);
    return 1;
  }
  ChildRole::Report(first);
  for (std::uint64_t i = first;; ++i) {
    const Operation operation = MakeOperation(seed, i, model, kMix);
    const Outcome expected = model.Apply(operation);
    const std::string difference = DifferenceOf(expected, Execute(**database, operation));
    if (!difference.empty()) {
      std::fprintf(stderr, "child: %s: %s\n", operation.Describe().c_str(), difference.c_str());
      ChildRole::Report(kDiverged);
      return 1;
    }
    ChildRole::Report(i + 1);
  }
}

const ChildRole kRole(kChildRole, WriteUntilKilled);

/// One database that is written and killed again and again.
class KillLoop {
 public:
  explicit KillLoop(std::uint64_t seed) : seed_(seed), random_(seed) {}

  void KillOnce() {
    KilledProcess child(kChildRole,
                        {directory_ / "db", std::to_string(seed_), std::to_string(done_)});
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 200'000));
    child.Kill();
    const std::optional<std::uint64_t> reported = child.LastReport();
    ASSERT_NE(reported, kDiverged) << "the living child saw it";
    for (; reported && done_ < *reported; ++done_) {
      model_.Apply(MakeOperation(seed_, done_, model_, kMix));
    }
    const auto database = OpenAs(directory_ / "db", seed_);
    ASSERT_TRUE(database.ok()) << database.status().ToString();
    CheckTimeline(**database, reported.has_value());
    CheckState(**database);
    ASSERT_TRUE((*database)->Close().ok());
  }

 private:
  void CheckTimeline(const Database& database, bool child_had_opened) {
    const auto stats = database.Stats();
    ASSERT_TRUE(stats.ok()) << stats.status().ToString();
    // A child killed while it opened the database may, or may not, have marked it as in use.
    EXPECT_GE(stats->timeline, timeline_ + (child_had_opened && timeline_ > 0 ? 1 : 0));
    timeline_ = stats->timeline;
  }

  /// All that was acknowledged is there; the operation in flight is there whole or not at all.
  void CheckState(Database& database) {
    // Comparing teaches a model the versions it cannot know, and the one that turns out wrong must
    // have taught nothing: hence the copy.
    DatabaseModel model_without = model_;
    const std::string without = DifferenceOf(database, &model_without, random_());
    if (without.empty()) {
      model_ = std::move(model_without);
      return;
    }
    const Operation in_flight = MakeOperation(seed_, done_, model_, kMix);
    model_.Apply(in_flight);
    const std::string with = DifferenceOf(database, &model_, random_());
    ASSERT_TRUE(with.empty()) << done_
                              << " operations were acknowledged; without the next: " << without
                              << "; with it (" << in_flight.Describe() << "): " << with;
    ++done_;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const TemporaryDirectory directory_;
  DatabaseModel model_;
  std::uint64_t done_ = 0;  // Operations of the seed that the model holds.
  std::uint64_t timeline_ = 0;
};

TEST(Kill, LosesNothingAcknowledgedAndLeavesNothingHalf) {
  // Each child does the model's part of all operations before it: a new database keeps that short.
  constexpr std::size_t kKillsOfOneDatabase = 10;
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::unique_ptr<KillLoop> loop;
  for (std::size_t i = 0; i < TestIterations(100) && !HasFatalFailure(); ++i) {
    if (i % kKillsOfOneDatabase == 0)
      loop = std::make_unique<KillLoop>(seed + i / kKillsOfOneDatabase);
    SCOPED_TRACE("kill " + std::to_string(i));
    loop->KillOnce();
  }
}

}  // namespace
}  // namespace tracevec
