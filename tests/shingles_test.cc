// Sketches of texts: what a word is, and how near estimates are to the similarity they estimate.

#include "core/shingles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

double Like(const std::string& a, const std::string& b) {
  ShingleSketcher sketcher;
  ShingleSketch x;
  ShingleSketch y;
  sketcher.Sketch(a, &x);
  sketcher.Sketch(b, &y);
  return x.Similarity(y);
}

TEST(Shingles, WordsAreComparedWithoutCaseAndPunctuation) {
  EXPECT_EQ(Like("Reserve, the (capacity) of it.", "reserve the capacity of IT"), 1);
  EXPECT_LT(Like("vector reserve capacity now", "vector_reserve capacity now here"), 1);
  EXPECT_EQ(Like("a_long_identifier_indeed is 1 word", "A_LONG_IDENTIFIER_INDEED IS 1 WORD"), 1);
  // Of letters beyond ASCII the case counts, and marks are part of them.
  EXPECT_LT(Like("\xC3\x84rger mit dem", "\xC3\xA4rger mit dem"), 1);
  EXPECT_LT(Like("caf\xC3\xA9 au lait", "caf au lait"), 1);
}

TEST(Shingles, ShortTextsAreOneShingle) {
  EXPECT_EQ(Like("yes", "Yes!"), 1);
  EXPECT_EQ(Like("yes", "no"), 0);
  EXPECT_EQ(Like("two words", "two words."), 1);
  EXPECT_EQ(Like("two words", "words two"), 0);
  EXPECT_EQ(Like("", ""), 0);
  EXPECT_EQ(Like("...", "..."), 0);
}

TEST(Shingles, CharactersOfChineseAndJapaneseAreWords) {
  const std::string text = "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C";    // Four.
  const std::string edited = "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE4\xBA\xBA";  // One other.
  EXPECT_EQ(Like(text, text), 1);
  EXPECT_GT(Like(text, edited), 0);
  EXPECT_LT(Like(text, edited), 1);
}

TEST(Shingles, EveryLengthAndPlaceOfAWordIsRead) {
  // Words that begin and end at all places of the blocks that are read at a time.
  for (std::size_t before = 0; before < 140; ++before) {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 16U, 17U, 70U}) {
      const std::string text = std::string(before, ' ') + std::string(size, 'x');
      ASSERT_EQ(Like(text, std::string(size, 'X') + " "), 1) << before << " " << size;
      ASSERT_EQ(Like(text, std::string(size, 'x') + "y"), 0) << before << " " << size;
    }
  }
}

TEST(Shingles, EstimatesAreNearTheSimilarityOfTheSets) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  double off = 0;
  double squares = 0;
  const std::size_t rounds = TestIterations(2'000);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::string> words;
    const std::size_t count = 20 + random() % 200;
    for (std::size_t i = 0; i < count; ++i) words.push_back("w" + std::to_string(random() % 5'000));
    std::vector<std::string> edited = words;
    for (std::size_t i = random() % (count / 8); i > 0; --i) {
      edited[random() % count] = "e" + std::to_string(i);
    }
    const auto shingles = [](const std::vector<std::string>& of) {
      std::set<std::string> set;
      for (std::size_t i = 0; i + 3 <= of.size(); ++i) {
        set.insert(of[i] + " " + of[i + 1] + " " + of[i + 2]);
      }
      return set;
    };
    const auto joined = [](const std::vector<std::string>& of) {
      std::string text;
      for (const std::string& word : of) text += word + " ";
      return text;
    };
    const std::set<std::string> a = shingles(words);
    const std::set<std::string> b = shingles(edited);
    const auto common = static_cast<double>(std::count_if(
        a.begin(), a.end(), [&](const std::string& each) { return b.contains(each); }));
    const double exact = common / (static_cast<double>(a.size() + b.size()) - common);
    const double error = Like(joined(words), joined(edited)) - exact;
    off += error;
    squares += error * error;
  }
  const auto n = static_cast<double>(rounds);
  EXPECT_NEAR(off / n, 0, 0.01);
  EXPECT_LT(std::sqrt(squares / n), 0.063);
}

}  // namespace
}  // namespace tracevec
