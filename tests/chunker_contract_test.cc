#include <gtest/gtest.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/chunker.h"
#include "tests/shared_data.h"
#include "tests/test_seed.h"

// What core/chunker.h promises, checked against a text taken apart by utf8proc.

namespace tracevec {
namespace {

std::vector<TextPiece> Cut(std::string_view text, const Chunker& chunker) {
  Result<std::vector<TextPiece>> pieces = CutText(text, chunker);
  EXPECT_TRUE(pieces.ok()) << pieces.status().ToString();
  return pieces.ok() ? *std::move(pieces) : std::vector<TextPiece>();
}

/// A text taken apart by utf8proc, independently of the library's own decoding.
struct Decoded {
  std::vector<char32_t> code_points;
  std::vector<std::size_t> bytes;  // Offset of each, and of the end.
  std::vector<bool> white;
  std::vector<std::size_t> cluster_begin;  // Of the cluster that each belongs to.
  std::vector<std::size_t> cluster_end;

  bool CutsCluster(std::size_t at, std::size_t size) const {
    if (at == 0 || at == code_points.size() || cluster_begin[at] == at) return false;
    if (white[at - 1] || white[at])
      return false;  // Pieces are trimmed, whatever white space carries.
    return cluster_end[at] - cluster_begin[at] <= size;
  }
};

bool IsWhite(utf8proc_int32_t code_point) {
  const utf8proc_category_t category = utf8proc_category(code_point);
  return (code_point >= 9 && code_point <= 13) || code_point == 0x85 ||
         category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

Decoded Decode(std::string_view text) {
  Decoded decoded;
  utf8proc_int32_t state = 0;
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                         static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    const std::size_t index = decoded.code_points.size();
    const bool begins = index == 0 || utf8proc_grapheme_break_stateful(
                                          static_cast<utf8proc_int32_t>(decoded.code_points.back()),
                                          code_point, &state);
    decoded.cluster_begin.push_back(begins ? index : decoded.cluster_begin.back());
    decoded.code_points.push_back(static_cast<char32_t>(code_point));
    decoded.bytes.push_back(at);
    decoded.white.push_back(IsWhite(code_point));
    at += static_cast<std::size_t>(length);
  }
  decoded.bytes.push_back(text.size());
  const std::size_t count = decoded.code_points.size();
  decoded.cluster_end.assign(count, count);
  for (std::size_t i = count; i-- > 1;) {
    const bool same = decoded.cluster_begin[i - 1] == decoded.cluster_begin[i];
    decoded.cluster_end[i - 1] = same ? decoded.cluster_end[i] : i;
  }
  return decoded;
}

void ExpectPieceIsWellFormed(const Decoded& text, const TextPiece& piece, const Chunker& chunker) {
  ASSERT_LT(piece.span.start, piece.span.end);
  ASSERT_LE(piece.span.end, text.code_points.size());
  ASSERT_LE(piece.span.end - piece.span.start, chunker.size);
  ASSERT_EQ(piece.bytes.start, text.bytes[piece.span.start]);
  ASSERT_EQ(piece.bytes.end, text.bytes[piece.span.end]);
  ASSERT_FALSE(text.white[piece.span.start]);
  ASSERT_FALSE(text.white[piece.span.end - 1]);
  ASSERT_FALSE(text.CutsCluster(piece.span.start, chunker.size));
  ASSERT_FALSE(text.CutsCluster(piece.span.end, chunker.size));
}

void ExpectContract(std::string_view bytes, const Chunker& chunker) {
  SCOPED_TRACE(chunker.strategy + ", size " + std::to_string(chunker.size) + ", overlap " +
               std::to_string(chunker.overlap));
  const Decoded text = Decode(bytes);
  const std::vector<TextPiece> pieces = Cut(bytes, chunker);
  std::size_t covered = 0;  // Every character before it that is not white space is in a piece.
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(ExpectPieceIsWellFormed(text, pieces[i], chunker)) << "piece " << i;
    const Span& span = pieces[i].span;
    for (; covered < span.start; ++covered)
      ASSERT_TRUE(text.white[covered]) << covered << " is in no piece";
    if (i > 0) {
      ASSERT_GT(span.start, pieces[i - 1].span.start) << "piece " << i;
      ASSERT_GT(span.end, pieces[i - 1].span.end) << "piece " << i;
      ASSERT_LE(covered - std::min<std::size_t>(span.start, covered), chunker.overlap)
          << "piece " << i;
    }
    covered = span.end;
  }
  for (; covered < text.white.size(); ++covered)
    ASSERT_TRUE(text.white[covered]) << covered << " is in no piece";
}

constexpr std::array<std::string_view, 56> kFragments = {
    " ",
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\t",
    ". ",
    "! ",
    "?\" ",
    ".",
    "...",
    "word",
    "another",
    "Dr.",
    "e.g.",
    "3.14",
    "1. ",
    "- ",
    "* ",
    "| a | b |\n",
    "---\n",
    "===\n",
    "\n# Heading\n",
    "\n### Deeper ###\n",
    "\nSetext\n---\n",
    "\n#no\n",
    "\n```cpp\n",
    "\n```\n",
    "\n~~~\n",
    "averyveryveryveryveryveryverylongwordwithoutanyplacetobreakit",
    "\xC3\xA9",
    "e\xCC\x81",
    "\xCC\x81",
    "\xE2\x80\x8D",
    "\xEF\xB8\x8F",
    "\xC2\xA0",
    "\xE3\x80\x80",
    "\xE2\x80\xA8",
    "\xC2\x85",  // White space past ASCII.
    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
    "\xE3\x80\x82",
    "\xEF\xBC\x81\xE3\x80\x8D",
    "\xE0\xA4\xA8\xE0\xA4\xAE\xE0\xA4\xB8\xE0\xA5\x8D\xE0\xA4\xA4\xE0\xA5\x87",  // Devanagari.
    "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
    "\xD8\x80",
    "\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85\xD8\x9F",
    "\xF0\x9F\x98\x80",
    "\xF0\x9F\x87\xB3",
    "\xF0\x9F\x87\xB3\xF0\x9F\x87\xB1",  // Emoji, flags.
    "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
    "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",
    "\xE0\xB8\x81\xE0\xB8\xB3"};

std::string RandomText(std::mt19937_64& random) {
  // A few kinds of fragment a text, so that runs of one kind come up too.
  std::array<std::string_view, 8> kinds;
  for (std::string_view& kind : kinds) kind = kFragments[random() % kFragments.size()];
  const bool mixed = random() % 2 == 0;
  std::string text;
  for (std::size_t count = random() % 200; count > 0; --count) {
    text += mixed ? kFragments[random() % kFragments.size()] : kinds[random() % kinds.size()];
  }
  return text;
}

Chunker RandomChunker(std::mt19937_64& random) {
  constexpr std::array<const char*, 3> kStrategies = {"heading", "sentence", "fixed"};
  const auto size = static_cast<std::uint32_t>(16 + random() % (random() % 2 == 0 ? 30 : 300));
  const auto overlap =
      static_cast<std::uint32_t>(random() % 2 == 0 ? 0 : random() % (size / 2 + 1));
  return {kStrategies[random() % kStrategies.size()], size, overlap};
}

TEST(CutText, ContractHoldsForRandomTexts) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(6'000); ++i) {
    const std::string text = RandomText(random);
    const Chunker chunker = RandomChunker(random);
    ASSERT_NO_FATAL_FAILURE(ExpectContract(text, chunker)) << testing::PrintToString(text);
  }
}

/// Sections whose letters are all the section's own, and the path of each letter's section.
struct LetteredSections {
  std::string text;
  std::map<char, std::string> paths;
};

LetteredSections RandomSections(std::mt19937_64& random) {
  constexpr std::array<std::string_view, 6> kGaps = {" ", " ", " ", ". ", "\n", "\n\n"};
  LetteredSections sections;
  std::array<std::string, 6> titles;
  for (char letter = 'a'; letter <= 'p'; ++letter) {
    const std::size_t level = random() % titles.size();
    titles[level] = std::string(2, letter);
    std::fill(titles.begin() + static_cast<std::ptrdiff_t>(level) + 1, titles.end(), "");
    std::string& path = sections.paths[letter];
    for (const std::string& title : titles) {
      if (!title.empty()) path += (path.empty() ? "" : " > ") + title;
    }
    sections.text += std::string(level + 1, '#') + " " + titles[level] + "\n";
    for (std::size_t words = random() % 60; words > 0; --words) {
      sections.text.append(1 + random() % 20, letter).append(kGaps[random() % kGaps.size()]);
    }
    sections.text += "\n";
  }
  return sections;
}

TEST(HeadingChunker, NoChunkCrossesASection) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(300); ++i) {
    const LetteredSections sections = RandomSections(random);
    Chunker chunker = RandomChunker(random);
    chunker.strategy = "heading";
    for (const TextPiece& piece : Cut(sections.text, chunker)) {
      const std::string text =
          sections.text.substr(piece.bytes.start, piece.bytes.end - piece.bytes.start);
      std::set<char> letters;
      std::copy_if(text.begin(), text.end(), std::inserter(letters, letters.end()),
                   [](char c) { return c >= 'a' && c <= 'p'; });
      ASSERT_LE(letters.size(), 1u) << text;
      if (letters.empty()) continue;  // Marks or stops cut off from a long word.
      ASSERT_EQ(piece.section, sections.paths.at(*letters.begin())) << text;
    }
  }
}

TEST(CutText, ContractHoldsForRealPages) {
  constexpr std::string_view kPages = "cppdocs/documents.jsonl.gz";
  const auto path = SharedDataPath(kPages);
  if (!path) GTEST_SKIP() << MissingSharedData(kPages);
  JsonlGzReader reader(*path);
  const std::size_t pages = TestIterations(400);  // Of 4,083.
  for (std::size_t i = 0; i < pages; ++i) {
    const auto row = reader.Next();
    if (!row) break;
    const std::string text = row->at("text").get<std::string>();
    for (const char* strategy : {"heading", "sentence", "fixed"}) {
      ASSERT_NO_FATAL_FAILURE(ExpectContract(text, {strategy, 480, 0})) << row->at("id");
      ASSERT_NO_FATAL_FAILURE(ExpectContract(text, {strategy, 480, 100})) << row->at("id");
    }
  }
}

}  // namespace
}  // namespace tracevec
