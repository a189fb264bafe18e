// The store on a disk that fails: power loss at any call, the n-th call failing, no space left.
// An oracle knows what every batch does, so the content after a fault must be that of some number
// of whole batches, from the first on: all acknowledged ones where they had been made durable.

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/rocksdb_file_system.h"
#include "storage/store.h"
#include "tests/fault_file_system.h"
#include "tests/temporary_directory.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

using Content = std::map<std::pair<Table, std::string>, std::string>;

constexpr char kCount[] = "test:count";  // How many batches the store holds.
constexpr char kPrefix[] = "test:";

/// How much batches write: one value in `large_one_in` is large.
struct WorkloadSize {
  std::uint64_t large_one_in;
  std::size_t large_bytes;
};
/// Fills the write buffers of a store with little memory again and again.
constexpr WorkloadSize kFillsBuffers = {10, 150'000};
/// Often fills those of both tables in one write. Where RocksDB 7.8 cannot switch the first of two
/// memtables that are both full, it never lets go of the second's column family.
constexpr WorkloadSize kFillsBothAtOnce = {3, 900'000};

/// Batches that follow from a seed and their number alone.
class Workload {
 public:
  Workload(std::uint64_t seed, WorkloadSize size) : seed_(seed), size_(size) {}

  /// The n-th batch, n = 1, 2, 3...; and what it does to the content.
  void Apply(std::uint64_t n, StoreBatch* batch, Content* content) const {
    std::mt19937_64 random(seed_ * 1'000'003 + n);
    for (std::uint64_t i = 1 + random() % 5; i > 0; --i) {
      const Table table = random() % 2 == 0 ? Table::kRecords : Table::kVectors;
      const std::string key = kPrefix + std::to_string(random() % 40);
      switch (random() % 10) {
        case 0:
          if (batch) batch->Delete(table, key);
          content->erase({table, key});
          break;
        case 1:
          if (batch) batch->DeletePrefix(table, key);
          std::erase_if(*content, [&](const auto& entry) {
            return entry.first.first == table && entry.first.second.starts_with(key);
          });
          break;
        default: {
          const bool large = random() % size_.large_one_in == 0;
          const std::size_t size = large ? size_.large_bytes : random() % 2000;
          const std::string value = std::to_string(n) + std::string(size, 'v');
          if (batch) batch->Put(table, key, value);
          (*content)[{table, key}] = value;
        }
      }
    }
    if (batch) batch->Put(Table::kRecords, kCount, std::to_string(n));
    (*content)[{Table::kRecords, kCount}] = std::to_string(n);
  }

  Content After(std::uint64_t batches) const {
    Content content;
    for (std::uint64_t n = 1; n <= batches; ++n) Apply(n, nullptr, &content);
    return content;
  }

 private:
  std::uint64_t seed_;
  WorkloadSize size_;
};

/// A database directory on a FaultFileSystem, and what must be in it.
class FaultyStore {
 public:
  explicit FaultyStore(std::uint64_t seed, WorkloadSize size = kFillsBuffers)
      : workload_(seed, size) {
    std::filesystem::create_directory(temporary_ / "attic");
    fs_ = std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), temporary_ / "attic");
  }

  FaultFileSystem& fs() { return *fs_; }
  std::uint64_t attempted() const { return attempted_; }

  Status Open() {
    StoreOptions options;
    options.memory_bytes = 8 << 20;
    options.file_system = fs_;
    auto store = Store::Open(temporary_ / "db", options);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return Status::Ok();
  }

  Status Write(bool sync) {
    StoreBatch batch;
    Content ignored;
    workload_.Apply(written_ + 1, &batch, &ignored);
    attempted_ = written_ + 1;
    if (const Status status = store_->Write(batch, sync); !status.ok()) return status;
    written_ = attempted_;
    if (sync) durable_ = written_;
    return Status::Ok();
  }

  Status Sync() {
    const Status status = store_->Sync();
    if (status.ok()) durable_ = written_;
    return status;
  }

  Status Close() {
    const Status status = store_->Close();
    store_.reset();
    if (status.ok()) durable_ = written_;
    return status;
  }

  void Kill() { store_.reset(); }

  /// The page cache is still there: what was acknowledged must be, too.
  void NothingMayBeLost() { durable_ = written_; }

  bool CanRead() const { return store_->Get(Table::kRecords, kCount).ok(); }

  /// The store, reopened, holds whole batches from the first on: at least the durable ones, at most
  /// those ever attempted. Goes on from there.
  void Check() {
    const Status opened = Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    const auto count = store_->Get(Table::kRecords, kCount);
    ASSERT_TRUE(count.ok()) << count.status().ToString();
    const std::uint64_t batches = *count ? std::stoull(**count) : 0;
    ASSERT_GE(batches, durable_) << "acknowledged batches are lost";
    ASSERT_LE(batches, attempted_);
    Content content;
    for (const Table table : {Table::kRecords, Table::kVectors}) {
      StoreCursor cursor = store_->NewCursor(table, kPrefix);
      for (; cursor.Valid(); cursor.Next()) {
        content[{table, std::string(cursor.key())}] = cursor.value();
      }
      ASSERT_TRUE(cursor.status().ok()) << cursor.status().ToString();
    }
    ASSERT_TRUE(content == workload_.After(batches)) << "not the state after " << batches;
    written_ = attempted_ = batches;
  }

 private:
  TemporaryDirectory temporary_;
  Workload workload_;
  std::shared_ptr<FaultFileSystem> fs_;
  std::unique_ptr<Store> store_;
  std::uint64_t written_ = 0;    // Batches acknowledged.
  std::uint64_t attempted_ = 0;  // And the one that failed, which may be there or not.
  std::uint64_t durable_ = 0;    // Batches that a power loss must not take.
};

constexpr int kBatchesOfALife = 40;

/// One life of a process: open, write, sync now and then, close. Ends early at the first error.
Status Live(FaultyStore& store, bool sync, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Status status = store.Open();
  for (int i = 0; status.ok() && i < kBatchesOfALife; ++i) {
    status = store.Write(sync);
    if (status.ok() && random() % 16 == 0) status = store.Sync();
  }
  return status.ok() ? store.Close() : status;
}

/// Calls a function with 0 to count - 1, on several threads: after a failed flush RocksDB sleeps
/// for a second, and most of these tests consist of that.
void InParallel(std::uint64_t count, const std::function<void(std::uint64_t)>& function) {
  constexpr int kThreads = 8;
  // One pool of RocksDB's serves all stores of a process.
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::Priority::HIGH);
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::Priority::LOW);
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = next++; i < count && !testing::Test::HasFailure(); i = next++) {
        SCOPED_TRACE("run " + std::to_string(i));
        function(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void LosePowerInThreeLives(std::uint64_t seed, bool sync, WorkloadSize size) {
  std::mt19937_64 random(seed);
  FaultyStore store(seed, size);
  for (int life = 0; life < 3; ++life) {
    // The first life includes the creation; a whole life is about 300 calls.
    store.fs().PowerOffAtCall(1 + random() % 300);
    Live(store, sync, seed).IgnoreError("the power loss is the point");
    store.Kill();
    store.fs().PowerOff();
    store.fs().DropUnsynced(random());
    ASSERT_NO_FATAL_FAILURE(store.Check()) << "life " << life;
    ASSERT_TRUE(store.Close().ok());
  }
}

void LosePowerAtManyPoints(bool sync, WorkloadSize size = kFillsBuffers) {
  const std::uint64_t first_seed = TestSeed();
  SCOPED_TRACE(SeedMessage(first_seed));
  InParallel(TestIterations(40), [&](std::uint64_t run) {
    SCOPED_TRACE(SeedMessage(first_seed + run));
    LosePowerInThreeLives(first_seed + run, sync, size);
  });
}

TEST(StoreFault, SyncedWritesSurvivePowerLossAtAnyPoint) { LosePowerAtManyPoints(true); }

TEST(StoreFault, AsyncWritesLoseAtMostTheirLastOnesInAPowerLoss) { LosePowerAtManyPoints(false); }

TEST(StoreFault, APowerLossWhileBothTablesAreFullLetsTheStoreBeClosed) {
  LosePowerAtManyPoints(false, kFillsBothAtOnce);
}

TEST(StoreFault, ANewLogMakesTheOlderOnesDurable) {
  const TemporaryDirectory temporary;
  std::filesystem::create_directory(temporary / "attic");
  std::filesystem::create_directory(temporary / "db");
  const auto faults =
      std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), temporary / "attic");
  RocksdbFileSystem file_system(faults);
  const auto create = [&](const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(file_system.NewWritableFile(temporary / name, {}, &file, nullptr).ok());
    EXPECT_TRUE(file->Append("record", {}, nullptr).ok());
    return file;
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto older = create("db/1.log");
    auto newer = create("db/2.log");
    faults->PowerOff();
    older.reset();
    newer.reset();
    faults->DropUnsynced(seed);
    std::string left;
    ASSERT_TRUE(rocksdb::ReadFileToString(faults.get(), temporary / "db/1.log", &left).ok());
    EXPECT_EQ(left, "record");
    std::filesystem::remove(temporary / "db/1.log");
    std::filesystem::remove(temporary / "db/2.log");
  }
}

TEST(StoreFault, ALogThatCannotBeCreatedFailsAtItsFirstWrite) {
  const TemporaryDirectory temporary;
  std::filesystem::create_directory(temporary / "attic");
  const auto faults =
      std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), temporary / "attic");
  RocksdbFileSystem file_system(faults);
  faults->FailCall(1, FaultFileSystem::Lasts::kFromThenOn);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(file_system.NewWritableFile(temporary / "1.log", {}, &file, nullptr).ok());
  EXPECT_TRUE(file->Append("record", {}, nullptr).IsIOError());
  EXPECT_TRUE(file->Sync({}, nullptr).IsIOError());
  EXPECT_TRUE(file->Close({}, nullptr).ok());
  std::unique_ptr<rocksdb::FSWritableFile> other;
  EXPECT_TRUE(file_system.NewWritableFile(temporary / "1.sst", {}, &other, nullptr).IsIOError());
}

TEST(StoreFault, WithoutSyncAPowerLossDoesTakeWrites) {
  // Proves that the tests above could fail: the tail is dropped, and only without sync.
  std::uint64_t lost_sync = 0;
  std::uint64_t lost_async = 0;
  for (const bool sync : {true, false}) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      FaultyStore store(seed);
      ASSERT_TRUE(store.Open().ok());
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.Write(sync).ok());
      store.fs().PowerOff();
      store.Kill();
      store.fs().DropUnsynced(seed);
      const std::uint64_t before = store.attempted();
      ASSERT_NO_FATAL_FAILURE(store.Check());
      (sync ? lost_sync : lost_async) += before - store.attempted();
    }
  }
  EXPECT_EQ(lost_sync, 0u);
  EXPECT_GT(lost_async, 0u);
}

/// How many calls of these kinds a life makes when nothing fails.
std::uint64_t CallsOfALife(unsigned calls) {
  FaultyStore store(1);
  store.fs().FailCall(1'000'000, FaultFileSystem::Lasts::kOnce, calls);
  EXPECT_TRUE(Live(store, false, 1).ok());
  return store.fs().calls();
}

void FailEveryCallOnce(unsigned calls, FaultFileSystem::Lasts lasts) {
  // A few more than were counted: background work does not always come in the same order. With
  // fewer iterations than 1, evenly spread ones of them.
  const std::uint64_t all = CallsOfALife(calls) + 10;
  const std::uint64_t runs = std::min<std::uint64_t>(all, TestIterations(all));
  InParallel(runs, [&](std::uint64_t run) {
    const std::uint64_t n = run * all / runs;
    FaultyStore store(1);
    store.fs().FailCall(n + 1, lasts, calls);
    const Status status = Live(store, false, 1);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kIOError ||
                status.code() == StatusCode::kCorruption)
        << status.ToString();
    EXPECT_TRUE(status.ok() || store.fs().calls() > n) << "failed without a fault";
    store.Kill();
    store.fs().ClearFaults();
    store.NothingMayBeLost();
    ASSERT_NO_FATAL_FAILURE(store.Check());
    ASSERT_TRUE(store.Write(true).ok());
    ASSERT_TRUE(store.Close().ok());
  });
}

TEST(StoreFault, AnyCallThatFailsOnceIsReportedAndLosesNothing) {
  FailEveryCallOnce(FaultFileSystem::kAllCalls, FaultFileSystem::Lasts::kOnce);
}

TEST(StoreFault, ADiskThatStopsWritingLosesNothingAcknowledged) {
  FailEveryCallOnce(FaultFileSystem::kWriting | FaultFileSystem::kSyncing,
                    FaultFileSystem::Lasts::kFromThenOn);
}

TEST(StoreFault, WritingGoesOnOnceAnErrorHasPassed) {
  constexpr unsigned kCalls = FaultFileSystem::kWriting | FaultFileSystem::kSyncing;
  const std::uint64_t all = CallsOfALife(kCalls);
  const std::uint64_t runs = std::min<std::uint64_t>(all, TestIterations(all));
  std::atomic<std::uint64_t> went_on{0};
  InParallel(runs, [&](std::uint64_t run) {
    FaultyStore store(1);
    ASSERT_TRUE(store.Open().ok());
    store.fs().FailCall(run * all / runs + 1, FaultFileSystem::Lasts::kOnce, kCalls);
    Status status;
    for (int i = 0; status.ok() && i < kBatchesOfALife; ++i) status = store.Write(i % 2 == 0);
    const Status again = store.Write(true);
    // Where a sync failed, its write may be there after all, and then this handle is done for.
    EXPECT_TRUE(status.ok() || again.ok() ||
                again.message().find("open it again") != std::string::npos)
        << again.ToString();
    if (!status.ok() && again.ok()) ++went_on;
    store.Kill();
    store.fs().ClearFaults();
    store.NothingMayBeLost();
    ASSERT_NO_FATAL_FAILURE(store.Check());
  });
  EXPECT_GT(went_on, 0u);
}

TEST(StoreFault, AFullDiskIsReportedAndWritingGoesOnOnceThereIsSpace) {
  InParallel(TestIterations(16), [&](std::uint64_t run) {
    FaultyStore store(run);
    ASSERT_TRUE(store.Open().ok());
    // Half of the disks do not say that they are full, so that RocksDB runs into it.
    store.fs().SetFreeBytes(50'000 + run * 90'000, run % 2 == 0
                                                       ? FaultFileSystem::FreeSpace::kTold
                                                       : FaultFileSystem::FreeSpace::kHidden);
    Status status;
    while (status.ok()) status = store.Write(false);
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
    EXPECT_NE(status.message().find("free some disk space"), std::string::npos);
    const Status second = store.Write(false);  // A smaller one may still fit.
    EXPECT_TRUE(second.ok() || second.code() == StatusCode::kResourceExhausted)
        << second.ToString();
    EXPECT_TRUE(store.CanRead());
    store.fs().ClearFaults();
    for (int i = 0; i < 10; ++i) {
      const Status again = store.Write(i % 2 == 0);
      ASSERT_TRUE(again.ok()) << again.ToString();
    }
    ASSERT_TRUE(store.Close().ok());
    ASSERT_NO_FATAL_FAILURE(store.Check());
  });
}

}  // namespace
}  // namespace tracevec
