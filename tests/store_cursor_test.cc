#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "storage/store.h"
#include "tests/temporary_directory.h"

namespace tracevec {
namespace {

TEST(StoreCursor, OfAnotherThreadIsReadInPeaceWhileTheStoreCloses) {
  const TemporaryDirectory directory;
  const auto store = *Store::Open(directory / "db", {});
  const std::string value(1000, 'v');
  StoreBatch batch;
  batch.Put(Table::kRecords, "key", value);
  ASSERT_TRUE(store->Write(batch, /*sync=*/false).ok());

  auto cursor = std::make_unique<StoreCursor>(store->NewCursor(Table::kRecords, "key"));
  ASSERT_TRUE(cursor->Valid());
  const std::string_view in_use = cursor->value();
  auto closing = std::async(std::launch::async, [&] { return store->Close(); });
  while (cursor->Valid()) std::this_thread::yield();  // Close has begun.
  EXPECT_EQ(closing.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(in_use, value);
  EXPECT_EQ(cursor->status().code(), StatusCode::kClosed);
  cursor.reset();
  EXPECT_TRUE(closing.get().ok());
}

}  // namespace
}  // namespace tracevec
