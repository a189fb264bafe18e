#include "index/row_terms.h"

#include <algorithm>
#include <numeric>

#include "index/term_order.h"

namespace tracevec {

std::shared_ptr<const RowTerms> RowTerms::Make(const Analyzer& analyzer, std::string_view text) {
  thread_local TermList terms;
  analyzer.Analyze(text, &terms);
  auto row = std::make_shared<RowTerms>();
  row->length_ = static_cast<std::uint32_t>(terms.terms.size());
  std::vector<std::uint32_t> order(terms.terms.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [](std::uint32_t a, std::uint32_t b) {
    const int compared = terms.term(a).compare(terms.term(b));
    return compared != 0 ? compared < 0 : a < b;
  });
  row->positions_.reserve(order.size());
  for (const std::uint32_t i : order) {
    const std::string_view term = terms.term(i);
    if (row->entries_.empty() || row->term(row->entries_.size() - 1) != term) {
      Entry entry;
      entry.begin = static_cast<std::uint32_t>(row->bytes_.size());
      entry.first_position = static_cast<std::uint32_t>(row->positions_.size());
      entry.size = static_cast<std::uint16_t>(term.size());
      row->entries_.push_back(entry);
      row->bytes_ += term;
      const std::uint32_t mark = MarkOf(term);
      row->marks_[mark / 64] |= std::uint64_t{1} << (mark % 64);
    }
    Entry& entry = row->entries_.back();
    if (entry.times == kMostTimes) continue;
    ++entry.times;
    row->positions_.push_back(terms.terms[i].position);
  }
  row->bytes_.shrink_to_fit();
  row->entries_.shrink_to_fit();
  // What one huge text took is not kept.
  constexpr std::size_t kMostKept = std::size_t{1} << 20;
  if (terms.bytes.capacity() > kMostKept) terms = TermList();
  return row;
}

std::size_t RowTerms::LowerBound(std::string_view wanted) const {
  return LowerBoundOfTerms(size(), wanted, [this](std::size_t i) { return term(i); });
}

std::size_t RowTerms::memory_bytes() const {
  return sizeof(RowTerms) + bytes_.capacity() + entries_.capacity() * sizeof(Entry) +
         positions_.capacity() * sizeof(std::uint32_t);
}

}  // namespace tracevec
