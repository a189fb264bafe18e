#include "index/postings.h"

#include "index/term_order.h"

namespace tracevec {

std::size_t Postings::LowerBound(std::string_view wanted) const {
  return LowerBoundOfTerms(terms(), wanted, [this](std::size_t i) { return term(i); });
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
