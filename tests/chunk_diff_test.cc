#include "core/chunk_diff.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

using Kept = std::vector<std::int64_t>;
using Removed = std::vector<std::uint32_t>;

/// A version's chunks: one letter a text.
std::vector<OldChunk> OldChunks(std::string_view texts) {
  std::vector<OldChunk> chunks;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    chunks.push_back(
        {ChunkNumber{static_cast<std::uint32_t>(i)}, HashContent(texts.substr(i, 1)), ""});
  }
  return chunks;
}

std::vector<NewChunk> NewChunks(std::string_view texts) {
  std::vector<NewChunk> chunks;
  for (std::size_t i = 0; i < texts.size(); ++i)
    chunks.push_back({HashContent(texts.substr(i, 1)), ""});
  return chunks;
}

ChunkDiff Diff(std::string_view old_texts, std::string_view new_texts) {
  return DiffChunks(OldChunks(old_texts), NewChunks(new_texts));
}

TEST(ChunkDiff, EqualVersionsKeepEverything) {
  const ChunkDiff diff = Diff("abc", "abc");
  EXPECT_EQ(diff.kept_from, (Kept{0, 1, 2}));
  EXPECT_TRUE(diff.removed.empty());
  EXPECT_EQ(diff.kept, 3u);
  EXPECT_EQ(diff.added, 0u);
}

TEST(ChunkDiff, FirstVersionAddsEverything) {
  const ChunkDiff diff = Diff("", "ab");
  EXPECT_EQ(diff.kept_from, (Kept{ChunkDiff::kAdded, ChunkDiff::kAdded}));
  EXPECT_EQ(diff.added, 2u);
}

TEST(ChunkDiff, EmptyVersionRemovesEverything) {
  const ChunkDiff diff = Diff("ab", "");
  EXPECT_TRUE(diff.kept_from.empty());
  EXPECT_EQ(diff.removed, (Removed{0, 1}));
}

TEST(ChunkDiff, ChangedChunkIsAddedAndRemoved) {
  const ChunkDiff diff = Diff("abc", "axc");
  EXPECT_EQ(diff.kept_from, (Kept{0, ChunkDiff::kAdded, 2}));
  EXPECT_EQ(diff.removed, (Removed{1}));
}

TEST(ChunkDiff, MovedChunksAreKept) { EXPECT_EQ(Diff("abc", "cab").kept_from, (Kept{2, 0, 1})); }

TEST(ChunkDiff, RepeatedChunksMatchInOrder) {
  EXPECT_EQ(Diff("aba", "aab").kept_from, (Kept{0, 2, 1}));
  const ChunkDiff fewer = Diff("aaa", "aa");
  EXPECT_EQ(fewer.kept_from, (Kept{0, 1}));
  EXPECT_EQ(fewer.removed, (Removed{2}));
  const ChunkDiff more = Diff("a", "aa");
  EXPECT_EQ(more.kept_from, (Kept{0, ChunkDiff::kAdded}));
}

TEST(ChunkDiff, GivenIdsAreHalfOfTheIdentity) {
  const ContentHash hash = HashContent("text");
  const std::vector<OldChunk> old_chunks = {{ChunkNumber{7}, hash, "x"},
                                            {ChunkNumber{8}, hash, ""}};
  const std::vector<NewChunk> new_chunks = {{hash, ""}, {hash, "y"}, {hash, "x"}};
  const ChunkDiff diff = DiffChunks(old_chunks, new_chunks);
  EXPECT_EQ(diff.kept_from, (Kept{1, ChunkDiff::kAdded, 0}));
  EXPECT_TRUE(diff.removed.empty());
}

TEST(ChunkDiff, IsAMatchingThatLeavesNoPairOut) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const auto random_texts = [&random] {
    std::string texts(random() % 30, 'a');
    for (char& text : texts) text = static_cast<char>('a' + random() % 6);
    return texts;
  };
  for (std::size_t i = 0; i < TestIterations(1'000); ++i) {
    const std::string old_texts = random_texts();
    const std::string new_texts = random_texts();
    SCOPED_TRACE(old_texts + " -> " + new_texts);
    const ChunkDiff diff = Diff(old_texts, new_texts);
    ASSERT_EQ(diff.kept_from.size(), new_texts.size());
    ASSERT_EQ(diff.kept + diff.added, new_texts.size());
    ASSERT_EQ(diff.kept + diff.removed.size(), old_texts.size());
    std::map<char, std::int64_t> last_used;  // Equal chunks are used up from the first.
    std::vector<bool> used(old_texts.size(), false);
    for (std::size_t j = 0; j < new_texts.size(); ++j) {
      const std::int64_t from = diff.kept_from[j];
      if (from == ChunkDiff::kAdded) continue;
      ASSERT_EQ(old_texts[static_cast<std::size_t>(from)], new_texts[j]);
      const auto [last, first_use] = last_used.try_emplace(new_texts[j], from);
      ASSERT_TRUE(first_use || last->second < from);
      last->second = from;
      used[static_cast<std::size_t>(from)] = true;
    }
    for (const std::uint32_t removed : diff.removed) {
      ASSERT_FALSE(used[removed]);
      // An added chunk of the same text would have been a match left out.
      for (std::size_t j = 0; j < new_texts.size(); ++j) {
        if (new_texts[j] != old_texts[removed]) continue;
        ASSERT_NE(diff.kept_from[j], ChunkDiff::kAdded);
      }
    }
  }
}

}  // namespace
}  // namespace tracevec
