#include "storage/store.h"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "storage/marker.h"
#include "storage/records.h"
#include "tests/temporary_directory.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kMemory = 8 << 20;

std::unique_ptr<Store> MustOpen(const std::string& path, StoreOptions options = {}) {
  options.memory_bytes = kMemory;
  auto store = Store::Open(path, options);
  EXPECT_TRUE(store.ok()) << store.status().ToString();
  return store.ok() ? *std::move(store) : nullptr;
}

Status OpenStatus(const std::string& path, StoreOptions options = {}) {
  options.memory_bytes = kMemory;
  return Store::Open(path, options).status();
}

StoreOptions ReadOnly() {
  StoreOptions options;
  options.read_only = true;
  return options;
}

StoreOptions Existing() {
  StoreOptions options;
  options.create_if_missing = false;
  return options;
}

Status Put(Store& store, const std::string& key, const std::string& value, bool sync = false) {
  StoreBatch batch;
  batch.Put(Table::kRecords, key, value);
  return store.Write(batch, sync);
}

std::string Get(const Store& store, const std::string& key, Table table = Table::kRecords) {
  const auto value = store.Get(table, key);
  if (!value.ok()) return value.status().ToString();
  return value->value_or("-");
}

/// Every file under a directory with its content.
std::map<std::string, std::string> Contents(const std::string& directory) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::ostringstream bytes;
    if (entry.is_regular_file()) bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    contents[entry.path().string()] = bytes.str();
  }
  return contents;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<std::string> Keys(StoreCursor cursor) {
  std::vector<std::string> keys;
  for (; cursor.Valid(); cursor.Next()) keys.emplace_back(cursor.key());
  EXPECT_TRUE(cursor.status().ok()) << cursor.status().ToString();
  return keys;
}

class StoreTest : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
};

TEST_F(StoreTest, WhatWasWrittenIsThereAfterReopening) {
  {
    const auto store = MustOpen(path_);
    EXPECT_TRUE(store->was_created());
    EXPECT_FALSE(store->recovered_unclean());
    StoreBatch batch;
    batch.Put(Table::kRecords, "a", "1");
    batch.Put(Table::kVectors, "a", "vector");
    batch.Put(Table::kRecords, "gone", "x");
    batch.Delete(Table::kRecords, "gone");
    ASSERT_TRUE(store->Write(batch, false).ok());
    EXPECT_EQ(Get(*store, "a"), "1");
    ASSERT_TRUE(store->Close().ok());
  }
  const auto store = MustOpen(path_);
  EXPECT_FALSE(store->was_created());
  EXPECT_FALSE(store->recovered_unclean());
  EXPECT_EQ(Get(*store, "a"), "1");
  EXPECT_EQ(Get(*store, "a", Table::kVectors), "vector");
  EXPECT_EQ(Get(*store, "gone"), "-");
  EXPECT_GT(store->disk_bytes(), 0u);
}

TEST_F(StoreTest, ABatchCanBeUsedAgainAfterClear) {
  const auto store = MustOpen(path_);
  StoreBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.Put(Table::kRecords, "a", std::string(1000, 'x'));
  EXPECT_FALSE(batch.empty());
  EXPECT_GT(batch.size_bytes(), 1000u);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  batch.Put(Table::kRecords, "b", "2");
  ASSERT_TRUE(store->Write(batch, true).ok());
  EXPECT_EQ(Get(*store, "a"), "-");
  EXPECT_EQ(Get(*store, "b"), "2");
}

TEST_F(StoreTest, DeletePrefixDeletesWhatStartsWithItAndNothingElse) {
  const auto store = MustOpen(path_);
  for (const char* key : {"aa", "ab", "ab1", "ab\xff", "ab\xff\xff", "ac", "b"}) {
    ASSERT_TRUE(Put(*store, key, "x").ok());
  }
  StoreBatch batch;
  batch.DeletePrefix(Table::kRecords, "ab");
  ASSERT_TRUE(store->Write(batch, false).ok());
  EXPECT_EQ(Keys(store->NewCursor(Table::kRecords, "a")), (std::vector<std::string>{"aa", "ac"}));
  EXPECT_EQ(Get(*store, "b"), "x");
}

TEST_F(StoreTest, APrefixWithoutAnEndIsRefusedAsAWhole) {
  const auto store = MustOpen(path_);
  for (const char* prefix : {"", "\xff\xff"}) {
    StoreBatch batch;
    batch.Put(Table::kRecords, "a", "1");
    batch.DeletePrefix(Table::kRecords, prefix);
    EXPECT_EQ(store->Write(batch, false).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Get(*store, "a"), "-");
}

TEST_F(StoreTest, ACursorWalksItsPrefixInOrderOverTheStateAtItsCreation) {
  const auto store = MustOpen(path_);
  for (const char* key : {"p3", "p1", "o9", "q0", "p2"}) ASSERT_TRUE(Put(*store, key, "v").ok());
  StoreCursor cursor = store->NewCursor(Table::kRecords, "p");
  ASSERT_TRUE(Put(*store, "p15", "late").ok());
  cursor.Seek("p2");
  ASSERT_TRUE(cursor.Valid());
  EXPECT_EQ(cursor.key(), "p2");
  EXPECT_EQ(cursor.value(), "v");
  cursor.Seek("p4");
  EXPECT_FALSE(cursor.Valid());
  EXPECT_TRUE(cursor.status().ok());
  cursor.Seek("p");
  EXPECT_EQ(Keys(std::move(cursor)), (std::vector<std::string>{"p1", "p2", "p3"}));
  EXPECT_EQ(Keys(store->NewCursor(Table::kRecords, "nothing")), std::vector<std::string>{});
}

TEST_F(StoreTest, MultiGetAnswersInTheOrderOfTheKeys) {
  const auto store = MustOpen(path_);
  std::vector<std::string> keys;
  for (int i = 99; i >= 0; --i) {
    keys.push_back("k" + std::to_string(i));
    if (i % 3 == 0) continue;
    ASSERT_TRUE(Put(*store, keys.back(), std::to_string(i)).ok());
  }
  const auto values = store->MultiGet(Table::kRecords, keys);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values->size(), keys.size());
  for (int i = 0; i < 100; ++i) {
    const int number = 99 - i;
    EXPECT_EQ((*values)[i].value_or("-"), number % 3 != 0 ? std::to_string(number) : "-");
  }
  EXPECT_TRUE(store->MultiGet(Table::kRecords, {})->empty());
}

TEST_F(StoreTest, APinnedValueOutlivesOverwritingAndTheStore) {
  const std::string large(100'000, 'x');
  ASSERT_TRUE(Put(*MustOpen(path_), "a", large, true).ok());
  auto store = MustOpen(path_);  // The value is in a file now, so it is pinned in the cache.
  auto pinned = store->GetPinned(Table::kRecords, "a");
  ASSERT_TRUE(pinned.ok() && pinned->has_value());
  ASSERT_TRUE(Put(*store, "a", "new").ok());
  EXPECT_EQ((*pinned)->view(), large);
  store.reset();
  EXPECT_EQ((*pinned)->view(), large);
  EXPECT_FALSE(MustOpen(path_)->GetPinned(Table::kRecords, "none")->has_value());
}

TEST_F(StoreTest, AfterCloseEveryCallReturnsClosed) {
  const auto store = MustOpen(path_);
  ASSERT_TRUE(Put(*store, "a", "1").ok());
  StoreCursor cursor = store->NewCursor(Table::kRecords, "a");
  ASSERT_TRUE(store->Close().ok());
  EXPECT_TRUE(store->Close().ok());
  EXPECT_EQ(Put(*store, "b", "2").code(), StatusCode::kClosed);
  EXPECT_EQ(store->Get(Table::kRecords, "a").status().code(), StatusCode::kClosed);
  EXPECT_EQ(store->GetPinned(Table::kRecords, "a").status().code(), StatusCode::kClosed);
  EXPECT_EQ(store->MultiGet(Table::kRecords, {"a"}).status().code(), StatusCode::kClosed);
  EXPECT_EQ(store->Sync().code(), StatusCode::kClosed);
  EXPECT_EQ(store->disk_bytes(), 0u);
  EXPECT_FALSE(cursor.Valid());
  cursor.Next();
  cursor.Seek("a");
  EXPECT_FALSE(cursor.Valid());
  EXPECT_EQ(cursor.status().code(), StatusCode::kClosed);
  const StoreCursor late = store->NewCursor(Table::kRecords, "a");
  EXPECT_FALSE(late.Valid());
  EXPECT_EQ(late.status().code(), StatusCode::kClosed);
}

TEST_F(StoreTest, ACursorMayOutliveItsStore) {
  auto store = MustOpen(path_);
  const StoreCursor cursor = store->NewCursor(Table::kRecords, "a");
  store.reset();
  EXPECT_EQ(cursor.status().code(), StatusCode::kClosed);
  EXPECT_NE(MustOpen(path_), nullptr);  // The directory was released all the same.
}

TEST_F(StoreTest, CloseLetsCallsInFlightFinishAndRefusesLaterOnes) {
  const auto store = MustOpen(path_);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put(*store, "k" + std::to_string(i), "v").ok());
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        Status status;
        if (t % 2 == 0) {
          status = Put(*store, "t" + std::to_string(t), std::to_string(i));
        } else {
          StoreCursor cursor = store->NewCursor(Table::kRecords, "k");
          while (cursor.Valid()) cursor.Next();
          status = cursor.status();
        }
        if (i == 10) ++started;
        if (status.ok()) continue;
        EXPECT_EQ(status.code(), StatusCode::kClosed);
        return;
      }
    });
  }
  while (started < 4) std::this_thread::yield();
  EXPECT_TRUE(store->Close().ok());
  for (std::thread& thread : threads) thread.join();
}

TEST_F(StoreTest, AnUncleanShutdownIsReportedOnce) {
  std::filesystem::create_directory(temporary_ / "copy");
  {
    const auto store = MustOpen(path_);
    ASSERT_TRUE(Put(*store, "a", "1", true).ok());
    // The files as a killed process leaves them.
    std::filesystem::copy(path_, temporary_ / "copy/db", std::filesystem::copy_options::recursive);
  }
  {
    const auto store = MustOpen(temporary_ / "copy/db");
    EXPECT_TRUE(store->recovered_unclean());
    EXPECT_EQ(Get(*store, "a"), "1");
  }
  EXPECT_FALSE(MustOpen(temporary_ / "copy/db")->recovered_unclean());
  EXPECT_FALSE(MustOpen(path_)->recovered_unclean());
}

TEST_F(StoreTest, WhatIsNoDatabaseIsRefusedAndNotTouched) {
  WriteFile(temporary_ / "file", "text");
  std::filesystem::create_directories(temporary_ / "home/sub");
  WriteFile(temporary_ / "home/letter", "text");
  std::filesystem::create_directories(temporary_ / "other/store");
  WriteFile(temporary_ / "other/store/CURRENT", "MANIFEST-000001\n");
  const auto before = Contents(temporary_.path());
  for (const char* name : {"file", "home", "other"}) {
    for (const bool read_only : {false, true}) {
      const Status status = OpenStatus(temporary_ / name, read_only ? ReadOnly() : StoreOptions());
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
      EXPECT_NE(status.message().find("nothing was changed"), std::string::npos);
    }
  }
  EXPECT_EQ(OpenStatus("").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Contents(temporary_.path()), before);
}

TEST_F(StoreTest, WhatIsMissingIsCreatedOnlyWhenAsked) {
  std::filesystem::create_directory(temporary_ / "empty");
  const auto before = Contents(temporary_.path());
  for (const std::string& path : {path_, temporary_ / "empty"}) {
    EXPECT_EQ(OpenStatus(path, Existing()).code(), StatusCode::kNotFound);
    EXPECT_EQ(OpenStatus(path, ReadOnly()).code(), StatusCode::kNotFound);
  }
  EXPECT_EQ(Contents(temporary_.path()), before);
  EXPECT_TRUE(MustOpen(temporary_ / "empty")->was_created());
  EXPECT_TRUE(MustOpen(path_ + "//")->was_created());
  EXPECT_FALSE(MustOpen(path_, Existing())->was_created());
  EXPECT_EQ(OpenStatus(temporary_ / "no/parent").code(), StatusCode::kIOError);
}

TEST_F(StoreTest, ANewerFormatIsRefusedAndNotTouched) {
  MustOpen(path_).reset();
  WriteFile(path_ + "/TRACEVEC", EncodeMarker({7, Marker::State::kReady}));
  const auto before = Contents(path_);
  for (const bool read_only : {false, true}) {
    const Status status = OpenStatus(path_, read_only ? ReadOnly() : StoreOptions());
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_NE(status.message().find("needs a version of TraceVec that reads format 7"),
              std::string::npos);
  }
  EXPECT_EQ(Contents(path_), before);
}

TEST_F(StoreTest, AnUnknownFeatureAndADisagreeingFormatAreRefused) {
  const auto reopen_with = [&](const FormatRecord& format) {
    EXPECT_TRUE(Put(*MustOpen(path_), keys::Format(), EncodeFormat(format), true).ok());
    const Status status = OpenStatus(path_);
    EXPECT_EQ(OpenStatus(path_, ReadOnly()), status);
    std::filesystem::remove_all(path_);
    return status;
  };
  EXPECT_EQ(reopen_with({1, 4, ""}).code(), StatusCode::kUnsupported);
  EXPECT_EQ(reopen_with({2, 0, ""}).code(), StatusCode::kUnsupported);
  EXPECT_EQ(reopen_with({0, 0, ""}).code(), StatusCode::kCorruption);
  EXPECT_EQ(reopen_with({1, 0, ""}).code(), StatusCode::kOk);
}

TEST_F(StoreTest, ADamagedMarkerIsCorruption) {
  MustOpen(path_).reset();
  for (const std::string& bytes : {std::string(), std::string("text"), std::string(10'000, 'x')}) {
    WriteFile(path_ + "/TRACEVEC", bytes);
    EXPECT_EQ(OpenStatus(path_).code(), StatusCode::kCorruption);
  }
}

TEST_F(StoreTest, AMissingCurrentOrManifestIsNamedAndNothingIsCreatedInItsPlace) {
  MustOpen(path_).reset();
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/store")) {
    const std::string name = entry.path().filename().string();
    if (name != "CURRENT" && !name.starts_with("MANIFEST")) continue;
    const std::string copy = temporary_ / ("without-" + name);
    std::filesystem::copy(path_, copy, std::filesystem::copy_options::recursive);
    std::filesystem::remove(copy + "/store/" + name);
    const auto before = Contents(copy);
    for (const bool read_only : {false, true}) {
      const Status status = OpenStatus(copy, read_only ? ReadOnly() : StoreOptions());
      EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
      EXPECT_NE(status.message().find(name), std::string::npos) << status.ToString();
    }
    EXPECT_EQ(Contents(copy), before);
  }
}

TEST_F(StoreTest, AMissingTableFileIsCorruption) {
  ASSERT_TRUE(Put(*MustOpen(path_), "a", "1").ok());
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/store")) {
    if (entry.path().extension() == ".sst") std::filesystem::remove(entry.path());
  }
  EXPECT_EQ(OpenStatus(path_).code(), StatusCode::kCorruption);
  EXPECT_EQ(OpenStatus(path_, ReadOnly()).code(), StatusCode::kCorruption);
}

TEST_F(StoreTest, AnUnfinishedCreationStartsAnew) {
  MustOpen(path_).reset();
  WriteFile(path_ + "/TRACEVEC", EncodeMarker({1, Marker::State::kCreating}));
  WriteFile(path_ + "/store/CURRENT", "garbage");
  EXPECT_EQ(OpenStatus(path_, ReadOnly()).code(), StatusCode::kNotFound);
  EXPECT_EQ(OpenStatus(path_, Existing()).code(), StatusCode::kNotFound);
  const auto store = MustOpen(path_);
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->was_created());
}

TEST_F(StoreTest, AReadOnlyStoreRefusesWritesAndChangesNoByte) {
  {
    const auto store = MustOpen(path_);
    ASSERT_TRUE(Put(*store, "a", "1").ok());
    std::filesystem::copy(path_, temporary_ / "unclean", std::filesystem::copy_options::recursive);
  }
  for (const std::string& path : {path_, temporary_ / "unclean"}) {
    const auto before = Contents(path);
    {
      const auto store = MustOpen(path, ReadOnly());
      ASSERT_NE(store, nullptr);
      EXPECT_TRUE(store->read_only());
      EXPECT_EQ(Get(*store, "a"), "1");
      EXPECT_EQ(Put(*store, "b", "2").code(), StatusCode::kReadOnly);
      EXPECT_EQ(store->Sync().code(), StatusCode::kReadOnly);
      EXPECT_EQ(Keys(store->NewCursor(Table::kRecords, "a")), std::vector<std::string>{"a"});
      EXPECT_TRUE(store->Close().ok());
    }
    EXPECT_EQ(Contents(path), before);
  }
}

TEST_F(StoreTest, AReaderBesideALiveWriterKeepsTheStateAtItsOpening) {
  const auto writer = MustOpen(path_);
  const std::string value(100'000, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Put(*writer, "k" + std::to_string(i), value).ok());
  const auto reader = MustOpen(path_, ReadOnly());
  ASSERT_NE(reader, nullptr);
  // Enough for flushes and compactions that delete the files the reader has open.
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(Put(*writer, "k" + std::to_string(i), "new").ok());
    ASSERT_TRUE(Put(*writer, "fill", std::string(1'500'000, 'y')).ok());
  }
  EXPECT_EQ(Get(*writer, "k7"), "new");
  EXPECT_EQ(Get(*reader, "k7"), value);
  EXPECT_EQ(Keys(reader->NewCursor(Table::kRecords, "k")).size(), 20u);
  EXPECT_EQ(Get(*MustOpen(path_, ReadOnly()), "k7"), "new");
}

TEST_F(StoreTest, AReaderOpenedWhileTheWriterFlushesMissesNothing) {
  const auto writer = MustOpen(path_);
  std::atomic<int> acknowledged{0};
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    const std::string fill(200'000, 'x');  // A flush every third batch.
    for (int i = 1; !stop; ++i) {
      StoreBatch batch;
      batch.Put(Table::kRecords, "n" + std::to_string(i), "x");
      batch.Put(Table::kRecords, "count", std::to_string(i));
      batch.Put(Table::kRecords, "fill", fill);
      ASSERT_TRUE(writer->Write(batch, false).ok());
      acknowledged = i;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (std::size_t round = TestIterations(20); round > 0; --round) {
    const int before = acknowledged;
    const auto reader = MustOpen(path_, ReadOnly());
    if (reader == nullptr) break;
    const std::string count = Get(*reader, "count");
    EXPECT_GE(count == "-" ? 0 : std::stoi(count), before);
    const std::size_t keys = Keys(reader->NewCursor(Table::kRecords, "n")).size();
    EXPECT_EQ(std::to_string(keys), count == "-" ? "0" : count);
  }
  stop = true;
  thread.join();
}

TEST_F(StoreTest, LogFilesOfRocksdbStaySmall) {
  for (int i = 0; i < 5; ++i) MustOpen(path_).reset();
  std::size_t logs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/store")) {
    if (!entry.path().filename().string().starts_with("LOG")) continue;
    ++logs;
    EXPECT_LT(entry.file_size(), 1u << 20);
  }
  EXPECT_LE(logs, 1u);
}

}  // namespace
}  // namespace tracevec
