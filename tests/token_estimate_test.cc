// The built-in estimate of tokens, rule by rule.

#include "core/token_estimate.h"

#include <gtest/gtest.h>

#include <string>

namespace tracevec {
namespace {

TEST(TokenEstimate, WordsOfLettersAreOneTokenAndLongOnesMore) {
  EXPECT_EQ(EstimateTokens(""), 0U);
  EXPECT_EQ(EstimateTokens("the quick brown fox"), 4U);
  EXPECT_EQ(EstimateTokens("internationalization"), 3U);  // 20 letters: 1 + 12 / 5.
  EXPECT_EQ(EstimateTokens("pushBackAll"), 3U);
}

TEST(TokenEstimate, DigitsSignsAndBreaksCount) {
  EXPECT_EQ(EstimateTokens("1234567"), 3U);
  EXPECT_EQ(EstimateTokens("a, b"), 3U);
  EXPECT_EQ(EstimateTokens("v->f();"), 6U);  // 1, 1.5, 1 and 2.
  EXPECT_EQ(EstimateTokens("a\n\n\nb"), 3U);
  EXPECT_EQ(EstimateTokens("a    b"), 3U);
}

TEST(TokenEstimate, BeyondAsciiThreeBytesAreOne) {
  EXPECT_EQ(EstimateTokens("\xE4\xBD\xA0\xE5\xA5\xBD"), 2U);
  EXPECT_EQ(EstimateTokens("\xD0\xBA\xD0\xBE\xD1\x82"), 2U);
}

TEST(TokenEstimate, TakesAnyBytes) {
  EXPECT_GT(EstimateTokens(std::string("\xff\0\x80", 3)), 0U);
  EXPECT_EQ(EstimateTokens(std::string(3'000'000, 'x')), 599'999U);
}

}  // namespace
}  // namespace tracevec
