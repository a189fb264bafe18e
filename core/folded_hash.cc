#include "core/folded_hash.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tracevec {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kEachByte = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

constexpr std::uint64_t RepeatByte(std::uint64_t byte) { return byte * kEachByte; }

/// The high bit of each byte below 0x80 that is at least `low`. REQUIRES: no high bit in `bytes`.
constexpr std::uint64_t AtLeast(std::uint64_t bytes, std::uint64_t low) {
  return (bytes + RepeatByte(0x80 - low)) & kHighBits;
}

/// Eight bytes in lower case.
constexpr std::uint64_t LowerWord(std::uint64_t word) {
  const std::uint64_t seven = word & ~kHighBits;
  const std::uint64_t upper = AtLeast(seven, 'A') & ~AtLeast(seven, 'Z' + 1) & ~word & kHighBits;
  return word | upper >> 2;  // 0x80 >> 2 is the bit between the cases.
}

/// Whether eight bytes are letters and such with single spaces between them, none of them first:
/// nothing to collapse. `word` may hold U+00A0, which starts with 0xC2: then they are not.
constexpr bool IsPlain(std::uint64_t word) {
  const std::uint64_t seven = word & ~kHighBits;
  const std::uint64_t control = ~AtLeast(seven, 0x21) & ~word & kHighBits;  // Space and below.
  const std::uint64_t above_space = AtLeast(seven, 0x20);
  const bool only_spaces = (control & ~above_space) == 0;
  const bool single = (control & (control << 8 | 0x80)) == 0;
  const std::uint64_t c2 = word ^ RepeatByte(0xC2);
  const bool no_c2 = ((c2 - kEachByte) & ~c2 & kHighBits) == 0;
  return only_spaces && single && no_c2;
}

/// Bytes of white space at `at`, or 0.
std::size_t SpaceAt(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return 1;
  const bool no_break = byte == 0xC2 && at + 1 < text.size() && text[at + 1] == '\xA0';
  return no_break ? 2 : 0;
}

}  // namespace

void FoldSpaceAndCase(std::string_view text, std::string* folded) {
  folded->resize(text.size() + kWord);
  char* out = folded->data();
  char* const begin = out;
  std::size_t at = 0;
  while (at < text.size()) {
    // Eight bytes at a time where there is nothing to collapse.
    if (text.size() - at >= kWord) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, kWord);
      if (IsPlain(word)) {
        word = LowerWord(word);
        std::memcpy(out, &word, kWord);
        at += kWord;
        out += kWord;
        // A space at the end is looked at again, with what follows.
        if (out[-1] != ' ' || at == text.size()) continue;
        --at;
        --out;
      }
    }
    if (const std::size_t space = SpaceAt(text, at); space > 0) {
      if (out != begin && out[-1] != ' ') *out++ = ' ';
      at += space;
      continue;
    }
    const char c = text[at++];
    *out++ = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (out != begin && out[-1] == ' ') --out;
  folded->resize(static_cast<std::size_t>(out - begin));
}

ContentHash FoldedHasher::Hash(std::string_view text) {
  FoldSpaceAndCase(text, &folded_);
  return HashContent(folded_);
}

}  // namespace tracevec
