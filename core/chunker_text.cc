#include "core/chunker_internal.h"

namespace tracevec {
namespace {

unsigned ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool IsContinuation(unsigned byte) { return (byte & 0xC0) == 0x80; }

bool IsAsciiWhiteSpace(unsigned byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

}  // namespace

DecodedCodePoint DecodeAt(std::string_view text, std::size_t at) {
  const unsigned lead = ByteAt(text, at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (ByteAt(text, at + i) & 0x3F);
  return {value, length};
}

DecodedCodePoint DecodeBefore(std::string_view text, std::size_t at) {
  std::size_t begin = at - 1;
  while (begin > 0 && IsContinuation(ByteAt(text, begin))) --begin;
  return DecodeAt(text, begin);
}

bool IsWhiteSpace(char32_t code_point) {
  if (code_point < 0x80) return IsAsciiWhiteSpace(code_point);
  switch (code_point) {
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000: return true;
    default: return code_point >= 0x2000 && code_point <= 0x200A;
  }
}

std::size_t SkipWhiteSpace(std::string_view text, ByteRange range) {
  while (range.begin < range.end) {
    const DecodedCodePoint code_point = DecodeAt(text, range.begin);
    if (!IsWhiteSpace(code_point.value)) break;
    range.begin += code_point.length;
  }
  return range.begin;
}

ByteRange Trim(std::string_view text, ByteRange range) {
  range.begin = SkipWhiteSpace(text, range);
  while (range.begin < range.end) {
    const DecodedCodePoint code_point = DecodeBefore(text, range.end);
    if (!IsWhiteSpace(code_point.value)) break;
    range.end -= code_point.length;
  }
  return range;
}

}  // namespace tracevec
