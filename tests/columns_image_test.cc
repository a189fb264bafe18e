// Columns in files: what is read back, and what is made of bytes that somebody changed.

#include "index/columns_image.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/damaged_columns.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

TEST(ColumnsImage, WhatWasWrittenIsReadAndWrittenAlike) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  for (std::size_t round = 0; round < TestIterations(20); ++round) {
    const ColumnsSample sample(seed + round, /*rows=*/round % 2 == 0 ? 50 : 2000,
                               /*loose=*/round % 3 == 0);
    const std::string bytes = sample.Write();
    const auto read = sample.Read(bytes);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->as_of, sample.generation().as_of);
    EXPECT_EQ(read->columns.complete(), sample.generation().columns.complete());
    ColumnGeneration again{read->columns, read->as_of, nullptr, read->names};
    EXPECT_EQ(sample.Write(again), bytes);
    RandomFilter random(seed + round, RandomFilter::Profile::kSmall);
    for (int i = 0; i < 50; ++i) {
      const FilterProgram program = *FilterProgram::Compile(Filter(random.Expression(3)), {});
      const FilterCandidates expected =
          FindCandidates(program, sample.generation().columns, sample.generation().names.get());
      const FilterCandidates found = FindCandidates(program, read->columns, read->names.get());
      ASSERT_EQ(found.rows.Rows(), expected.rows.Rows());
      ASSERT_EQ(found.exact, expected.exact);
    }
  }
}

TEST(ColumnsImage, ColumnsOfAnotherSegmentAreRefused) {
  const ColumnsSample sample(1, 100, false);
  const std::string bytes = sample.Write();
  EXPECT_TRUE(sample.Read(bytes, sample.origin()).ok());
  std::vector<ColumnsOrigin> others(3, sample.origin());
  others[0].collection = CollectionNumber{8};
  ++others[1].segment_checksum;
  --others[2].rows;
  for (const ColumnsOrigin& other : others) {
    const auto read = sample.Read(bytes, other);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
    EXPECT_NE(read.status().message().find("another segment"), std::string::npos);
  }
}

TEST(ColumnsImage, ChangedBytesAreRefused) {
  const ColumnsSample sample(2, 40, false);
  const std::string bytes = sample.Write();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    ASSERT_FALSE(sample.Read(changed).ok()) << at;
    ASSERT_FALSE(sample.Read(bytes.substr(0, at)).ok()) << at;
  }
  EXPECT_FALSE(sample.Read(bytes + "x").ok());
}

TEST(ColumnsImage, ForgedBytesAreRefusedOrStayWithinTheRows) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::size_t accepted = 0;
  for (std::size_t round = 0; round < TestIterations(3000); ++round) {
    static const ColumnsSample sample(3, 60, false);
    static const std::string whole = sample.Write();
    std::string forged = whole;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      DamageColumns(&forged, static_cast<std::uint8_t>(random()),
                    static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()));
    }
    RepairColumnsChecksum(&forged);
    accepted += UseColumns(sample, forged) ? 1 : 0;
  }
  EXPECT_GT(accepted, 0u) << "some changes make another file that is whole";
}

}  // namespace
}  // namespace tracevec
