#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/database_model.h"
#include "tests/faulty_database.h"
#include "tests/model_difference.h"
#include "tests/model_operation.h"
#include "tests/random_documents.h"
#include "tests/random_operations.h"
#include "tests/run_in_parallel.h"
#include "tests/small_index_options.h"
#include "tests/test_seed.h"

// A database on a disk whose n-th call fails, for each n until the operation gets through, and on
// one that is full.

namespace tracevec {
namespace {

using Lasts = FaultFileSystem::Lasts;

constexpr OperationMix kMix = {
    .large_chunks = 24, .small_chunks = 10, .most_paragraphs = 5, .rebuild_one_in = 30};
constexpr std::uint64_t kSeed = 7;

/// A database with a little of everything, and its model. What fails is a copy of it.
struct Original {
  explicit Original(const OperationMix& mix) : database(Durability::kSync, kSmallIndexOptions) {
    EXPECT_TRUE(database.Open().ok());
    for (std::uint64_t i = 0; i < 150; ++i) {
      const Operation operation = MakeOperation(kSeed, i, model, mix);
      EXPECT_EQ(DifferenceOf(model.Apply(operation), Execute(*database, operation)), "");
      // Files of several openings, so that there are some to read and some to merge.
      if (i % 50 != 49) continue;
      EXPECT_TRUE(database.Close().ok());
      EXPECT_TRUE(database.Open().ok());
    }
    EXPECT_EQ(DifferenceOf(*database, &model, kSeed), "");
    EXPECT_TRUE(database.Close().ok());
  }

  FaultyDatabase database;
  DatabaseModel model;
};

const Original& TheOriginal() {
  static const Original& original = *new Original(kMix);
  return original;
}

bool IsTyped(const Status& status) {
  return status.code() == StatusCode::kIOError || status.code() == StatusCode::kCorruption ||
         status.code() == StatusCode::kResourceExhausted;
}

/// The state is that of `without` or that of `with`, which then becomes `without`.
void ExpectEither(FaultyDatabase& database, DatabaseModel* without, DatabaseModel with) {
  const std::string first = DifferenceOf(*database, without, kSeed);
  if (first.empty()) return;
  const std::string second = DifferenceOf(*database, &with, kSeed);
  ASSERT_TRUE(second.empty()) << "neither undone: " << first << "\nnor done: " << second;
  *without = std::move(with);
}

void ExpectOpensAs(FaultyDatabase& database, DatabaseModel* model) {
  const Status opened = database.Open();
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  EXPECT_EQ(DifferenceOf(*database, model, kSeed), "");
}

/// Something that can be tried with its n-th call failing; returns how many calls there were.
struct Attempt {
  std::string name;
  std::function<std::uint64_t(std::uint64_t n, Lasts lasts)> run;
};

/// Tries each with each of its calls failing, once and from then on, and with a few more than were
/// counted: background work does not always come in the same order.
void FailEveryCall(const std::vector<Attempt>& attempts) {
  struct Failure {
    const Attempt* attempt = nullptr;
    Lasts lasts = Lasts::kOnce;
    std::uint64_t n = 0;
  };
  constexpr std::uint64_t kNoCall = 1'000'000;
  std::vector<Failure> failures;
  for (const Attempt& attempt : attempts) {
    SCOPED_TRACE(attempt.name);
    const std::uint64_t calls = attempt.run(kNoCall, Lasts::kOnce);
    ASSERT_GT(calls, 0U);
    for (std::uint64_t n = 1; n <= calls + calls / 20 + 1; ++n) {
      failures.push_back({&attempt, Lasts::kOnce, n});
      failures.push_back({&attempt, Lasts::kFromThenOn, n});
    }
  }
  // All of them, unless less was asked for: then some from everywhere.
  const std::size_t count = std::min(failures.size(), TestIterations(failures.size()));
  RunInParallel(count, [&](std::uint64_t i) {
    const auto& [attempt, lasts, n] = failures[i * failures.size() / count];
    SCOPED_TRACE(attempt->name + ": call " + std::to_string(n) +
                 (lasts == Lasts::kOnce ? " fails" : " fails, and all after it"));
    attempt->run(n, lasts);
  });
}

// --- Each write ---

Document SomeDocument(const std::string& id) {
  std::mt19937_64 random(kSeed);
  Document document = RandomDocument(random, id, 6);
  document.expires_at.reset();
  return document;
}

/// A write of each kind that changes something in the original.
std::vector<Operation> Writes() {
  const DatabaseModel& model = TheOriginal().model;
  const auto& documents = model.collections.at("pages").documents();
  Operation base;
  base.collection = "pages";
  base.fields = {"body"};
  std::vector<Operation> writes(8, base);
  writes[0].kind = Operation::Kind::kUpsert;
  writes[0].ids = {"new 1", "new 2"};
  writes[0].texts = {"", "text"};
  writes[0].metadata = {{{"year", 2024}}, {{"first seen", true}}};
  writes[1].kind = Operation::Kind::kPutDocument;
  writes[1].documents = {SomeDocument(documents.begin()->first)};
  writes[2].kind = Operation::Kind::kPutDocuments;
  writes[2].documents = {SomeDocument("new a"), SomeDocument("new b")};
  writes[3].kind = Operation::Kind::kDeleteDocument;
  writes[3].ids = {documents.begin()->first};
  writes[4].kind = Operation::Kind::kDelete;
  writes[4].where = "document LIKE 'v%'";
  writes[5].kind = Operation::Kind::kUpdateMetadata;
  writes[5].where = "id STARTS WITH 'd' OR id STARTS WITH 'v'";
  writes[5].patch = {{"lang", "eo"}, {"year", nullptr}};
  writes[6].kind = Operation::Kind::kDropCollection;
  writes[7].kind = Operation::Kind::kCreateCollection;
  writes[7].collection = "new";
  writes[7].schema = model.collections.at("pages").schema();
  return writes;
}

/// The write fails at its n-th call, another follows, and the database is opened again. Returns
/// the calls of the write.
std::uint64_t FailWrite(const Operation& write, std::uint64_t n, Lasts lasts) {
  FaultyDatabase database(TheOriginal().database);
  DatabaseModel before = TheOriginal().model;
  EXPECT_TRUE(database.Open().ok());
  // Collections are read on first use: the write alone is to fail.
  EXPECT_EQ(DifferenceOf(*database, &before, kSeed), "");
  DatabaseModel after = before;
  const Outcome expected = after.Apply(write);
  database.faults().FailCall(n, lasts);
  const Outcome outcome = Execute(*database, write);
  const std::uint64_t calls = database.faults().calls();
  database.faults().ClearFaults();
  if (outcome.status.ok()) {
    EXPECT_EQ(DifferenceOf(expected, outcome), "");
    before = after;
  } else {
    EXPECT_TRUE(calls >= n && IsTyped(outcome.status)) << outcome.status.ToString();
  }
  // A call that returns an error changed nothing.
  EXPECT_EQ(DifferenceOf(*database, &before, kSeed), "");

  // What is written after it does not mix with what may be left of it: both take the next numbers.
  Operation next;
  const bool in_collection = write.kind != Operation::Kind::kDropCollection &&
                             write.kind != Operation::Kind::kCreateCollection;
  next.collection = in_collection ? write.collection : "temporary";
  next.fields = {in_collection ? "body" : "vector"};
  next.ids = {"next"};
  next.texts = {"written after the failure"};
  next.metadata = {{}};
  const Outcome then = Execute(*database, next);
  EXPECT_TRUE(then.status.ok() || IsTyped(then.status)) << then.status.ToString();
  database.Close().IgnoreError("whatever it says, nothing may be lost");
  const Status opened = database.Open();
  EXPECT_TRUE(opened.ok()) << opened.ToString();
  if (!opened.ok()) return calls;
  if (then.status.ok()) {
    before.Apply(next);
    after.Apply(next);
  }
  ExpectEither(database, &before, after);
  return calls;
}

TEST(Fault, AWriteThatFailsAtAnyCallIsDoneOrUndone) {
  std::vector<Attempt> attempts;
  for (const Operation& write : Writes()) {
    attempts.push_back({write.Describe(), [write](std::uint64_t n, Lasts lasts) {
                          return FailWrite(write, n, lasts);
                        }});
  }
  FailEveryCall(attempts);
}

// --- Opening, reading, closing ---

/// Creates a database, or opens one that lost power; after the failure it opens as if nothing had
/// been.
std::uint64_t FailOpening(bool creating, std::uint64_t n, Lasts lasts) {
  FaultyDatabase database =
      creating ? FaultyDatabase(Durability::kSync) : FaultyDatabase(TheOriginal().database);
  DatabaseModel model = creating ? DatabaseModel() : TheOriginal().model;
  if (!creating) {
    EXPECT_TRUE(database.Open().ok());
    const Operation operation = MakeOperation(kSeed, 150, model, kMix);
    EXPECT_EQ(DifferenceOf(model.Apply(operation), Execute(*database, operation)), "");
    database.LosePower(n);
  }
  database.faults().FailCall(n, lasts);
  const Status opened = database.Open();
  const std::uint64_t calls = database.faults().calls();
  database.faults().ClearFaults();
  EXPECT_TRUE(opened.ok() || (calls >= n && IsTyped(opened))) << opened.ToString();
  if (opened.ok()) {
    EXPECT_EQ(DifferenceOf(*database, &model, kSeed), "");
  }
  database.Close().IgnoreError("whatever it says, nothing may be lost");
  SCOPED_TRACE("after " + opened.ToString());
  ExpectOpensAs(database, &model);
  return calls;
}

TEST(Fault, AnOpeningThatFailsAtAnyCallLeavesADatabaseThatOpens) {
  const auto open = [](bool creating) {
    return [=](std::uint64_t n, Lasts lasts) { return FailOpening(creating, n, lasts); };
  };
  FailEveryCall({{"creating", open(true)}, {"after a crash", open(false)}});
}

std::uint64_t FailClosing(std::uint64_t n, Lasts lasts) {
  FaultyDatabase database(TheOriginal().database);
  DatabaseModel model = TheOriginal().model;
  EXPECT_TRUE(database.Open().ok());
  for (std::uint64_t i = 150; i < 155; ++i) {
    const Operation operation = MakeOperation(kSeed, i, model, kMix);
    EXPECT_EQ(DifferenceOf(model.Apply(operation), Execute(*database, operation)), "");
  }
  database.faults().FailCall(n, lasts);
  const Status closed = database.Close();
  const std::uint64_t calls = database.faults().calls();
  database.faults().ClearFaults();
  EXPECT_TRUE(closed.ok() || (calls >= n && IsTyped(closed))) << closed.ToString();
  ExpectOpensAs(database, &model);
  return calls;
}

TEST(Fault, AClosingThatFailsAtAnyCallLosesNothingAcknowledged) {
  FailEveryCall({{"closing", FailClosing}});
}

TEST(Fault, AReadThatFailsSaysSoAndAnswersNothingWrong) {
  // Many blocks of records and vectors, each of which is read once.
  const Original large({.large_chunks = 250, .small_chunks = 60});
  FailEveryCall(
      {{"reading", [&](std::uint64_t n, Lasts lasts) {
          FaultyDatabase database(large.database);
          DatabaseModel model = large.model;
          EXPECT_TRUE(database.Open().ok());
          database.faults().FailCall(n, lasts, FaultFileSystem::kReading);
          const std::string difference = DifferenceOf(*database, &model, kSeed);
          const std::uint64_t calls = database.faults().calls();
          database.faults().ClearFaults();
          EXPECT_TRUE(difference.empty() || difference.find("IOError: ") != std::string::npos)
              << difference;
          EXPECT_EQ(DifferenceOf(*database, &model, kSeed), "");
          return calls;
        }}});
}

// --- A full disk ---

/// Writes until there is no space, reads, gets space, and goes on.
void FillTheDisk(std::uint64_t seed, Durability durability) {
  std::mt19937_64 random(seed);
  FaultyDatabase database(durability);
  DatabaseModel model;
  ASSERT_TRUE(database.Open().ok());
  std::uint64_t index = 0;
  DatabaseModel with_failed;
  database.faults().SetFreeBytes(random() % 120'000);
  for (bool full = false; !full; ++index) {
    const Operation operation = MakeOperation(seed, index, model, kMix);
    with_failed = model;
    const Outcome expected = with_failed.Apply(operation);
    const Outcome outcome = Execute(*database, operation);
    full = outcome.status.code() == StatusCode::kResourceExhausted;
    if (full) break;
    ASSERT_EQ(DifferenceOf(expected, outcome), "") << operation.Describe();
    model = with_failed;
  }
  EXPECT_EQ(DifferenceOf(*database, &model, seed), "") << "reading while the disk is full";
  const bool close_while_full = random() % 3 == 0;
  if (close_while_full) {
    database.Close().IgnoreError("whatever it says, nothing may be lost");
    database.faults().ClearFaults();
    ASSERT_TRUE(database.Open().ok());
    ASSERT_NO_FATAL_FAILURE(ExpectEither(database, &model, with_failed));
  }
  database.faults().ClearFaults();
  for (const std::uint64_t end = index + 10; index < end; ++index) {
    const Operation operation = MakeOperation(seed, index, model, kMix);
    ASSERT_EQ(DifferenceOf(model.Apply(operation), Execute(*database, operation)), "")
        << "once there is space: " << operation.Describe();
  }
  EXPECT_EQ(DifferenceOf(*database, &model, seed), "");
  if (durability == Durability::kSync && random() % 2 == 0) {
    database.LosePower(random());
  } else {
    ASSERT_TRUE(database.Close().ok());
  }
  ASSERT_TRUE(database.Open().ok());
  EXPECT_EQ(DifferenceOf(*database, &model, seed), "");
}

TEST(Fault, AFullDiskLosesNothingAndWritingGoesOnOnceThereIsSpace) {
  const std::uint64_t first_seed = TestSeed();
  RunInParallel(TestIterations(48), [&](std::uint64_t i) {
    SCOPED_TRACE(SeedMessage(first_seed + i));
    FillTheDisk(first_seed + i, i % 2 == 0 ? Durability::kSync : Durability::kAsync);
  });
}

}  // namespace
}  // namespace tracevec
