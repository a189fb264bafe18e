// Which kind of code a segment gets.

#include "index/code_choice.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "core/kernel_dispatch.h"
#include "index/memory_image.h"
#include "index/row_block.h"
#include "index/search.h"
#include "index/segment.h"
#include "index/segment_builder.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// 72 codes of 8 bits and their scale take two cache lines, of 4 bits one.
const std::vector<FieldLayout> kFields = {{72, Metric::kCosine}, {72, Metric::kIp}};
constexpr std::uint32_t kRows = 2000;

std::shared_ptr<RowBlock> MakeBlock(float width, std::uint32_t with_second_every,
                                    std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<float> vectors = ClusteredVectors(kRows, 72, random, width);
  auto block = std::make_shared<RowBlock>(kRows, kFields);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const std::span<const float> vector(&vectors[row * 72], 72);
    NewRow added = IndexRow(row, 0, 1, {vector, vector});
    if (with_second_every == 0 || row % with_second_every != 0) added.vectors[1] = {};
    block->Append(std::move(added));
  }
  return block;
}

std::shared_ptr<MemoryImage> BuildImage(const std::shared_ptr<RowBlock>& block) {
  std::vector<SourceRow> rows;
  for (std::uint32_t row = 0; row < kRows; ++row) rows.push_back({block, row});
  SegmentBuilder builder(kFields, rows, CommitNumber{1}, *RunnableKernels().front());
  builder.Build({});
  auto image = std::make_shared<MemoryImage>();
  EXPECT_TRUE(builder.Write(CollectionNumber{7}, image.get()).ok());
  return image;
}

std::shared_ptr<Segment> BuildSegment(const std::shared_ptr<RowBlock>& block) {
  auto segment = Segment::Open(BuildImage(block), kFields, CollectionNumber{7}, true);
  EXPECT_TRUE(segment.ok()) << segment.status().ToString();
  return segment.ok() ? *segment : nullptr;
}

CodeKind KindOf(const Segment& segment, std::size_t field) {
  return segment.code_rows(field, 0).kind;
}

TEST(CodeChoice, RowsThatLieApartGetFourBitsAndTightClustersEight) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  const auto apart = BuildSegment(MakeBlock(0.7F, 1, seed));
  EXPECT_EQ(KindOf(*apart, 0), CodeKind::kInt4);
  EXPECT_EQ(KindOf(*apart, 1), CodeKind::kInt4);
  const auto tight = BuildSegment(MakeBlock(0.05F, 1, seed));
  EXPECT_EQ(KindOf(*tight, 0), CodeKind::kInt8);
  EXPECT_EQ(KindOf(*tight, 1), CodeKind::kInt8);
}

TEST(CodeChoice, RowsWithoutAVectorDecideNothing) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  EXPECT_EQ(KindOf(*BuildSegment(MakeBlock(0.7F, 0, seed)), 1), CodeKind::kInt8) << "there is none";
  EXPECT_EQ(KindOf(*BuildSegment(MakeBlock(0.7F, 500, seed)), 1), CodeKind::kInt8)
      << "four of them";
  EXPECT_EQ(KindOf(*BuildSegment(MakeBlock(0.7F, 4, seed)), 1), CodeKind::kInt4);
}

TEST(CodeChoice, OneThreadGivesTheSameBytesEachTime) {
  const auto block = MakeBlock(0.7F, 1, 3);
  const auto a = BuildImage(block);
  const auto b = BuildImage(block);
  ASSERT_EQ(a->bytes().size(), b->bytes().size());
  EXPECT_EQ(std::memcmp(a->bytes().data(), b->bytes().data(), a->bytes().size()), 0);
}

/// Rows of an int4 segment and of a head with int8, searched as one.
TEST(CodeChoice, BothKindsInOneViewAnswerTogetherByWalkAndByScan) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  const auto older = MakeBlock(0.7F, 1, seed);
  const auto newer = MakeBlock(0.7F, 1, seed + 1);
  const auto segment = BuildSegment(older);
  ASSERT_EQ(KindOf(*segment, 0), CodeKind::kInt4);
  IndexView exact;
  exact.sets = {older, newer};
  IndexView mixed;
  mixed.sets = {segment, newer};
  for (IndexView* view : {&exact, &mixed}) {
    view->sizes = {kRows, kRows};
    view->commit = CommitNumber{1};
  }
  // Of scans together: one answer in a thousand may be lost where rescoring ends, and few are
  // wanted where k is small.
  std::size_t scanned_equal = 0;
  std::size_t scanned_places = 0;
  for (const std::uint32_t k : {1U, 10U, 100U, 500U}) {
    const std::size_t walk = 2 * k + 12;
    for (const std::size_t ef : {walk, std::size_t{9000}}) {  // 9,000: a scan.
      std::size_t equal = 0;
      std::size_t places = 0;
      for (std::uint32_t row = 0; row < kRows; row += 100) {
        StateScratch scratch;
        ScanQuery query;
        query.scratch = &scratch;
        query.vector = (row % 200 == 0 ? older : newer)->vector(0, row);
        query.k = k;
        query.ef = ef;
        ScanCounts counts;
        const auto expected = ScanExact(exact, query, *RunnableKernels().front(), &counts);
        const auto found = SearchCodes(mixed, query, *RunnableKernels().front(), &counts);
        EXPECT_TRUE(counts.int4);
        EXPECT_EQ(counts.graphs, ef == walk ? 1u : 0u);
        ASSERT_EQ(found.size(), k);
        for (std::size_t j = 0; j < k; ++j) equal += found[j].score >= expected[k - 1].score;
        places += k;
      }
      if (ef == walk) {
        EXPECT_GE(static_cast<double>(equal), 0.9 * static_cast<double>(places)) << "k " << k;
      } else {
        scanned_equal += equal;
        scanned_places += places;
      }
    }
  }
  EXPECT_GE(static_cast<double>(scanned_equal), 0.999 * static_cast<double>(scanned_places));
}

}  // namespace
}  // namespace tracevec
