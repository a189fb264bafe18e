// Stores and processes: a second writer, forked children.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

#include "storage/fork_guard.h"
#include "storage/store.h"
#include "storage/writer_lease.h"
#include "tests/temporary_directory.h"

namespace tracevec {
namespace {

constexpr char kHeldPath[] = "TRACEVEC_TEST_HELD_PATH";
constexpr char kReadyPipe[] = "TRACEVEC_TEST_READY_PIPE";

Result<std::unique_ptr<Store>> Open(const std::string& path, bool read_only = false) {
  StoreOptions options;
  options.memory_bytes = 8 << 20;
  options.read_only = read_only;
  return Store::Open(path, options);
}

Status Put(Store& store, const std::string& key, const std::string& value) {
  StoreBatch batch;
  batch.Put(Table::kRecords, key, value);
  return store.Write(batch, false);
}

/// Another process that has a store open for writing, until the end of its scope, when it is
/// killed. It is this program, started anew: a forked copy of a process that uses RocksDB cannot
/// write.
class OtherWriter {
 public:
  explicit OtherWriter(const std::string& path) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      setenv(kHeldPath, path.c_str(), 1);
      setenv(kReadyPipe, std::to_string(ends[1]).c_str(), 1);
      execl("/proc/self/exe", "other-writer", "--gtest_also_run_disabled_tests",
            "--gtest_filter=OtherWriter.DISABLED_HoldsAStore", nullptr);
      _exit(127);
    }
    close(ends[1]);
    char ready = 0;
    EXPECT_EQ(read(ends[0], &ready, 1), 1) << "the other process did not open the store";
    close(ends[0]);
  }
  ~OtherWriter() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

/// The body of OtherWriter's process.
TEST(OtherWriter, DISABLED_HoldsAStore) {
  const char* path = std::getenv(kHeldPath);
  const char* ready_pipe = std::getenv(kReadyPipe);
  if (path == nullptr || ready_pipe == nullptr) GTEST_SKIP() << "started by OtherWriter only";
  const auto store = Open(path);
  if (!store.ok() || !Put(**store, "written by", "the other").ok()) _exit(1);
  if (write(std::atoi(ready_pipe), "r", 1) != 1) _exit(1);
  for (;;) pause();
}

/// Runs a function in a forked child, which must return true within ten seconds.
void ExpectTrueInChild(const std::function<bool()>& function) {
  const pid_t pid = fork();
  if (pid == 0) _exit(function() ? 0 : 1);
  int status = -1;
  for (int i = 0; i < 1000 && waitpid(pid, &status, WNOHANG) == 0; ++i) usleep(10'000);
  if (status == -1) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    FAIL() << "the child hangs";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

bool Refuses(const Status& status) { return status.code() == StatusCode::kUnavailable; }

/// The holder of a lock as another process sees it.
pid_t LockHolderSeenByChild(const std::string& path) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  ExpectTrueInChild([&] {
    const pid_t holder = FindLockHolder(path + "/store/LOCK").value_or(0);
    return write(ends[1], &holder, sizeof(holder)) == sizeof(holder);
  });
  pid_t holder = 0;
  EXPECT_EQ(read(ends[0], &holder, sizeof(holder)), static_cast<ssize_t>(sizeof(holder)));
  close(ends[0]);
  close(ends[1]);
  return holder;
}

class StoreProcessTest : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
};

TEST_F(StoreProcessTest, ASecondWriterInThisProcessIsRefusedUnderEverySpelling) {
  const auto store = Open(path_);
  ASSERT_TRUE(store.ok());
  std::filesystem::create_directory_symlink(path_, temporary_ / "link");
  for (const std::string& path : {path_, path_ + "/", temporary_ / "./db", temporary_ / "link"}) {
    const Status status = Open(path).status();
    EXPECT_TRUE(Refuses(status)) << status.ToString();
    EXPECT_NE(status.message().find("pid " + std::to_string(getpid())), std::string::npos)
        << status.ToString();
  }
  // The refusals did not cost this process its lock.
  EXPECT_EQ(LockHolderSeenByChild(path_), getpid());
  ASSERT_TRUE((*store)->Close().ok());
  EXPECT_TRUE(Open(path_).ok());
}

TEST_F(StoreProcessTest, ASecondWriterInAnotherProcessIsRefusedAtOnceWithTheHoldersPid) {
  OtherWriter other(path_);
  const auto start = std::chrono::steady_clock::now();
  const Status status = Open(path_).status();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  EXPECT_TRUE(Refuses(status)) << status.ToString();
  EXPECT_NE(status.message().find("process " + std::to_string(other.pid())), std::string::npos)
      << status.ToString();
  const auto reader = Open(path_, /*read_only=*/true);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->Get(Table::kRecords, "written by")->value_or("-"), "the other");
}

TEST_F(StoreProcessTest, AKilledWriterLeavesNoLockAndLosesNothing) {
  { const OtherWriter other(path_); }
  const auto store = Open(path_);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_TRUE((*store)->recovered_unclean());
  EXPECT_EQ((*store)->Get(Table::kRecords, "written by")->value_or("-"), "the other");
}

TEST_F(StoreProcessTest, AForkedChildCannotUseTheHandleAndDoesNotHarmIt) {
  auto store = *Open(path_);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  auto cursor = std::make_unique<StoreCursor>(store->NewCursor(Table::kRecords, "a"));
  auto pinned = *store->GetPinned(Table::kRecords, "a");
  ExpectTrueInChild([&] {
    const bool refused =
        Refuses(Put(*store, "a", "2")) && Refuses(store->Get(Table::kRecords, "a").status()) &&
        Refuses(store->Sync()) && Refuses(store->Close()) && !cursor->Valid() &&
        Refuses(cursor->status()) && Refuses(store->NewCursor(Table::kRecords, "a").status());
    cursor.reset();
    pinned.reset();
    store.reset();
    return refused;
  });
  ASSERT_TRUE(Put(*store, "b", "2").ok());
  EXPECT_TRUE(cursor->Valid());
  EXPECT_EQ(pinned->view(), "1");
  EXPECT_TRUE(store->Close().ok());
  EXPECT_FALSE((*Open(path_))->recovered_unclean());
}

TEST_F(StoreProcessTest, AForkedChildMayReadButIsToldThatItCannotWrite) {
  const auto store = *Open(path_);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  ExpectTrueInChild([&] {
    const Status status = Open(path_).status();
    const bool told = Refuses(status) && status.message().find("spawn") != std::string::npos;
    const auto reader = Open(path_, /*read_only=*/true);
    return told && reader.ok() && (*reader)->Get(Table::kRecords, "a")->value_or("-") == "1" &&
           (*reader)->Close().ok();
  });
}

TEST_F(StoreProcessTest, TheForkGenerationGrowsInChildrenOnly) {
  const std::uint64_t generation = ForkGeneration();
  ExpectTrueInChild([&] { return ForkGeneration() == generation + 1; });
  EXPECT_EQ(ForkGeneration(), generation);
}

}  // namespace
}  // namespace tracevec
