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
#include "tests/killed_process.h"
#include "tests/small_index_options.h"
#include "tests/test_database.h"
#include "tests/test_seed.h"

// A child process adds, replaces and deletes rows faster than segments can be built of them, so
// that blocks are frozen, segments built, written, put in place and merged all the time; it is
// killed at a random moment of that, and what it left must have each row and answer as a scan does.

namespace tracevec {
namespace {

constexpr char kChildRole[] = "--fill-until-killed";
constexpr std::size_t kDimension = 1024;  // A block has 512 rows then.
constexpr std::size_t kRowsOfStep = 128;
constexpr std::uint64_t kFailed = ~std::uint64_t{0};

Result<std::unique_ptr<Database>> OpenFiles(const std::string& path) {
  return OpenForTest(path, {}, nullptr, kSmallIndexOptions);
}

/// Step `step` adds rows; every third also replaces rows of an earlier one and deletes its first.
Status DoStep(Collection& rows, std::uint64_t step) {
  const auto added = rows.Upsert(MakeRows(step * kRowsOfStep, kRowsOfStep, kDimension).Request());
  if (!added.ok() || step % 3 != 2) return added.status();
  const std::size_t earlier = (step / 2) * kRowsOfStep;
  const auto replaced =
      rows.Upsert(MakeRows(earlier + 1, 40, kDimension, /*seed=*/step + 7).Request());
  if (!replaced.ok()) return replaced.status();
  return rows.Delete({std::vector<std::string>{"id" + std::to_string(earlier)}, {}}).status();
}

int FillUntilKilled(const std::vector<std::string>& arguments) {
  const auto database = OpenFiles(arguments[0]);
  if (!database.ok()) {
    ChildRole::Report(kFailed);
    return 1;
  }
  auto rows = (*database)->GetCollection("rows");
  if (!rows.ok()) rows = (*database)->CreateCollection("rows", BodySchema(kDimension));
  for (std::uint64_t step = std::stoull(arguments[1]);; ++step) {
    const Status done = rows.ok() ? DoStep(*rows, step) : rows.status();
    if (!done.ok()) {
      std::fprintf(stderr, "child: step %llu: %s\n", static_cast<unsigned long long>(step),
                   done.ToString().c_str());
      ChildRole::Report(kFailed);
      return 1;
    }
    ChildRole::Report(step + 1);
  }
}

const ChildRole kRole(kChildRole, FillUntilKilled);

/// Every row of the steps that were acknowledged is there, and searches find it.
void CheckRows(Collection& rows, std::uint64_t steps, std::mt19937_64& random) {
  std::uint64_t deleted = 0;
  for (std::uint64_t step = 2; step < steps; step += 3) ++deleted;
  const CollectionStats stats = Must(rows.Stats());
  EXPECT_EQ(stats.warnings, std::vector<std::string>());
  EXPECT_EQ(stats.chunks, Must(rows.Count()));
  EXPECT_GE(stats.chunks, steps * kRowsOfStep - deleted - 1) << "the step in flight may delete one";
  EXPECT_LE(stats.chunks, (steps + 1) * kRowsOfStep - deleted);
  for (int i = 0; i < 12 && steps > 0; ++i) {
    const std::string id = "id" + std::to_string(random() % (steps * kRowsOfStep) / 2 * 2 + 1);
    SearchRequest request;
    GetOptions with_vectors;
    with_vectors.with_vectors = true;
    const std::vector<float> vector = GetOne(rows, id, with_vectors).vectors.begin()->second;
    request.vector = vector;
    request.k = 5;
    request.ef = 1024;
    const auto approximate = Must(rows.Search(request)).hits;
    request.exact = true;
    EXPECT_EQ(approximate.front().id, id);
    EXPECT_EQ(Must(rows.Search(request)).hits.front().id, id);
  }
}

TEST(KillSegments, LosesNothingWhileSegmentsAreBuiltWrittenAndMerged) {
  constexpr std::size_t kKillsOfOneDatabase = 10;
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::unique_ptr<TemporaryDirectory> directory;
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < TestIterations(30) && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("kill " + std::to_string(i));
    if (i % kKillsOfOneDatabase == 0) {
      directory = std::make_unique<TemporaryDirectory>();
      steps = 0;
    }
    const std::string path = *directory / "db";
    KilledProcess child(kChildRole, {path, std::to_string(steps)});
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 600'000));
    child.Kill();
    const std::optional<std::uint64_t> reported = child.LastReport();
    ASSERT_NE(reported, kFailed);
    steps = reported.value_or(steps);
    if (steps == 0) continue;
    const auto database = Must(OpenFiles(path));
    Collection rows = Must(database->GetCollection("rows"));
    CheckRows(rows, steps, random);
    Must(database->Close());
  }
}

}  // namespace
}  // namespace tracevec
