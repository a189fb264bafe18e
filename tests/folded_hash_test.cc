// Texts folded for comparison, against a bytewise reading of the rules.

#include "core/folded_hash.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>
#include <string_view>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

std::string Fold(std::string_view text) {
  std::string folded;
  FoldSpaceAndCase(text, &folded);
  return folded;
}

std::string FoldBytewise(const std::string& text) {
  std::string folded;
  bool space = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool no_break = text.compare(i, 2, "\xC2\xA0") == 0;
    if (no_break || text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) {
      space = true;
      i += no_break ? 1 : 0;
      continue;
    }
    if (space && !folded.empty()) folded += ' ';
    space = false;
    folded += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
  }
  return folded;
}

TEST(FoldedHash, WhiteSpaceAndAsciiCaseAreFolded) {
  EXPECT_EQ(Fold(""), "");
  EXPECT_EQ(Fold(" \t\n "), "");
  EXPECT_EQ(Fold("  The  QUICK\r\nbrown \xC2\xA0 fox jumps over it  "),
            "the quick brown fox jumps over it");
  EXPECT_EQ(Fold("\xC3\x84RGER [@Z`{"), "\xC3\x84rger [@z`{");
}

TEST(FoldedHash, EveryTextFoldsAsByteByByte) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const std::string often = "  \n\tAZaz09_\xC2\xA0\xC3\x84";
  for (std::size_t round = 0; round < TestIterations(20'000); ++round) {
    std::string text;
    const std::size_t size = random() % 40;
    const bool any = random() % 2 == 0;
    while (text.size() < size) {
      text += any ? static_cast<char>(random()) : often[random() % often.size()];
    }
    ASSERT_EQ(Fold(text), FoldBytewise(text));
  }
}

TEST(FoldedHash, EqualWhereFoldedTextsAre) {
  FoldedHasher hasher;
  EXPECT_EQ(hasher.Hash("A  b"), hasher.Hash("a b"));
  EXPECT_NE(hasher.Hash("a b"), hasher.Hash("ab"));
}

}  // namespace
}  // namespace tracevec
