#include "core/shingles.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tracevec {
namespace {

constexpr std::size_t kShingleWords = 3;
constexpr std::size_t kBlock = 64;  // Bytes that one mask tells of.
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;
constexpr std::uint32_t kNone = ~std::uint32_t{0};
// Odd constants from the fractional part of the golden ratio and of the square root of 2.
constexpr std::uint64_t kMixA = 0x9E3779B97F4A7C15;
constexpr std::uint64_t kMixB = 0x6A09E667F3BCC909;

constexpr std::uint64_t AtLeastByte(std::uint64_t sevens, std::uint64_t low) {
  return (sevens + kOnes * (0x80 - low)) & kHighs;
}

/// A bit for each of eight bytes that belongs to a word.
constexpr std::uint64_t WordBits(std::uint64_t bytes) {
  const std::uint64_t sevens = bytes & ~kHighs;
  const std::uint64_t lower = sevens | kOnes * 0x20;
  const std::uint64_t letters = AtLeastByte(lower, 'a') & ~AtLeastByte(lower, 'z' + 1);
  const std::uint64_t digits = AtLeastByte(sevens, '0') & ~AtLeastByte(sevens, '9' + 1);
  const std::uint64_t scores = AtLeastByte(sevens, '_') & ~AtLeastByte(sevens, '_' + 1);
  const std::uint64_t found = (letters | digits | scores | bytes) & kHighs;
  // Brings the eighth bit of each byte together in the highest byte.
  return ((found >> 7) * 0x0102040810204080) >> 56;
}

constexpr std::uint64_t LowerBytes(std::uint64_t bytes) {
  return bytes | (kOnes * 0x20 & ~((bytes & kHighs) >> 2));
}

constexpr std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t mixed = (a ^ kMixA) * kMixB + (b ^ kMixB) * kMixA;
  return mixed ^ mixed >> 32;
}

/// Up to eight bytes, the rest 0.
std::uint64_t LoadBytes(const char* from, std::size_t count) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, from, std::min<std::size_t>(count, sizeof bytes));
  return bytes;
}

/// A hash of text[begin, end) in lower case. Reading eight bytes beyond `begin` and masking is
/// allowed as long as the text has them.
std::uint64_t HashWord(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t size = end - begin;
  const char* const from = text.data() + begin;
  std::uint64_t first = 0;
  if (begin + sizeof first <= text.size()) {
    std::memcpy(&first, from, sizeof first);
    if (size < sizeof first) first &= (std::uint64_t{1} << 8 * size) - 1;
  } else {
    first = LoadBytes(from, size);
  }
  // Bytes that are not there are 0, and 0x20 in lower case: that says nothing but the length.
  std::uint64_t hash = Mix(LowerBytes(first), size);
  for (std::size_t at = sizeof first; at < size; at += sizeof first) {
    hash = Mix(hash, LowerBytes(LoadBytes(from + at, size - at)));
  }
  return hash;
}

/// Whether a byte starts a character of three bytes in U+3000 to U+9FFF: Kana, Han and their
/// punctuation, between which there are no spaces.
constexpr bool StartsIdeograph(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0xE3 && value <= 0xE9;
}

void AddShingle(std::uint64_t shingle, ShingleSketch* sketch) {
  const std::size_t place = shingle >> 58;
  static_assert(ShingleSketch::kPlaces == std::size_t{1} << (64 - 58));
  const auto value = std::min(static_cast<std::uint32_t>(shingle), kNone - 1);
  sketch->places[place] = std::min(sketch->places[place], value);
}

/// Gives places without a shingle a value of another's.
void Densify(ShingleSketch* sketch) {
  const std::array<std::uint32_t, ShingleSketch::kPlaces> found = sketch->places;
  for (std::size_t place = 0; place < found.size(); ++place) {
    std::uint64_t hash = place + 1;
    while (sketch->places[place] == kNone) {
      hash = Mix(hash, place);
      sketch->places[place] = found[hash >> 58];
    }
  }
}

}  // namespace

double ShingleSketch::Similarity(const ShingleSketch& other) const {
  if (empty || other.empty) return 0;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < kPlaces; ++i) equal += places[i] == other.places[i] ? 1 : 0;
  return static_cast<double>(equal) / static_cast<double>(kPlaces);
}

void ShingleSketcher::AddWords(std::string_view text) {
  masks_.assign(text.size() / kBlock + 1, 0);  // One byte more than the text: words end in it.
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    masks_[at / kBlock] |= WordBits(bytes) << at % kBlock;
  }
  masks_[at / kBlock] |= WordBits(LoadBytes(text.data() + at, text.size() - at)) << at % kBlock;

  // Words begin and end where the bit differs from the one before.
  std::size_t begin = 0;
  bool in_word = false;
  std::uint64_t carry = 0;
  for (std::size_t block = 0; block < masks_.size(); ++block) {
    const std::uint64_t mask = masks_[block];
    std::uint64_t borders = mask ^ (mask << 1 | carry);
    carry = mask >> 63;
    for (; borders != 0; borders &= borders - 1) {
      const std::size_t border =
          block * kBlock + static_cast<std::size_t>(std::countr_zero(borders));
      if (in_word) words_.push_back(HashWord(text, begin, border));
      begin = border;
      in_word = !in_word;
    }
  }
  if (in_word) words_.push_back(HashWord(text, begin, text.size()));
}

void ShingleSketcher::AddWordsAndIdeographs(std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!StartsIdeograph(text[at])) {
      ++at;
      continue;
    }
    AddWords(text.substr(begin, at - begin));
    const std::size_t end = std::min(at + 3, text.size());
    words_.push_back(HashWord(text, at, end));
    begin = at = end;
  }
  AddWords(text.substr(begin));
}

void ShingleSketcher::Sketch(std::string_view text, ShingleSketch* sketch) {
  sketch->places.fill(kNone);
  words_.clear();
  if (std::none_of(text.begin(), text.end(), StartsIdeograph)) {
    AddWords(text);
  } else {
    AddWordsAndIdeographs(text);
  }
  sketch->empty = words_.empty();
  if (sketch->empty) return;
  if (words_.size() < kShingleWords) {
    std::uint64_t all = words_.size();
    for (const std::uint64_t word : words_) all = Mix(all, word);
    AddShingle(all, sketch);
  }
  for (std::size_t i = 0; i + kShingleWords <= words_.size(); ++i) {
    AddShingle(Mix(Mix(words_[i], words_[i + 1]), words_[i + 2]), sketch);
  }
  Densify(sketch);
}

}  // namespace tracevec
