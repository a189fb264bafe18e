#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/stamped_collection.h"
#include "tests/temporary_directory.h"
#include "tests/test_seed.h"
#include "tracevec/database.h"

// Many threads on one database. ThreadSanitizer watches these tests in the tsan preset.

namespace tracevec {
namespace {

constexpr int kReaders = 4;

/// Threads that run until they are told to stop, or one of them fails.
class Crew {
 public:
  ~Crew() { Join(); }

  /// Calls `work(random)` again and again; a text that is not empty is a failure.
  void Add(std::uint64_t seed, std::function<std::string(std::mt19937_64&)> work) {
    threads_.emplace_back([this, seed, work = std::move(work)] {
      std::mt19937_64 random(seed);
      while (!stop_.load(std::memory_order_relaxed)) {
        std::string failure = work(random);
        if (failure.empty()) continue;
        const std::lock_guard lock(mutex_);
        if (failure_.empty()) failure_ = std::move(failure);
        stop_ = true;
      }
    });
  }
  void Stop() { stop_ = true; }
  bool stopped() const { return stop_; }
  void Join() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  /// After Join().
  const std::string& failure() const { return failure_; }

 private:
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::string failure_;  // Guarded by mutex_ until the threads are joined.
  std::vector<std::thread> threads_;
};

/// How many chunks stand beside those that are read: a small collection lives in the store alone, a
/// larger one in memory, and a growing one passes from the first to the second while it is read.
/// What is rebuilt has a thread beside it that makes segments of it all the time.
enum class Size { kSmall, kLarge, kGrowing, kRebuilt };

/// A new database with one collection, some threads that write it and some that read it.
class Stage {
 public:
  Stage(Size size, std::uint64_t seed)
      : size_(size),
        seed_(seed),
        database_(*Database::Open(directory_ / "db")),
        stamped_(*database_->CreateCollection("stamped", StampedCollection::Schema())) {
    if (size == Size::kLarge || size == Size::kRebuilt) {
      EXPECT_EQ(stamped_.PutFillers(600), "");
    }
  }

  /// One write for so many reads. A small collection is read from the store at each use, past all
  /// that was replaced since the last flush: unbounded writers would slow the readers down.
  static constexpr std::uint64_t kReadsForAWrite = 8;

  void Start() {
    for (std::uint64_t i = 0; i < kReaders; ++i) {
      crew_.Add(seed_ + i, [this](std::mt19937_64& random) {
        ++reads_;
        return stamped_.Read(random);
      });
    }
    crew_.Add(seed_ + kReaders, [this](std::mt19937_64& random) {
      WaitForReaders();
      return stamped_.PutDocument(random);
    });
    crew_.Add(seed_ + kReaders + 1, [this](std::mt19937_64& random) {
      WaitForReaders();
      return WriteOther(random);
    });
    if (size_ != Size::kRebuilt) return;
    crew_.Add(seed_ + kReaders + 2, [this](std::mt19937_64&) { return stamped_.Rebuild(); });
  }
  void Run(std::uint64_t reads) {
    Start();
    while (reads_ < reads && !crew_.stopped()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    crew_.Join();
  }

  Crew& crew() { return crew_; }
  Database& database() { return *database_; }
  StampedCollection& stamped() { return stamped_; }

  void Reopen() {
    database_ = *Database::Open(directory_ / "db");
    stamped_.Use(*database_->GetCollection("stamped"));
  }

 private:
  void WaitForReaders() {
    while (stamped_.writes() * kReadsForAWrite > reads_ + kReadsForAWrite && !crew_.stopped()) {
      std::this_thread::yield();
    }
  }

  std::string WriteOther(std::mt19937_64& random) {
    if (size_ == Size::kGrowing && random() % 2 == 0) {
      fillers_ += 20;
      return stamped_.PutFillers(fillers_);
    }
    return random() % 3 == 0 ? stamped_.WriteGroup(random) : stamped_.MarkGroup(random);
  }

  const Size size_;
  const std::uint64_t seed_;
  const TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  StampedCollection stamped_;
  std::size_t fillers_ = 420;  // Of the growing collection; 512 are passed after some ten writes.
  std::atomic<std::uint64_t> reads_{0};
  Crew crew_;  // Last: its threads end before what they use.
};

class Readers : public ::testing::TestWithParam<Size> {};

TEST_P(Readers, NeverSeeHalfOfAWrite) {
  constexpr std::size_t kReadsOfAStage = 2'500;
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  const std::size_t stages = TestIterations(100'000) / 3 / kReadsOfAStage + 1;
  for (std::size_t i = 0; i < stages; ++i) {
    Stage stage(GetParam(), seed + i);
    stage.Run(kReadsOfAStage);
    ASSERT_EQ(stage.crew().failure(), "");
    ASSERT_EQ(stage.stamped().ReadAll(), "");
  }
}

TEST_P(Readers, GetClosedWhenTheDatabaseCloses) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(20); ++i) {
    Stage stage(GetParam(), seed + i);
    stage.Start();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    const Status closed = stage.database().Close();
    EXPECT_TRUE(closed.ok()) << closed.ToString();
    EXPECT_EQ(stage.stamped().Read(random), StampedCollection::kClosed);
    stage.crew().Join();
    const std::string& failure = stage.crew().failure();
    ASSERT_TRUE(failure.empty() || failure == StampedCollection::kClosed) << failure;
    stage.Reopen();
    ASSERT_EQ(stage.stamped().ReadAll(), "");
  }
}

std::string NameOf(const ::testing::TestParamInfo<Size>& size) {
  constexpr std::array kNames = {"Small", "Large", "Growing", "Rebuilt"};
  return kNames[static_cast<std::size_t>(size.param)];
}

INSTANTIATE_TEST_SUITE_P(Collections, Readers,
                         ::testing::Values(Size::kSmall, Size::kLarge, Size::kGrowing,
                                           Size::kRebuilt),
                         NameOf);

class Threads : public ::testing::Test {
 protected:
  Threads() : database_(*Database::Open(directory_ / "db")) {}

  void Reopen() {
    ASSERT_TRUE(database_->Close().ok());
    database_ = *Database::Open(directory_ / "db");
  }

  /// Runs the same on several threads at once.
  static void RunTogether(const std::function<void(int)>& body) {
    constexpr int kThreads = 4;
    std::atomic<int> waiting{kThreads};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        body(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  static Status Upsert(Collection collection, const std::string& id) {
    const std::vector<std::string> ids = {id};
    const std::vector<float> vector(StampedCollection::kDimension, 1.0F);
    UpsertRequest request;
    request.ids = ids;
    request.vectors[""] = vector;
    return collection.Upsert(request).status();
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(Threads, ThatCreateTheSameCollectionGetTheSame) {
  for (std::size_t round = 0; round < TestIterations(20); ++round) {
    const std::string name = "collection " + std::to_string(round);
    RunTogether([&](int thread) {
      auto collection = database_->GetOrCreateCollection(name, StampedCollection::kDimension);
      ASSERT_TRUE(collection.ok()) << collection.status().ToString();
      const Status written = Upsert(*collection, std::to_string(thread));
      ASSERT_TRUE(written.ok()) << written.ToString();
    });
    EXPECT_EQ(*database_->GetCollection(name)->Count(), 4U);
    std::atomic<int> created{0};
    RunTogether([&](int) {
      const auto collection =
          database_->CreateCollection(name + " once", StampedCollection::Schema());
      if (collection.ok()) ++created;
      EXPECT_TRUE(collection.ok() || collection.status().code() == StatusCode::kAlreadyExists);
    });
    EXPECT_EQ(created, 1);
  }
}

TEST_F(Threads, ThatFindACollectionOnFirstUseShareIt) {
  ASSERT_TRUE(database_->CreateCollection("found", StampedCollection::Schema()).ok());
  for (std::size_t round = 0; round < TestIterations(10); ++round) {
    ASSERT_NO_FATAL_FAILURE(Reopen());
    RunTogether([&](int thread) {
      auto collection = database_->GetCollection("found");
      ASSERT_TRUE(collection.ok()) << collection.status().ToString();
      const std::string id = std::to_string(round) + "/" + std::to_string(thread);
      ASSERT_TRUE(Upsert(*collection, id).ok());
      ASSERT_EQ(collection->Get(std::vector{id})->size(), 1U);
    });
    EXPECT_EQ(*database_->GetCollection("found")->Count(), 4 * (round + 1));
  }
}

TEST_F(Threads, MayKeepLookUpAndNoteReceiptsWhileOthersWrite) {
  auto collection = *database_->CreateCollection("pages", StampedCollection::Schema());
  ASSERT_TRUE(Upsert(collection, "first").ok());
  const std::size_t rounds = TestIterations(50);
  std::atomic<std::size_t> seen{0};
  database_->SetTraceHook([&](const Receipt&) { ++seen; });
  RunTogether([&](int thread) {
    const std::vector<float> vector(StampedCollection::kDimension, 1.0F);
    SearchRequest request;
    request.vector = vector;
    request.receipt = ReceiptLevel::kKeep;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto response = collection.Search(request);
      ASSERT_TRUE(response.ok()) << response.status().ToString();
      if (thread == 0) {
        AnnotateRequest note;
        note.rating = 1;
        ASSERT_TRUE(database_->Annotate(response->receipt.id, note).ok());
        ASSERT_TRUE(database_->Metrics().ok());
      } else if (thread == 1) {
        ASSERT_EQ(database_->GetReceipt(response->receipt.id)->hits.size(), response->hits.size());
      } else {
        ASSERT_TRUE(Upsert(collection, std::to_string(thread * rounds + round)).ok());
      }
    }
  });
  ReceiptQuery all;
  all.limit = 0;
  EXPECT_EQ(database_->Receipts(all)->size(), 4 * rounds);
  EXPECT_EQ(seen, 4 * rounds);
  EXPECT_EQ(database_->Metrics()->queries.at(0).ok, 4 * rounds);
}

/// A call of each kind; returns what went wrong.
std::string UseEverything(Collection collection) {
  const std::vector<float> vector(StampedCollection::kDimension, 1.0F);
  SearchRequest search;
  search.vector = vector;
  Document document;
  document.id = "quick";
  document.text = "Another paragraph.";
  PutOptions options;
  options.vectors[""] = vector;
  const std::vector<std::string> ids = {"during"};
  UpsertRequest upsert;
  upsert.ids = ids;
  upsert.vectors[""] = vector;
  const std::vector<Status> statuses = {
      collection.Search(search).status(),
      collection.Count("stamp IS NULL").status(),
      collection.PutDocument(document, options).status(),
      collection.GetDocument("quick").status(),
      collection.Upsert(upsert).status(),
      collection.UpdateMetadata({{"mark", 1}}, {ids, {}}).status(),
      collection.DeleteDocument("quick").status(),
      collection.Delete({std::nullopt, "mark = 2"}).status()};
  for (const Status& status : statuses) {
    if (!status.ok()) return status.ToString();
  }
  return "";
}

TEST_F(Threads, MayUseTheDatabaseWhileAnEmbedderRuns) {
  auto collection = *database_->CreateCollection("pages", StampedCollection::Schema());
  ASSERT_TRUE(Upsert(collection, "before").ok());
  std::string failure = "the embedder was not called";
  PutOptions options;
  options.embed[""] = [&](std::span<const std::string> texts) {
    // On a thread of its own: a lock that the put held would not let it through.
    auto others = std::async(std::launch::async, [&] { return UseEverything(collection); });
    const bool done = others.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    failure = done ? others.get() : "blocked";
    return Result(std::vector<float>(texts.size() * StampedCollection::kDimension, 1.0F));
  };
  Document document;
  document.id = "slow";
  document.text = "A paragraph.";
  const auto put = collection.PutDocument(document, options);
  EXPECT_TRUE(put.ok()) << put.status().ToString();
  EXPECT_EQ(failure, "");
  EXPECT_EQ(*collection.Count(), 3U);
}

}  // namespace
}  // namespace tracevec
