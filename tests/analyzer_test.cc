// From texts to terms: words, folding, ideographs, stems, stop words; on any bytes.

#include "core/analyzer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/utf8.h"
#include "core/word_folding.h"
#include "core/word_reader.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

std::vector<std::string> WordsOf(std::string_view text) {
  WordReader reader(text);
  std::vector<std::string> words;
  for (Word word; reader.Next(&word);) words.emplace_back(word.bytes);
  return words;
}

std::shared_ptr<const Analyzer> Make(const TextField& field) {
  auto analyzer = Analyzer::Make(field);
  EXPECT_TRUE(analyzer.ok()) << analyzer.status().ToString();
  return *analyzer;
}

std::vector<std::string> TermsOf(const TextField& field, std::string_view text) {
  TermList terms;
  Make(field)->Analyze(text, &terms);
  std::vector<std::string> list;
  for (std::size_t i = 0; i < terms.terms.size(); ++i) list.emplace_back(terms.term(i));
  return list;
}

using Terms = std::vector<std::string>;

TEST(WordReader, WordsEndWhereUnicodeSaysWithTwoExceptions) {
  EXPECT_EQ(WordsOf(""), Terms());
  EXPECT_EQ(WordsOf("  ...!? \xE2\x80\x94 "), Terms());
  EXPECT_EQ(WordsOf("Don't panic, it\xE2\x80\x99s 3.14 or 1,000."),
            (Terms{"Don't", "panic", "it\xE2\x80\x99s", "3.14", "or", "1,000"}));
  EXPECT_EQ(WordsOf("std::vector.push_back(x2)"), (Terms{"std", "vector", "push_back", "x2"}));
  EXPECT_EQ(WordsOf("C++ 'quoted' rock'n'roll 5' a.b"),
            (Terms{"C", "quoted", "rock'n'roll", "5", "a", "b"}));
  EXPECT_EQ(WordsOf("_ __init__ _"), (Terms{"__init__"}));
  EXPECT_EQ(WordsOf("na\xC3\xAFve cafe\xCC\x81"), (Terms{"na\xC3\xAFve", "cafe\xCC\x81"}));
  EXPECT_EQ(WordsOf("v2日本語と英語english。終"), (Terms{"v2", "日本語と英語", "english", "終"}));
}

TEST(WordReader, BytesThatAreNoUtf8Separate) {
  EXPECT_EQ(WordsOf("a\xFF"
                    "b\xC3"
                    "c\xE6\x97"),
            (Terms{"a", "b", "c"}));
}

TEST(WordFolding, CaseWidthAndCompositionDoNotCount) {
  const auto fold = [](std::string_view word) {
    std::string folded;
    FoldWord(word, &folded);
    return folded;
  };
  EXPECT_EQ(fold("HeLLo"), "hello");
  EXPECT_EQ(fold("Straße"), "strasse");
  EXPECT_EQ(fold("ＡＢＣ１"), "abc1");
  EXPECT_EQ(fold("cafe\xCC\x81"), "caf\xC3\xA9");
  EXPECT_EQ(fold("ΣΑΣ"), fold("σας"));
  EXPECT_EQ(fold("co\xC2\xADop"), "coop");  // A soft hyphen cannot be seen.
  const auto strip = [](std::string word) {
    StripMarks(&word);
    return word;
  };
  EXPECT_EQ(strip("caf\xC3\xA9"), "cafe");
  EXPECT_EQ(strip("й"), "й");
  EXPECT_EQ(strip("हिन्दी"), "हिन्दी");
  EXPECT_EQ(CutWord("caf\xC3\xA9", 4), "caf");
}

TEST(Analyzer, SimpleFoldsAndKeepsEveryWord) {
  EXPECT_EQ(TermsOf({"simple"}, "The Runners ran to Café"),
            (Terms{"the", "runners", "ran", "to", "cafe"}));
}

TEST(Analyzer, LanguagesStem) {
  EXPECT_EQ(TermsOf({"english"}, "Running runners' generalizations"),
            (Terms{"run", "runner", "general"}));
  EXPECT_EQ(TermsOf({"german"}, "Häuser Häusern"), (Terms{"haus", "haus"}));
  EXPECT_EQ(TermsOf({"russian"}, "книги"), (Terms{"книг"}));
}

TEST(Analyzer, StopWordsAreLeftOutAndKeepTheirPlace) {
  TextField field{"english", EnglishStopWords()};
  TermList terms;
  Make(field)->Analyze("To be THE best", &terms);
  ASSERT_EQ(terms.terms.size(), 1u);
  EXPECT_EQ(terms.term(0), "best");
  EXPECT_EQ(terms.terms[0].position, 3u);
}

TEST(Analyzer, IdeographsBecomePairs) {
  EXPECT_EQ(TermsOf({"english"}, "東京都の桜"), (Terms{"東京", "京都", "都の", "の桜"}));
  EXPECT_EQ(TermsOf({"english"}, "桜 서울시"), (Terms{"桜", "서울", "울시"}));
  EXPECT_EQ(TermsOf({"english"}, "ﾄｳｷｮｳ"), TermsOf({"english"}, "トウキョウ"));
}

TEST(Analyzer, LongWordsAreCutAndPrefixesAreNotStemmed) {
  const Terms terms = TermsOf({"simple"}, std::string(5000, 'x'));
  ASSERT_EQ(terms.size(), 1u);
  EXPECT_EQ(terms[0].size(), Analyzer::kLongestTerm);
  std::size_t begin = 0;
  EXPECT_EQ(Make({"english"})->Prefix("std::Runni", &begin), "runni");
  EXPECT_EQ(begin, 5u);
  EXPECT_EQ(Make({"english"})->Prefix(" !", &begin), "");
}

TEST(Analyzer, IdentityTellsAnalyzersApart) {
  const std::string english = Make({"english"})->identity();
  EXPECT_EQ(english, Make({"english", {}, 0.9, 0.4})->identity());  // Terms are the same.
  EXPECT_NE(english, Make({"german"})->identity());
  EXPECT_NE(english, Make({"english", {"the"}})->identity());
  EXPECT_EQ(Analyzer::Make({"englich"}).status().code(), StatusCode::kInvalidArgument);
}

TEST(Analyzer, AnyBytesGiveTermsOfValidUtf8) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const auto analyzer = Make({"english"});
  for (std::size_t round = 0; round < TestIterations(300); ++round) {
    std::string text;
    for (std::size_t bytes = random() % 200; bytes > 0; --bytes) {
      // Beginnings of every length, and what continues them.
      static constexpr unsigned char kLeads[] = {'a', '.', '\'', 0xC3, 0xE6, 0xF0, 0xCC, 0xFF};
      text += static_cast<char>(random() % 2 == 0 ? kLeads[random() % 8] : random() % 256);
    }
    TermList terms;
    analyzer->Analyze(text, &terms);
    for (std::size_t i = 0; i < terms.terms.size(); ++i) {
      ASSERT_FALSE(terms.term(i).empty());
      ASSERT_LE(terms.term(i).size(), Analyzer::kLongestTerm);
      ASSERT_FALSE(FindInvalidUtf8(terms.term(i))) << terms.term(i);
    }
  }
}

}  // namespace
}  // namespace tracevec
