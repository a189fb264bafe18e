#include "core/utf8.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <random>
#include <string>
#include <vector>

#include "tests/test_seed.h"

namespace tracevec {
namespace {

TEST(Utf8, AcceptsTheFirstAndLastCodePointOfEachLength) {
  for (const char* text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_FALSE(FindInvalidUtf8(text)) << text;
  }
  EXPECT_FALSE(FindInvalidUtf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesEachKindOfInvalidSequence) {
  const std::vector<std::string> invalid = {
      "\x80",              // A continuation without a start.
      "\xC0\x80",          // Overlong NUL.
      "\xC1\xBF",          // Overlong, two bytes.
      "\xE0\x9F\xBF",      // Overlong, three bytes.
      "\xF0\x8F\xBF\xBF",  // Overlong, four bytes.
      "\xED\xA0\x80",      // The first surrogate.
      "\xED\xBF\xBF",      // The last surrogate.
      "\xF4\x90\x80\x80",  // Past U+10FFFF.
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xC2",
      "\xE2\x82",
      "\xF0\x9F\x98",  // Cut off.
      "\xE2\x28\xA1",
      "\xF0\x9F\x28\x80",
      "\xF0\x9F\x98\x28",
  };
  for (const std::string& bytes : invalid) {
    EXPECT_EQ(FindInvalidUtf8(bytes), 0u) << testing::PrintToString(bytes);
    EXPECT_EQ(FindInvalidUtf8("eleven byte" + bytes), 11u) << testing::PrintToString(bytes);
    EXPECT_EQ(FindInvalidUtf8("\xC3\xA9" + bytes + "tail"), 2u) << testing::PrintToString(bytes);
  }
}

TEST(Utf8, CheckNamesWhatAndWhere) {
  EXPECT_TRUE(CheckUtf8("h\xC3\xA9", "title").ok());
  const Status status = CheckUtf8("abc\xFF", "title");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "title: invalid UTF-8 at byte 3 of 4");
}

TEST(Utf8, CountsCodePointsNotBytes) {
  EXPECT_EQ(CountCodePoints(""), 0u);
  EXPECT_EQ(CountCodePoints("abc"), 3u);
  EXPECT_EQ(CountCodePoints("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), 3u);
  EXPECT_EQ(CountCodePoints("a long line of text with \xE2\x82\xAC in it"), 32u);
}

/// A code point that is not a surrogate, of each encoded length about equally often.
char32_t RandomCodePoint(std::mt19937_64& random) {
  const char32_t bounds[] = {0, 0x80, 0x800, 0x10000, 0x110000};
  for (;;) {
    const std::size_t length = random() % 4;
    const char32_t value =
        bounds[length] + static_cast<char32_t>(random() % (bounds[length + 1] - bounds[length]));
    if (value < 0xD800 || value > 0xDFFF) return value;
  }
}

struct RandomText {
  std::string bytes;
  std::vector<std::size_t> starts;  // Byte offset of each code point, and of the end.
};

RandomText MakeRandomText(std::mt19937_64& random) {
  RandomText text;
  const std::size_t length = random() % 80;
  const bool mostly_ascii = random() % 2 == 0;
  for (std::size_t i = 0; i < length; ++i) {
    text.starts.push_back(text.bytes.size());
    const bool ascii = mostly_ascii && random() % 8 != 0;
    utf8proc_uint8_t encoded[4];
    const char32_t value = ascii ? static_cast<char32_t>(random() % 128) : RandomCodePoint(random);
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(value), encoded);
    text.bytes.append(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
  }
  text.starts.push_back(text.bytes.size());
  return text;
}

/// The first byte at which utf8proc finds an invalid sequence.
std::optional<std::size_t> FirstInvalidByUtf8proc(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                         static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    if (length < 0) return at;
    at += static_cast<std::size_t>(length);
  }
  return std::nullopt;
}

TEST(Utf8, AgreesWithUtf8procOnDamagedTexts) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(5'000); ++i) {
    std::string text = MakeRandomText(random).bytes;
    EXPECT_FALSE(FindInvalidUtf8(text));
    if (text.empty()) continue;
    const std::size_t damages = random() % 4;
    for (std::size_t k = 0; k < damages; ++k)
      text[random() % text.size()] = static_cast<char>(random());
    ASSERT_EQ(FindInvalidUtf8(text), FirstInvalidByUtf8proc(text)) << testing::PrintToString(text);
  }
}

TEST(CodePointIndex, AnswersOffsetsInAnyOrder) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(500); ++i) {
    const RandomText text = MakeRandomText(random);
    CodePointIndex index(text.bytes);
    ASSERT_EQ(index.code_points(), text.starts.size() - 1);
    for (int k = 0; k < 50; ++k) {
      const std::size_t code_point = random() % text.starts.size();
      if (random() % 2 == 0) {
        ASSERT_EQ(index.ToByte(code_point), text.starts[code_point]);
      } else {
        ASSERT_EQ(index.ToCodePoint(text.starts[code_point]), code_point);
      }
    }
  }
}

TEST(CodePointIndex, EndOfTextIsAPosition) {
  const std::string text = "\xC3\xA9t\xC3\xA9";
  CodePointIndex index(text);
  EXPECT_EQ(index.ToByte(3), text.size());
  EXPECT_EQ(index.ToCodePoint(text.size()), 3u);
  EXPECT_EQ(CodePointIndex("").ToByte(0), 0u);
}

}  // namespace
}  // namespace tracevec
