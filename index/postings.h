#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tracevec {

/// Up to kMostRows rows of a term. Numbers of rows stand in 16 bits, as what they are more than the
/// block's first row, so that a block is searched where it lies and nothing is decoded; a block
/// ends where that has no room. Part of the bytes of an image (storage/FORMAT.md).
struct PostingsBlock {
  static constexpr std::uint32_t kMostRows = 128;

  std::uint32_t first_row = 0;
  std::uint32_t last_row = 0;
  std::uint64_t begin = 0;         ///< Of its rows, and of their counts.
  std::uint64_t positions = 0;     ///< Where the positions of its first row begin.
  std::uint32_t least_length = 0;  ///< Of the texts of its rows, in terms.
  std::uint16_t most_times = 0;    ///< That the term stands in one of them.
  std::uint16_t count = 0;
};
static_assert(sizeof(PostingsBlock) == 32);

/// The rows that have a term, ascending. Refers to what it was made of.
struct TermRows {
  std::span<const PostingsBlock> blocks;
  const std::uint16_t* rows = nullptr;   ///< Of all terms, see PostingsBlock::begin.
  const std::uint16_t* times = nullptr;  ///< How often the term stands in each, at least once.
  std::uint64_t count = 0;

  bool empty() const { return blocks.empty(); }
  /// Calls take(row, times) for each.
  template <typename Take>
  void ForEach(const Take& take) const {
    for (const PostingsBlock& block : blocks) {
      for (std::uint32_t i = 0; i < block.count; ++i) {
        take(block.first_row + rows[block.begin + i],
             static_cast<std::uint32_t>(times[block.begin + i]));
      }
    }
  }
};

/// Reads positions: of each row of a term, in order, as many numbers as the term stands in it, each
/// as what it is more than the one before, in LEB128. Bytes that end early give zeros.
class PositionReader {
 public:
  PositionReader() = default;
  PositionReader(std::span<const std::uint8_t> bytes, std::uint64_t begin)
      : bytes_(bytes), at_(begin < bytes.size() ? begin : bytes.size()) {}

  std::uint32_t Next() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 32 && at_ < bytes_.size(); shift += 7) {
      const std::uint8_t byte = bytes_[at_++];
      value |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  void Skip(std::uint32_t numbers) {
    while (numbers > 0 && at_ < bytes_.size()) numbers -= bytes_[at_++] < 0x80;
  }
  std::uint64_t at() const { return at_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::uint64_t at_ = 0;
};

/// The inverted index of the rows of a set: their terms in ascending order, the rows of each, and
/// where in a row's text they stand. Refers to an image, or to a PostingsData. Immutable; safe for
/// concurrent use.
struct Postings {
  std::span<const std::uint32_t> lengths;
  std::span<const std::uint64_t> term_offsets;  ///< One more than there are terms.
  const char* term_bytes = nullptr;
  std::span<const std::uint64_t> first_blocks;  ///< Of terms, and one more.
  std::span<const PostingsBlock> blocks;
  std::span<const std::uint16_t> rows;
  std::span<const std::uint16_t> times;
  std::span<const std::uint8_t> positions;

  std::size_t terms() const { return first_blocks.empty() ? 0 : first_blocks.size() - 1; }
  std::string_view term(std::size_t i) const {
    return {term_bytes + term_offsets[i], term_offsets[i + 1] - term_offsets[i]};
  }
  /// The first term that is not less.
  std::size_t LowerBound(std::string_view term) const;
  std::optional<std::size_t> Find(std::string_view term) const;
  TermRows RowsOf(std::size_t term) const;
  std::size_t bytes() const;
};

}  // namespace tracevec
