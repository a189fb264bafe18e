#include "core/chunker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tracevec {
namespace {

std::vector<TextPiece> Cut(std::string_view text, const Chunker& chunker) {
  Result<std::vector<TextPiece>> pieces = CutText(text, chunker);
  EXPECT_TRUE(pieces.ok()) << pieces.status().ToString();
  return pieces.ok() ? *std::move(pieces) : std::vector<TextPiece>();
}

std::vector<std::string> Texts(std::string_view text, const Chunker& chunker) {
  std::vector<std::string> texts;
  for (const TextPiece& piece : Cut(text, chunker)) {
    texts.emplace_back(text.substr(piece.bytes.start, piece.bytes.end - piece.bytes.start));
  }
  return texts;
}

std::vector<std::string> Sections(std::string_view text, const Chunker& chunker) {
  std::vector<std::string> sections;
  for (const TextPiece& piece : Cut(text, chunker)) sections.push_back(piece.section);
  return sections;
}

using Strings = std::vector<std::string>;

Chunker Heading(std::uint32_t size, std::uint32_t overlap = 0) {
  return {"heading", size, overlap};
}
Chunker Sentence(std::uint32_t size, std::uint32_t overlap = 0) {
  return {"sentence", size, overlap};
}
Chunker Fixed(std::uint32_t size, std::uint32_t overlap = 0) { return {"fixed", size, overlap}; }

TEST(CheckChunker, AcceptsBoundsAndRefusesWhatLiesBeyond) {
  EXPECT_TRUE(CheckChunker({}).ok());
  EXPECT_TRUE(CheckChunker(Fixed(16, 8)).ok());
  EXPECT_TRUE(CheckChunker(Fixed(1'000'000, 500'000)).ok());
  EXPECT_EQ(CheckChunker(Fixed(15)).message(), "chunker: size: expected 16 to 1000000, got 15");
  EXPECT_FALSE(CheckChunker(Fixed(1'000'001)).ok());
  EXPECT_EQ(CheckChunker(Fixed(17, 9)).message(),
            "chunker: overlap: expected at most half the size, 8, got 9");
}

TEST(CheckChunker, UnknownStrategyGetsTheNearest) {
  const Status status = CheckChunker({"sentences", 100, 0});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("did you mean 'sentence'?"), std::string::npos);
}

TEST(CutText, RefusesInvalidUtf8AndBadChunkers) {
  EXPECT_EQ(CutText("ab\xFF", {}).status().message(), "text: invalid UTF-8 at byte 2 of 3");
  EXPECT_FALSE(CutText("text", {"by page", 100, 0}).ok());
  EXPECT_FALSE(CutText("text", Fixed(1)).ok());
}

TEST(CutText, WhiteSpaceMakesNoPiece) {
  for (const Chunker& chunker : {Heading(16), Sentence(16), Fixed(16, 4)}) {
    EXPECT_TRUE(Cut("", chunker).empty());
    EXPECT_TRUE(Cut(" \r\n\t\n\xC2\xA0\xE3\x80\x80\n" + std::string(100, ' '), chunker).empty());
  }
}

TEST(CutText, SpansAreCodePointsAndBytes) {
  const std::vector<TextPiece> pieces = Cut("  h\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z ", Fixed(16));
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].span, (Span{2, 7}));
  EXPECT_EQ(pieces[0].bytes, (Span{2, 13}));
}

TEST(FixedChunker, PrefersWhiteSpaceInTheLastFifth) {
  EXPECT_EQ(Texts("aaaa bbbb cccc dddd eeee", Fixed(20)), (Strings{"aaaa bbbb cccc dddd", "eeee"}));
  EXPECT_EQ(Texts("aaaa bbbbbbbbbbbbbbbbbbbb", Fixed(20)),
            (Strings{"aaaa bbbbbbbbbbbbbbb", "bbbbb"}))
      << "a space before the last fifth is not worth it";
}

TEST(FixedChunker, OverlapBeginsAtAWord) {
  EXPECT_EQ(Texts("aaaa bbbb cccc dddd eeee ffff", Fixed(20, 8)),
            (Strings{"aaaa bbbb cccc dddd", "dddd eeee ffff"}));
  EXPECT_EQ(Texts(std::string(30, 'a') + std::string(10, 'b'), Fixed(20, 5)),
            (Strings{std::string(20, 'a'), std::string(15, 'a') + "bbbbb", "bbbbbbbbbb"}));
}

TEST(FixedChunker, KeepsGraphemeClustersWhole) {
  const std::string family =
      "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7";
  // Five code points each: three fit into 16.
  EXPECT_EQ(Texts(family + family + family + family, Fixed(16)),
            (Strings{family + family + family, family}));
  // The overlap of 8 has room for one family.
  EXPECT_EQ(Texts(family + family + family + family, Fixed(16, 8)),
            (Strings{family + family + family, family + family}));
  std::string accents = "e";
  for (int i = 0; i < 40; ++i) accents += "\xCC\x81";
  EXPECT_EQ(Texts(accents, Fixed(16)).size(), 3u) << "a cluster longer than a chunk is cut";
  const std::string flag = "\xF0\x9F\x87\xB3\xF0\x9F\x87\xB1";  // Two regional indicators.
  std::string flags = "a";
  for (int i = 0; i < 10; ++i) flags += flag;
  EXPECT_EQ(Texts(flags, Fixed(16))[0], flags.substr(0, 1 + 7 * flag.size()));
}

TEST(SentenceChunker, PacksWholeSentences) {
  EXPECT_EQ(Texts("One is here. Two is here! Is three? Yes.", Sentence(26)),
            (Strings{"One is here. Two is here!", "Is three? Yes."}));
}

/// Sentences as the chunker sees them: with a size that no two share.
Strings SplitSentences(const Strings& sentences) {
  std::string text;
  std::size_t size = 16;
  for (const std::string& sentence : sentences) {
    text += sentence + " ";
    size = std::max(size, sentence.size());
  }
  return Texts(text, Sentence(static_cast<std::uint32_t>(size)));
}

TEST(SentenceChunker, StopsInsideASentenceDoNotEndIt) {
  for (const char* sentence :
       {"Dr. Smith and Mr. Jones of the St. James met J. Doe at 3.14 p.m. near the U.S. embassy, "
        "e.g. today.",
        "See Fig. 3 and cf. the file.txt that e.g. the tool i.e. its user wrote, vs. others et al. "
        "then.",
        "It costs 1.5 million (approx. two) and runs v2.0.1 of example.com or so."}) {
    EXPECT_EQ(SplitSentences({sentence, sentence}), (Strings{sentence, sentence}));
  }
}

TEST(SentenceChunker, StopsWithClosersEndIt) {
  const Strings sentences = {
      "He said \"this is the end of it.\"", "(The brackets of it close.)",
      "**The bold sentence is over.**",     "So do I and nobody else here...",
      "What is that supposed to be?!",      "It was in the year of 1999."};
  for (const std::string& first : sentences) {
    for (const std::string& second : sentences) {
      EXPECT_EQ(SplitSentences({first, second}), (Strings{first, second}));
    }
  }
}

TEST(SentenceChunker, IdeographicStopsNeedNoSpace) {
  const std::string first =
      "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x81\xAE\xE6\x96\x87\xE7\xAB\xA0\xE3\x80\x82";
  const std::string second =
      "\xE3\x80\x8C\xE6\xAC\xA1\xE3\x81\xAE\xE6\x96\x87\xE7\xAB\xA0\xEF\xBC\x81\xE3\x80\x8D";
  EXPECT_EQ(Texts(first + second, Sentence(16)), (Strings{first + second}));
  EXPECT_EQ(Texts(first + second + first, Sentence(16)), (Strings{first + second, first}));
}

TEST(SentenceChunker, BlankLinesEndASentence) {
  EXPECT_EQ(Texts("A title without a stop\n\nThen a sentence.", Sentence(30)),
            (Strings{"A title without a stop", "Then a sentence."}));
  EXPECT_EQ(Texts("A title without a stop\r\n \t\r\nThen a sentence.", Sentence(30)),
            (Strings{"A title without a stop", "Then a sentence."}));
  EXPECT_EQ(Texts("One line\nand another of it. More", Sentence(27)),
            (Strings{"One line\nand another of it.", "More"}));
}

TEST(SentenceChunker, ListNumbersDoNotEndASentence) {
  EXPECT_EQ(Texts("1. The first item is this\n\n2. The second item is that", Sentence(30)),
            (Strings{"1. The first item is this", "2. The second item is that"}));
}

TEST(SentenceChunker, OverlongSentenceIsCutIntoWindows) {
  EXPECT_EQ(Texts("Short one. aaaa bbbb cccc dddd eeee ffff. Next.", Sentence(20)),
            (Strings{"Short one.", "aaaa bbbb cccc dddd", "eeee ffff. Next."}));
}

TEST(SentenceChunker, OverlapIsWholeTrailingSentences) {
  EXPECT_EQ(Texts("Aaaaaaaa. Bbb. Ccc. Ddddddd. Eeee.", Sentence(20, 9)),
            (Strings{"Aaaaaaaa. Bbb. Ccc.", "Bbb. Ccc. Ddddddd.", "Ddddddd. Eeee."}));
  EXPECT_EQ(Texts("Aaaaaaaa. Bbb. Ccccccccccccccccc.", Sentence(20, 10)),
            (Strings{"Aaaaaaaa. Bbb.", "Ccccccccccccccccc."}))
      << "an overlap that leaves no room for the next sentence is dropped";
}

TEST(HeadingChunker, SectionsCarryTheirPath) {
  const std::string text =
      "Intro\n\n# Vector ##\nA\n## Remarks\nB\n### C#\nC\n## See also\nD\n# Other\nE\n#### "
      "Deep\nF\n";
  EXPECT_EQ(Texts(text, Heading(100)),
            (Strings{"Intro", "# Vector ##\nA", "## Remarks\nB", "### C#\nC", "## See also\nD",
                     "# Other\nE", "#### Deep\nF"}));
  EXPECT_EQ(Sections(text, Heading(100)),
            (Strings{"", "Vector", "Vector > Remarks", "Vector > Remarks > C#", "Vector > See also",
                     "Other", "Other > Deep"}));
}

TEST(HeadingChunker, SetextHeadingsTakeTheParagraph) {
  const std::string text = "Title\n=====\nA\n\nPart\r\n---\r\nB\n";
  EXPECT_EQ(Texts(text, Heading(100)), (Strings{"Title\n=====\nA", "Part\r\n---\r\nB"}));
  EXPECT_EQ(Sections(text, Heading(100)), (Strings{"Title", "Title > Part"}));
  EXPECT_EQ(Sections("Two\nlines\n===\nA", Heading(100)), (Strings{"Two lines"}));
}

TEST(HeadingChunker, WhatOnlyLooksLikeAHeadingIsText) {
  for (const char* text : {"#hashtag", "####### seven", "    # code", "\\# escaped", "a # b", "---",
                           "- item\n---", "> quote\n---", "| a |\n---", "a\n\n---",
                           "---\nkey: a\n---", "1. one\n===", "a\n=-=", "`# code`"}) {
    EXPECT_EQ(Sections(text, Heading(100)), (Strings{""})) << text;
  }
}

TEST(HeadingChunker, FencedCodeHidesHeadings) {
  for (const char* text : {"# A\n```sh\n# no\n## no\n```", "# A\n~~~\n# no\n```\n# no\n~~~",
                           "# A\n````\n```\n# no\n````", "# A\n```\n# never closed",
                           "# A\n   ```\n# no\n   ```  ", "# A\r\n```\r\n# no\r\n```\r\n"}) {
    EXPECT_EQ(Sections(text, Heading(1000)), (Strings{"A"})) << text;
  }
  EXPECT_EQ(Sections("# A\n```\nx\n```\n# B", Heading(1000)), (Strings{"A", "B"}));
  EXPECT_EQ(Sections("# A\n```code```\n# B", Heading(1000)), (Strings{"A", "B"}));
}

TEST(HeadingChunker, FencedCodeStaysWholeWhereItFits) {
  const std::string code = "```\nint a;\n\nint b;\n```";
  EXPECT_EQ(Texts("Some text before it.\n" + code + "\nAfter.", Heading(30)),
            (Strings{"Some text before it.", code + "\nAfter."}));
  EXPECT_EQ(Texts("```\nint first_name;\nint second_name;\n```", Heading(24)),
            (Strings{"```\nint first_name;", "int second_name;\n```"}))
      << "longer code is cut between lines";
}

TEST(HeadingChunker, ParagraphsArePackedWithinASection) {
  EXPECT_EQ(
      Texts("# A\n\nParagraph one.\n\nParagraph two.\n\nParagraph three.\n\n# B\n\nFour.",
            Heading(36)),
      (Strings{"# A\n\nParagraph one.\n\nParagraph two.", "Paragraph three.", "# B\n\nFour."}));
}

TEST(HeadingChunker, HeadingIsNotLeftAlone) {
  EXPECT_EQ(Texts("# Heading\n\nFirst sentence. Second sentence.", Heading(34)),
            (Strings{"# Heading\n\nFirst sentence.", "Second sentence."}));
  EXPECT_EQ(Texts("# A\n## B\nText", Heading(100)), (Strings{"# A", "## B\nText"}));
}

TEST(HeadingChunker, OverlapStaysWithinASection) {
  EXPECT_EQ(Texts("# A\nOne one. Two two.\n\nThree three three.\n# B\nFour.", Heading(32, 10)),
            (Strings{"# A\nOne one. Two two.", "Two two.\n\nThree three three.", "# B\nFour."}));
}

TEST(HeadingChunker, TitlesAreBounded) {
  std::string title;
  for (int i = 0; i < 1'000; ++i) title += "\xE2\x82\xAC";
  for (const TextPiece& piece : Cut("# " + title + "\ntext", Heading(100))) {
    EXPECT_EQ(piece.section, title.substr(0, 510));
  }
}

}  // namespace
}  // namespace tracevec
