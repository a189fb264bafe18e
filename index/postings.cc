#include "index/postings.h"

namespace tracevec {

std::size_t Postings::LowerBound(std::string_view wanted) const {
  std::size_t first = 0;
  std::size_t last = terms();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (term(middle) < wanted) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

std::optional<std::size_t> Postings::Find(std::string_view wanted) const {
  const std::size_t at = LowerBound(wanted);
  if (at == terms() || term(at) != wanted) return std::nullopt;
  return at;
}

TermRows Postings::RowsOf(std::size_t term) const {
  TermRows found;
  found.blocks = blocks.subspan(first_blocks[term], first_blocks[term + 1] - first_blocks[term]);
  found.rows = rows.data();
  found.times = times.data();
  if (!found.empty()) {
    found.count = found.blocks.back().begin + found.blocks.back().count - found.blocks[0].begin;
  }
  return found;
}

std::size_t Postings::bytes() const {
  return lengths.size_bytes() + term_offsets.size_bytes() +
         (term_offsets.empty() ? 0 : term_offsets.back()) + first_blocks.size_bytes() +
         blocks.size_bytes() + rows.size_bytes() + times.size_bytes() + positions.size_bytes();
}

}  // namespace tracevec
