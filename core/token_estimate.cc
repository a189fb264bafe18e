#include "core/token_estimate.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace tracevec {
namespace {

enum class ByteKind : std::uint8_t { kSpace, kBreak, kLetter, kDigit, kSign, kBeyondAscii };

constexpr ByteKind ByteKindOf(unsigned char byte) {
  if (byte >= 0x80) return ByteKind::kBeyondAscii;
  if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return ByteKind::kLetter;
  if (byte >= '0' && byte <= '9') return ByteKind::kDigit;
  if (byte == '\n' || byte == '\r') return ByteKind::kBreak;
  return byte <= ' ' ? ByteKind::kSpace : ByteKind::kSign;
}

constexpr std::array<ByteKind, 256> kKinds = [] {
  std::array<ByteKind, 256> kinds{};
  for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
    kinds[byte] = ByteKindOf(static_cast<unsigned char>(byte));
  }
  return kinds;
}();

ByteKind ByteKindAt(std::string_view text, std::size_t at) {
  return kKinds[static_cast<unsigned char>(text[at])];
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

/// The end of a word of letters: identifiers are cut where upper case begins, as tokenizers do.
std::size_t EndOfLetters(std::string_view text, std::size_t at) {
  while (at < text.size() && ByteKindAt(text, at) == ByteKind::kLetter) {
    ++at;
    const bool next_begins = at < text.size() && IsUpper(text[at]) && !IsUpper(text[at - 1]);
    if (next_begins) break;
  }
  return at;
}

}  // namespace

std::uint32_t EstimateTokens(std::string_view text) {
  double tokens = 0;
  for (std::size_t at = 0; at < text.size();) {
    const ByteKind kind = ByteKindAt(text, at);
    std::size_t end = at + 1;
    if (kind == ByteKind::kLetter) {
      end = EndOfLetters(text, at);
    } else {
      while (end < text.size() && ByteKindAt(text, end) == kind) ++end;
    }
    const auto size = static_cast<double>(end - at);
    switch (kind) {
      case ByteKind::kLetter: tokens += size <= 8 ? 1 : 1 + (size - 8) / 5; break;
      case ByteKind::kDigit: tokens += (size + 2) / 3; break;
      case ByteKind::kSign: tokens += (size + 1) / 2; break;
      case ByteKind::kBreak: tokens += 1; break;
      case ByteKind::kSpace: tokens += size > 1 ? 1 : 0; break;
      case ByteKind::kBeyondAscii: tokens += size / 3; break;
    }
    at = end;
  }
  return static_cast<std::uint32_t>(std::lround(tokens));
}

}  // namespace tracevec
