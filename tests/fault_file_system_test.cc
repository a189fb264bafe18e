#include "tests/fault_file_system.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "tests/temporary_directory.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// A directory "data" on a FaultFileSystem, whose own entry is durable.
class FaultFileSystemTest : public ::testing::Test {
 protected:
  FaultFileSystemTest() {
    std::filesystem::create_directory(temporary_ / "attic");
    std::filesystem::create_directory(temporary_ / "data");
    fs_ = std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), temporary_ / "attic");
  }

  std::string Path(const std::string& name) const { return temporary_ / ("data/" + name); }

  std::unique_ptr<rocksdb::FSWritableFile> Create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(fs_->NewWritableFile(Path(name), {}, &file, nullptr).ok());
    return file;
  }
  void Append(rocksdb::FSWritableFile& file, const std::string& bytes) {
    EXPECT_TRUE(file.Append(bytes, {}, nullptr).ok());
  }
  void WriteDurably(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(rocksdb::WriteStringToFile(fs_.get(), bytes, Path(name), true).ok());
    SyncDirectory();
  }
  void SyncDirectory() {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    EXPECT_TRUE(fs_->NewDirectory(Path(""), {}, &directory, nullptr).ok());
    EXPECT_TRUE(directory->Fsync({}, nullptr).ok());
  }
  void LosePower(std::uint64_t seed) {
    fs_->PowerOff();
    fs_->DropUnsynced(seed);
  }
  /// The content, or "-" when there is no such file.
  std::string Content(const std::string& name) {
    std::string bytes;
    const auto status = rocksdb::ReadFileToString(fs_.get(), Path(name), &bytes);
    return status.ok() ? bytes : "-";
  }

  static constexpr std::uint64_t kSeeds = 60;  // (3/4)^60: a case of probability 1/4 is not missed.
  TemporaryDirectory temporary_;
  std::shared_ptr<FaultFileSystem> fs_;
};

TEST_F(FaultFileSystemTest, APowerLossKeepsWhatWasSyncedAndAnyPartOfTheRest) {
  const std::string synced(1000, 's');
  const std::string tail(3000, 't');
  std::set<std::string> endings;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto file = Create("a");
    Append(*file, synced);
    ASSERT_TRUE(file->Sync({}, nullptr).ok());
    SyncDirectory();
    Append(*file, tail);
    file.reset();
    LosePower(seed);
    const std::string left = Content("a");
    ASSERT_EQ(left.substr(0, synced.size()), synced);
    ASSERT_LE(left.size(), synced.size() + tail.size());
    if (left == synced) endings.insert("nothing");
    if (left == synced + tail) endings.insert("all");
    if (left.size() > synced.size() && left.size() < 4000 &&
        left == (synced + tail).substr(0, left.size())) {
      endings.insert("a part");
    }
    if (left.ends_with('\0')) endings.insert("zeros");
    if (!left.ends_with('\0') && left.find_last_not_of("st") != std::string::npos) {
      endings.insert("garbage");
    }
  }
  EXPECT_EQ(endings, (std::set<std::string>{"a part", "all", "garbage", "nothing", "zeros"}));
}

TEST_F(FaultFileSystemTest, ANewFileMayVanishUntilItsDirectoryIsSynced) {
  std::set<bool> survived;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_TRUE(rocksdb::WriteStringToFile(fs_.get(), "x", Path("a"), true).ok());
    LosePower(seed);
    survived.insert(Content("a") == "x");
    std::filesystem::remove(Path("a"));
    WriteDurably("b", "y");
    LosePower(seed);
    ASSERT_EQ(Content("b"), "y");
    std::filesystem::remove(Path("b"));
  }
  EXPECT_EQ(survived, (std::set<bool>{false, true}));
}

TEST_F(FaultFileSystemTest, AReplacingRenameLeavesTheOldFileOrTheNewOneWhole) {
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    WriteDurably("a", "old");
    EXPECT_TRUE(rocksdb::WriteStringToFile(fs_.get(), "new", Path("a.tmp"), true).ok());
    EXPECT_TRUE(fs_->RenameFile(Path("a.tmp"), Path("a"), {}, nullptr).ok());
    LosePower(seed);
    left.insert(Content("a"));
    std::filesystem::remove(Path("a.tmp"));
  }
  EXPECT_EQ(left, (std::set<std::string>{"new", "old"}));
}

TEST_F(FaultFileSystemTest, ADeletedFileMayComeBackUntilItsDirectoryIsSynced) {
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    WriteDurably("a", "x");
    EXPECT_TRUE(fs_->DeleteFile(Path("a"), {}, nullptr).ok());
    EXPECT_EQ(Content("a"), "-");
    LosePower(seed);
    left.insert(Content("a"));
    WriteDurably("b", "y");
    EXPECT_TRUE(fs_->DeleteFile(Path("b"), {}, nullptr).ok());
    SyncDirectory();
    LosePower(seed);
    ASSERT_EQ(Content("b"), "-");
  }
  EXPECT_EQ(left, (std::set<std::string>{"-", "x"}));
}

TEST_F(FaultFileSystemTest, ANewDirectoryMayVanishWithAllItHolds) {
  std::set<bool> survived;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_TRUE(fs_->CreateDirIfMissing(Path("sub"), {}, nullptr).ok());
    EXPECT_TRUE(rocksdb::WriteStringToFile(fs_.get(), "x", Path("sub/a"), true).ok());
    LosePower(seed);
    survived.insert(std::filesystem::exists(Path("sub")));
    std::filesystem::remove_all(Path("sub"));
  }
  EXPECT_EQ(survived, (std::set<bool>{false, true}));
}

TEST_F(FaultFileSystemTest, ChangesOfADirectoryAreLostFromTheLastOnBackwards) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const char* name : {"1", "2", "3"}) {
      EXPECT_TRUE(rocksdb::WriteStringToFile(fs_.get(), "x", Path(name), true).ok());
    }
    LosePower(seed);
    EXPECT_GE(Content("1") == "x", Content("2") == "x");
    EXPECT_GE(Content("2") == "x", Content("3") == "x");
    for (const char* name : {"1", "2", "3"}) std::filesystem::remove(Path(name));
  }
}

TEST_F(FaultFileSystemTest, WithoutPowerEveryCallFailsAndLocksCanBeReleased) {
  WriteDurably("a", "x");
  rocksdb::FileLock* lock = nullptr;
  ASSERT_TRUE(fs_->LockFile(Path("LOCK"), {}, &lock, nullptr).ok());
  auto file = Create("b");
  fs_->PowerOff();
  EXPECT_TRUE(fs_->power_is_off());
  EXPECT_TRUE(file->Append("x", {}, nullptr).IsIOError());
  EXPECT_TRUE(file->Sync({}, nullptr).IsIOError());
  EXPECT_TRUE(fs_->FileExists(Path("a"), {}, nullptr).IsIOError());
  EXPECT_TRUE(fs_->DeleteFile(Path("a"), {}, nullptr).IsIOError());
  EXPECT_EQ(Content("a"), "-");
  EXPECT_TRUE(fs_->UnlockFile(lock, {}, nullptr).ok());
  file.reset();
  fs_->DropUnsynced(1);
  EXPECT_EQ(Content("a"), "x");
}

TEST_F(FaultFileSystemTest, TheNthCallFailsOnceOrFromThenOn) {
  WriteDurably("a", "x");
  const auto exists = [&] { return fs_->FileExists(Path("a"), {}, nullptr).ok(); };
  fs_->FailCall(2, FaultFileSystem::Lasts::kOnce);
  EXPECT_EQ((std::vector{exists(), exists(), exists()}), (std::vector{true, false, true}));
  EXPECT_EQ(fs_->calls(), 3u);
  fs_->FailCall(2, FaultFileSystem::Lasts::kFromThenOn);
  EXPECT_EQ((std::vector{exists(), exists(), exists()}), (std::vector{true, false, false}));
  fs_->ClearFaults();
  EXPECT_TRUE(exists());
}

TEST_F(FaultFileSystemTest, AFaultIsForTheKindsOfCallsItNames) {
  fs_->FailCall(1, FaultFileSystem::Lasts::kFromThenOn, FaultFileSystem::kSyncing);
  auto file = Create("a");
  Append(*file, "x");
  EXPECT_TRUE(file->Sync({}, nullptr).IsIOError());
  EXPECT_EQ(fs_->calls(), 1u);
}

TEST_F(FaultFileSystemTest, PowerGoesOffAtTheNthCallBeforeItsEffect) {
  auto file = Create("a");
  fs_->PowerOffAtCall(2);
  Append(*file, "x");
  EXPECT_TRUE(file->Append("y", {}, nullptr).IsIOError());
  file.reset();
  std::string bytes;
  ASSERT_TRUE(
      rocksdb::ReadFileToString(rocksdb::FileSystem::Default().get(), Path("a"), &bytes).ok());
  EXPECT_EQ(bytes, "x");
}

TEST_F(FaultFileSystemTest, AFullDiskTakesWhatFitsAndMoreOnceThereIsSpace) {
  auto file = Create("a");
  fs_->SetFreeBytes(3);
  EXPECT_TRUE(file->Append("12345", {}, nullptr).IsNoSpace());
  EXPECT_EQ(Content("a"), "123");
  std::uint64_t free_bytes = 1;
  EXPECT_TRUE(fs_->GetFreeSpace(Path(""), {}, &free_bytes, nullptr).ok());
  EXPECT_EQ(free_bytes, 0u);
  fs_->SetFreeBytes(100);
  Append(*file, "45");
  EXPECT_EQ(Content("a"), "12345");
}

}  // namespace
}  // namespace tracevec
