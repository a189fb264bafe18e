#include "core/word_reader.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace tracevec {
namespace {

struct CodePointRange {
  char32_t first;
  char32_t last;
};

/// Blocks whose letters follow each other without spaces between words: Han, Hiragana, Katakana and
/// Hangul, ascending. Only their letters and numbers count; punctuation among them separates.
constexpr CodePointRange kIdeographs[] = {
    {0x1100, 0x11FF}, {0x2E80, 0x2FDF}, {0x3005, 0x3007}, {0x3021, 0x3029},   {0x3031, 0x3035},
    {0x3038, 0x303C}, {0x3041, 0x3096}, {0x309D, 0x309F}, {0x30A1, 0x30FA},   {0x30FC, 0x30FF},
    {0x3131, 0x318E}, {0x31F0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7FF}, {0xF900, 0xFAFF}, {0xFF66, 0xFFDC}, {0x1B000, 0x1B16F}, {0x20000, 0x3FFFF},
};

bool IsIdeograph(char32_t code_point) {
  const auto* const found = std::lower_bound(
      std::begin(kIdeographs), std::end(kIdeographs), code_point,
      [](const CodePointRange& range, char32_t value) { return range.last < value; });
  return found != std::end(kIdeographs) && found->first <= code_point;
}

constexpr char32_t kZeroWidthSpace = 0x200B;
constexpr char32_t kRightSingleQuote = 0x2019;

/// What stands at a byte. A size of 0: no UTF-8.
struct DecodedCodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

DecodedCodePoint DecodeWordAt(std::string_view text, std::size_t byte) {
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t size =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + byte,
                       static_cast<utf8proc_ssize_t>(text.size() - byte), &value);
  if (size <= 0 || value < 0) return {};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(size)};
}

}  // namespace

WordReader::Class WordReader::ClassOf(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return IsIdeograph(code_point) ? Class::kIdeograph : Class::kLetter;
    case UTF8PROC_CATEGORY_ND: return Class::kDigit;
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return IsIdeograph(code_point) ? Class::kIdeograph : Class::kDigit;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_PC: return Class::kExtend;
    case UTF8PROC_CATEGORY_CF:
      return code_point == kZeroWidthSpace ? Class::kOther : Class::kExtend;
    default: return Class::kOther;
  }
}

WordReader::At WordReader::ClassAt(std::size_t byte) const {
  static constexpr std::array<Class, 128> kAscii = [] {
    std::array<Class, 128> classes{};
    for (unsigned char c = '0'; c <= '9'; ++c) classes[c] = Class::kDigit;
    for (unsigned char c = 'a'; c <= 'z'; ++c) classes[c] = Class::kLetter;
    for (unsigned char c = 'A'; c <= 'Z'; ++c) classes[c] = Class::kLetter;
    classes['_'] = Class::kExtend;
    return classes;
  }();
  const auto first = static_cast<unsigned char>(text_[byte]);
  if (first < 128) return {kAscii[first], 1};
  const DecodedCodePoint decoded = DecodeWordAt(text_, byte);
  if (decoded.size == 0) return {Class::kOther, 1};
  return {ClassOf(decoded.value), decoded.size};
}

std::size_t WordReader::JoinerAt(std::size_t byte, Class before) const {
  std::size_t size = 1;
  const char c = text_[byte];
  if (before == Class::kDigit) {
    if (c != '.' && c != ',') return 0;
  } else if (before != Class::kLetter) {
    return 0;
  } else if (c != '\'') {
    if (static_cast<unsigned char>(c) < 128) return 0;
    const DecodedCodePoint decoded = DecodeWordAt(text_, byte);
    if (decoded.value != kRightSingleQuote) return 0;
    size = decoded.size;
  }
  if (byte + size >= text_.size()) return 0;
  return ClassAt(byte + size).kind == before ? size : 0;
}

std::size_t WordReader::EndOfWord(std::size_t begin, Class first, bool* has_content) const {
  std::size_t end = begin;
  Class before = first;
  *has_content = first != Class::kExtend;
  while (end < text_.size()) {
    const At at = ClassAt(end);
    if (at.kind == Class::kLetter || at.kind == Class::kDigit) {
      *has_content = true;
      before = at.kind;
      end += at.size;
    } else if (at.kind == Class::kExtend) {
      end += at.size;  // A mark leaves the letter before it what it is.
    } else {
      const std::size_t joiner = JoinerAt(end, before);
      if (joiner == 0) break;
      end += joiner;
    }
  }
  return end;
}

std::size_t WordReader::EndOfIdeographs(std::size_t begin) const {
  std::size_t end = begin;
  while (end < text_.size()) {
    const At at = ClassAt(end);
    if (at.kind != Class::kIdeograph && at.kind != Class::kExtend) break;
    end += at.size;
  }
  return end;
}

bool WordReader::Next(Word* word) {
  while (at_ < text_.size()) {
    const At at = ClassAt(at_);
    if (at.kind == Class::kOther) {
      at_ += at.size;
      continue;
    }
    const std::size_t begin = at_;
    bool has_content = true;
    const bool ideographs = at.kind == Class::kIdeograph;
    at_ = ideographs ? EndOfIdeographs(begin) : EndOfWord(begin, at.kind, &has_content);
    if (!has_content) continue;  // Connectors and marks alone are no word.
    *word = {text_.substr(begin, at_ - begin), ideographs};
    return true;
  }
  return false;
}

}  // namespace tracevec
