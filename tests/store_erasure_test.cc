// What is scanned for is found wherever it stands, and gone once it was compacted away.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/byte_patterns.h"
#include "storage/store.h"
#include "tests/temporary_directory.h"

namespace tracevec {
namespace {

constexpr std::string_view kMarker = "the first half, the other half";

class StoreErasureTest : public ::testing::Test {
 protected:
  StoreErasureTest() {
    StoreOptions options;
    options.memory_bytes = 8 << 20;
    auto opened = Store::Open(path_, options);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (opened.ok()) store_ = *std::move(opened);
    EXPECT_TRUE(patterns_.Add(kMarker));
  }

  struct Place {
    std::string file;  // Its name alone.
    std::string key;
    bool decompressed = false;
  };
  std::vector<Place> Scan() const {
    std::vector<Place> places;
    const auto scan = store_->ScanFiles(patterns_, [&](const BytePlace& place, std::size_t) {
      places.push_back({std::filesystem::path(place.file).filename().string(),
                        std::string(place.key), place.decompressed});
    });
    EXPECT_TRUE(scan.ok()) << scan.status().ToString();
    return places;
  }
  void Write(StoreBatch& batch) {
    const Status status = store_->Write(batch, /*sync=*/false);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  void Plant(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
  std::unique_ptr<Store> store_;
  BytePatterns patterns_;
};

TEST_F(StoreErasureTest, AScanFindsAMarkerInTheLogAndDecompressed) {
  // Halves that came before, apart from each other: a compressed block refers back to them, and has
  // the marker nowhere as it is.
  std::string value;
  for (int i = 0; i < 200; ++i) value += "the first half, and more, the other half; ";
  value += kMarker;
  StoreBatch batch;
  batch.Put(Table::kRecords, "s1", value);
  batch.Put(Table::kRecords, "s2", "something else");
  Write(batch);
  std::vector<Place> places = Scan();
  ASSERT_EQ(places.size(), 1u);
  EXPECT_TRUE(places[0].file.ends_with(".log")) << places[0].file;
  EXPECT_FALSE(places[0].decompressed);

  const KeyRange range{Table::kRecords, "s1", "s2"};
  ASSERT_TRUE(store_->CompactAway({&range, 1}).ok());
  places = Scan();
  ASSERT_EQ(places.size(), 1u) << "compressed, no file has it as stored";
  EXPECT_TRUE(places[0].file.ends_with(".sst")) << places[0].file;
  EXPECT_EQ(places[0].key, "s1");
  EXPECT_TRUE(places[0].decompressed);

  StoreBatch deletion;
  deletion.Delete(Table::kRecords, "s1");
  Write(deletion);
  EXPECT_EQ(Scan().size(), 1u) << "deleted, and still there";
  ASSERT_TRUE(store_->CompactAway({&range, 1}).ok());
  EXPECT_EQ(Scan().size(), 0u);
}

TEST_F(StoreErasureTest, AScanFindsAMarkerInAVectorAndInFilesOfAnyName) {
  StoreBatch batch;
  batch.Put(Table::kVectors, "v1", kMarker);
  Write(batch);
  const KeyRange range{Table::kVectors, "v1", "v1"};
  ASSERT_TRUE(store_->CompactAway({&range, 1}).ok());
  const std::vector<Place> places = Scan();
  ASSERT_EQ(places.size(), 2u) << "decompressed, and as stored";
  EXPECT_EQ(places[0].key, "v1");
  EXPECT_FALSE(places[1].decompressed);

  // Across the border of two reads of a MiB, at the end of a file, and alone.
  const std::string before((std::size_t{1} << 20) - kMarker.size() / 2, '\0');
  Plant("index/7.image", before + std::string(kMarker) + "and more");
  Plant("index/8.columns", before + std::string(kMarker));
  Plant("store/left.over", std::string(kMarker));
  Plant("note", std::string(kMarker));
  std::vector<std::string> files;
  for (const Place& place : Scan()) {
    if (!place.decompressed && !place.file.ends_with(".sst")) files.push_back(place.file);
  }
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files, (std::vector<std::string>{"7.image", "8.columns", "left.over", "note"}));
}

}  // namespace
}  // namespace tracevec
