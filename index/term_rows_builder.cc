#include "index/term_rows_builder.h"

#include <algorithm>

namespace tracevec {

void TermRowsBuilder::Add(std::uint32_t row, std::uint32_t count, std::uint64_t positions) {
  constexpr std::uint32_t kLargestStep = 65'535;
  if (first_block_ == blocks.size() || blocks.back().count == PostingsBlock::kMostRows ||
      row - blocks.back().first_row > kLargestStep) {
    PostingsBlock block;
    block.first_row = row;
    block.begin = rows.size();
    block.positions = positions;
    block.least_length = lengths_[row];
    blocks.push_back(block);
  }
  PostingsBlock& block = blocks.back();
  block.last_row = row;
  block.least_length = std::min(block.least_length, lengths_[row]);
  block.most_times = std::max(block.most_times, static_cast<std::uint16_t>(count));
  ++block.count;
  rows.push_back(static_cast<std::uint16_t>(row - block.first_row));
  times.push_back(static_cast<std::uint16_t>(count));
}

TermRows TermRowsBuilder::view() const { return {blocks, rows.data(), times.data(), rows.size()}; }

}  // namespace tracevec
