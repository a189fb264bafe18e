#include "core/utf8.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace tracevec {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kHighBits = 0x8080808080808080;
constexpr std::uint64_t kLowBits = 0x0101010101010101;

std::uint64_t LoadWord(const char* data) {
  std::uint64_t word = 0;
  std::memcpy(&word, data, kWord);
  return word;
}

unsigned ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool IsContinuation(unsigned byte) { return (byte & 0xC0) == 0x80; }

/// Bytes of a word that start a code point, which are all but 10xxxxxx.
std::size_t CountStarts(std::uint64_t word) {
  const std::uint64_t continuations = (word >> 7) & (~word >> 6) & kLowBits;
  // Adds up the bytes, in the highest: counting bits is a call where no processor is assumed.
  return kWord - static_cast<std::size_t>((continuations * kLowBits) >> 56);
}

/// First byte at or after `at` that is not ASCII, or text.size(). Eight bytes a step: most text is
/// ASCII, and validation runs over every byte that is put.
std::size_t SkipAscii(std::string_view text, std::size_t at) {
  while (text.size() - at >= kWord && (LoadWord(text.data() + at) & kHighBits) == 0) at += kWord;
  while (at < text.size() && ByteAt(text, at) < 0x80) ++at;
  return at;
}

/// Length of the well-formed sequence of two to four bytes at `at`, or 0. The ranges are those of
/// table 3-7 of the Unicode standard: only the second byte depends on the first, and its range is
/// what excludes overlong forms, surrogates and code points past U+10FFFF.
std::size_t SequenceLength(std::string_view text, std::size_t at) {
  const unsigned lead = ByteAt(text, at);
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() - at < length) return 0;
  const unsigned second = ByteAt(text, at + 1);
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!IsContinuation(ByteAt(text, at + i))) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  for (std::size_t at = SkipAscii(text, 0); at < text.size();) {
    const std::size_t length = SequenceLength(text, at);
    if (length == 0) return at;
    at += length;
    if (at < text.size() && ByteAt(text, at) < 0x80) at = SkipAscii(text, at);
  }
  return std::nullopt;
}

Status CheckUtf8(std::string_view text, std::string_view what) {
  const std::optional<std::size_t> invalid = FindInvalidUtf8(text);
  if (!invalid) return Status::Ok();
  return Status::InvalidArgument(std::string(what) + ": invalid UTF-8 at byte " +
                                 std::to_string(*invalid) + " of " + std::to_string(text.size()));
}

std::size_t CountCodePoints(std::string_view text) {
  std::size_t count = 0;
  std::size_t at = 0;
  for (; text.size() - at >= kWord; at += kWord) count += CountStarts(LoadWord(text.data() + at));
  for (; at < text.size(); ++at) count += IsContinuation(ByteAt(text, at)) ? 0 : 1;
  return count;
}

CodePointIndex::CodePointIndex(std::string_view text)
    : text_(text), code_points_(CountCodePoints(text)), ascii_(code_points_ == text.size()) {}

std::size_t CodePointIndex::ToByte(std::size_t code_point) {
  code_point = std::min(code_point, code_points_);
  if (ascii_) return code_point;
  MoveTo(code_point);
  return at_byte_;
}

std::size_t CodePointIndex::ToCodePoint(std::size_t byte) {
  byte = std::min(byte, text_.size());
  if (ascii_) return byte;
  if (byte < at_byte_ / 2) at_code_point_ = at_byte_ = 0;
  if (byte >= at_byte_) {
    at_code_point_ += CountCodePoints(text_.substr(at_byte_, byte - at_byte_));
  } else {
    at_code_point_ -= CountCodePoints(text_.substr(byte, at_byte_ - byte));
  }
  at_byte_ = byte;
  return at_code_point_;
}

// Both directions keep this true at every step: at_code_point_ code points start before at_byte_.
void CodePointIndex::MoveTo(std::size_t code_point) {
  if (code_point < at_code_point_ / 2) at_code_point_ = at_byte_ = 0;
  while (at_code_point_ < code_point && text_.size() - at_byte_ >= kWord) {
    const std::size_t starts = CountStarts(LoadWord(text_.data() + at_byte_));
    if (at_code_point_ + starts > code_point) break;
    at_code_point_ += starts;
    at_byte_ += kWord;
  }
  while (at_byte_ < text_.size()) {
    if (!IsContinuation(ByteAt(text_, at_byte_))) {
      if (at_code_point_ >= code_point) break;
      ++at_code_point_;
    }
    ++at_byte_;
  }
  while (at_code_point_ > code_point && at_byte_ >= kWord) {
    const std::size_t starts = CountStarts(LoadWord(text_.data() + at_byte_ - kWord));
    // Not `<`: a word back from here may begin inside the code point before the one sought.
    if (at_code_point_ <= code_point + starts) break;
    at_code_point_ -= starts;
    at_byte_ -= kWord;
  }
  while (at_code_point_ > code_point) {
    --at_byte_;
    if (!IsContinuation(ByteAt(text_, at_byte_))) --at_code_point_;
  }
}

}  // namespace tracevec
