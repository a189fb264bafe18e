#include "index/postings_check.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/format.h>

namespace tracevec {
namespace {

Status DamagedPostings(std::string_view what, std::size_t place) {
  return Status::Corruption(fmt::format("segment image: postings: {} {}", what, place));
}

/// Whether a block's rows ascend from its first to its last, and each has the term. Without a
/// branch a row, so that it takes vector instructions.
bool RowsAreIn(const PostingsBlock& block, const Postings& postings) {
  const auto rows = postings.rows.subspan(block.begin, block.count);
  const auto times = postings.times.subspan(block.begin, block.count);
  unsigned wrong = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    wrong |= static_cast<unsigned>(rows[i] <= rows[i - 1]);
  }
  for (const std::uint16_t count : times) wrong |= static_cast<unsigned>(count == 0);
  return wrong == 0 && rows.front() == 0 && rows.back() == block.last_row - block.first_row;
}

}  // namespace

Status CheckPostings(const Postings& postings) {
  const auto& first = postings.first_blocks;
  if (first.front() != 0 || first.back() != postings.blocks.size() ||
      std::adjacent_find(first.begin(), first.end(), std::greater_equal<>()) != first.end()) {
    return DamagedPostings("blocks of terms do not cover all", postings.blocks.size());
  }
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < postings.blocks.size(); ++i) {
    const PostingsBlock& block = postings.blocks[i];
    const bool fits = block.begin == begin && block.count > 0 &&
                      block.count <= PostingsBlock::kMostRows && block.most_times > 0 &&
                      block.count <= postings.rows.size() - begin &&
                      block.first_row <= block.last_row && block.last_row < postings.lengths.size();
    if (!fits || !RowsAreIn(block, postings)) return DamagedPostings("block", i);
    begin += block.count;
  }
  if (begin != postings.rows.size()) return DamagedPostings("rows after the last block,", begin);
  for (std::size_t term = 0; term < postings.terms(); ++term) {
    for (std::uint64_t i = first[term] + 1; i < first[term + 1]; ++i) {
      if (postings.blocks[i].first_row <= postings.blocks[i - 1].last_row) {
        return DamagedPostings("the rows of a term do not ascend, block", i);
      }
    }
  }
  return Status::Ok();
}

}  // namespace tracevec
