// Query texts: what they are taken apart into, BM25's terms, and the fusion of rankings.

#include "core/text_query.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/bm25.h"
#include "core/fusion.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

Result<TextQuery> Parse(std::string_view text, const TextField& field = {"english"}) {
  return TextQuery::Parse(text, **Analyzer::Make(field));
}

/// "+a", "-a", "a", "\"a b@2\"", "a*", with "x2" behind it where it counts twice.
std::string Print(const TextQuery& query) {
  std::string printed;
  for (const TextClause& clause : query.clauses) {
    if (!printed.empty()) printed += " ";
    printed += clause.required ? "+" : clause.excluded ? "-" : "";
    const bool phrase = clause.kind == TextClause::Kind::kPhrase;
    if (phrase) printed += "\"";
    for (std::size_t i = 0; i < clause.terms.size(); ++i) {
      if (i > 0) printed += " ";
      printed += clause.terms[i];
      if (phrase) printed += "@" + std::to_string(clause.offsets[i]);
    }
    if (phrase) printed += "\"";
    if (clause.kind == TextClause::Kind::kPrefix) printed += "*";
    if (clause.times > 1) printed += "x" + std::to_string(clause.times);
  }
  return printed;
}

std::string Parsed(std::string_view text, const TextField& field = {"english"}) {
  const auto query = Parse(text, field);
  return query.ok() ? Print(*query) : query.status().message();
}

TEST(TextQuery, WordsPhrasesSignsAndPrefixes) {
  EXPECT_EQ(Parsed("reserving capacity"), "reserv capac");
  EXPECT_EQ(Parsed("+reserve -vector cap*"), "+reserv -vector cap*");
  EXPECT_EQ(Parsed("\"reserve capacity\" \"word\""), "\"reserv@0 capac@1\" word");
  EXPECT_EQ(Parsed("+\"a b\"-\"c d\""), "+\"a@0 b@1\" -\"c@0 d@1\"");
  EXPECT_EQ(Parsed("a A b a"), "ax3 b");
  EXPECT_EQ(Parsed("std::vec*"), "std vec*");
  EXPECT_EQ(Parsed("+push-back -c.d e-f"), "+\"push@0 back@1\" -\"c@0 d@1\" e f");
  EXPECT_EQ(Parsed("東京都 +東京都"), "東京 京都 +\"東京@0 京都@1\"");
}

TEST(TextQuery, SignsInProseMeanNothing) {
  EXPECT_EQ(Parsed("C++ - what is it + why?"), "c what is it whi");
  EXPECT_EQ(Parsed("a 5\" disk"), "a 5 disk");
  EXPECT_EQ(Parsed("2 * 3 *"), "2 3");
  EXPECT_EQ(Parsed("\"\" -"), "");
}

TEST(TextQuery, StopWordsKeepTheirPlaceInPhrases) {
  const TextField field{"english", EnglishStopWords()};
  EXPECT_EQ(Parsed("\"state of the art\"", field), "\"state@0 art@3\"");
  EXPECT_EQ(Parsed("to be", field), "");
}

TEST(TextQuery, BadOnesAreErrors) {
  EXPECT_EQ(Parsed(""), "text is empty");
  EXPECT_EQ(Parsed(" \t\n"), "text is empty");
  EXPECT_NE(Parsed(std::string(65'537, 'a')).find("65537 bytes"), std::string::npos);
  EXPECT_NE(Parsed("-a -b").find("only excludes"), std::string::npos);
  EXPECT_FALSE(Parse("a\xFF").ok());
  EXPECT_TRUE(Parse(std::string(65'536, 'a')).ok());
}

TEST(TextQuery, AnyValidTextIsParsedOrRefused) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t round = 0; round < TestIterations(500); ++round) {
    std::string text;
    static const std::vector<std::string> kParts = {"+",  "-", "\"", "*", " ", "a",   "é",
                                                    "日", "b", "\n", ".", "'", "+\"", "*\""};
    for (std::size_t parts = random() % 30; parts > 0; --parts) {
      text += kParts[random() % kParts.size()];
    }
    const auto query = Parse(text);
    if (!query.ok()) continue;
    for (const TextClause& clause : query->clauses) {
      ASSERT_FALSE(clause.terms.empty()) << text;
      ASSERT_FALSE(clause.required && clause.excluded) << text;
      ASSERT_EQ(clause.offsets.size(),
                clause.kind == TextClause::Kind::kPhrase ? clause.terms.size() : 0u)
          << text;
    }
  }
}

TEST(Bm25, IsTheFormula) {
  const TextTotals totals{1000, 50'000};
  const Bm25 bm25(1.2, 0.75, totals);
  for (const std::uint64_t df : {1, 10, 500, 1000}) {
    for (const std::uint32_t tf : {1, 2, 7, 65'535}) {
      for (const std::uint32_t length : {1, 50, 700}) {
        const double idf = std::log(1 + (1000.0 - static_cast<double>(df) + 0.5) /
                                            (static_cast<double>(df) + 0.5));
        const double expected = idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 50.0));
        const double score = Bm25::ToScore(bm25.Score(bm25.Weight(df), tf, length));
        EXPECT_NEAR(score, expected, 1e-6 * expected + 1e-9);
      }
    }
  }
}

TEST(Bm25, BoundsHoldForEverythingTheyBound) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t round = 0; round < TestIterations(20'000); ++round) {
    const TextTotals totals{1 + random() % 100'000, random() % 10'000'000};
    const Bm25 bm25(static_cast<double>(random() % 300) / 100,
                    static_cast<double>(random() % 101) / 100, totals);
    const float weight = bm25.Weight(1 + random() % totals.rows);
    const auto most = static_cast<std::uint32_t>(1 + random() % 300);
    const auto least = static_cast<std::uint32_t>(1 + random() % 2000);
    const auto tf = static_cast<std::uint32_t>(1 + random() % most);
    const auto length = static_cast<std::uint32_t>(least + random() % 3);
    ASSERT_GE(bm25.Bound(weight, most, least), bm25.Score(weight, tf, length));
    const Bm25::Sum sum = bm25.Score(weight, tf, length);
    ASSERT_LE(Bm25::LeastSum(Bm25::ToScore(sum)), sum);
  }
}

/// Scores by key, of two rankings fused.
std::map<std::uint64_t, float> Fused(const Fusion& fusion, std::vector<RankedKey> a,
                                     std::vector<RankedKey> b) {
  const std::vector<std::vector<RankedKey>> sources = {std::move(a), std::move(b)};
  std::map<std::uint64_t, float> scores;
  for (const FusedKey& key : Fuse(fusion, sources)) scores[key.key] = key.score;
  return scores;
}

TEST(Fusion, RanksAreSummedReciprocally) {
  Fusion fusion;
  auto scores = Fused(fusion, {{1, 9}, {2, 8}}, {{2, 0.5F}, {3, 0.1F}});
  EXPECT_FLOAT_EQ(scores[2], 1.0F / 12 + 1.0F / 11);
  fusion.k = 60;
  fusion.weights = {1, 1};
  scores = Fused(fusion, {{1, 9}, {2, 8}}, {{2, 0.5F}, {3, 0.1F}});
  EXPECT_FLOAT_EQ(scores[1], 1.0F / 61);
  EXPECT_FLOAT_EQ(scores[2], 1.0F / 62 + 1.0F / 61);
  EXPECT_FLOAT_EQ(scores[3], 1.0F / 62);
  fusion.k = 0;
  fusion.weights = {2, 0};
  scores = Fused(fusion, {{1, 9}, {2, 8}}, {{2, 0.5F}, {3, 0.1F}});
  EXPECT_FLOAT_EQ(scores[1], 2);
  EXPECT_FLOAT_EQ(scores[2], 1);
  EXPECT_FLOAT_EQ(scores[3], 0);
}

TEST(Fusion, ScoresAreNormalisedBySource) {
  Fusion fusion;
  fusion.method = FusionMethod::kWeighted;
  auto scores = Fused(fusion, {{1, 10}, {2, 5}, {3, 0}}, {{3, 2}, {4, 1}});
  EXPECT_FLOAT_EQ(scores[1], 1);
  EXPECT_FLOAT_EQ(scores[2], 0.5F);
  EXPECT_FLOAT_EQ(scores[3], 1);
  EXPECT_FLOAT_EQ(scores[4], 0);
  fusion.normalization = ScoreNormalization::kZScore;
  scores = Fused(fusion, {{1, 10}, {2, 5}, {3, 0}}, {{3, 2}, {4, 1}});
  const float deviation = std::sqrt(50.0F / 3);
  EXPECT_FLOAT_EQ(scores[1], 5 / deviation - 1);  // The other's worst is one below its mean.
  EXPECT_FLOAT_EQ(scores[4], -5 / deviation - 1);
  fusion.method = FusionMethod::kDbsf;
  scores = Fused(fusion, {{1, 10}, {2, 5}, {3, 0}}, {{3, 2}, {4, 2}});
  EXPECT_FLOAT_EQ(scores[1], 5 / (6 * deviation) + 0.5F);
  EXPECT_FLOAT_EQ(scores[4], 0.5F);
}

TEST(Fusion, OneHitEqualScoresAndNothingAreFused) {
  for (const auto method : {FusionMethod::kRrf, FusionMethod::kWeighted, FusionMethod::kDbsf}) {
    Fusion fusion;
    fusion.method = method;
    EXPECT_TRUE(Fused(fusion, {}, {}).empty());
    for (const auto& [key, score] : Fused(fusion, {{1, 3}}, {{2, 1}, {3, 1}})) {
      EXPECT_TRUE(std::isfinite(score)) << key;
    }
  }
}

TEST(Fusion, BadSettingsAreErrors) {
  const auto fails = [](const Fusion& fusion) { return !CheckFusion(fusion, 2).ok(); };
  Fusion fusion;
  EXPECT_FALSE(fails(fusion));
  fusion.weights = {1};
  EXPECT_TRUE(fails(fusion));
  fusion.weights = {0, 0};
  EXPECT_TRUE(fails(fusion));
  fusion.weights = {1, std::nan("")};
  EXPECT_TRUE(fails(fusion));
  fusion.weights = {1, 0};
  EXPECT_FALSE(fails(fusion));
  fusion.k = -1;
  EXPECT_TRUE(fails(fusion));
  fusion.k = 0;
  fusion.candidates = 0;
  EXPECT_TRUE(fails(fusion));
  EXPECT_EQ(*ParseFusionMethod("dbsf"), FusionMethod::kDbsf);
  EXPECT_EQ(FusionMethodName(FusionMethod::kWeighted), "weighted");
  EXPECT_NE(ParseFusionMethod("rff").status().message().find("rrf"), std::string::npos);
  EXPECT_EQ(*ParseScoreNormalization("z_score"), ScoreNormalization::kZScore);
}

}  // namespace
}  // namespace tracevec
