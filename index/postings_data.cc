#include "index/postings_data.h"

#include <utility>

namespace tracevec {

PostingsData::PostingsData(std::vector<std::uint32_t> lengths)
    : lengths_(std::move(lengths)), term_rows_(lengths_) {}

void PostingsData::BeginTerm(std::string_view term) {
  term_bytes_ += term;
  term_offsets_.push_back(term_bytes_.size());
  first_blocks_.push_back(term_rows_.blocks.size());
  term_rows_.BeginTerm();
}

void PostingsData::AddRow(std::uint32_t row, std::uint32_t times) {
  term_rows_.Add(row, times, positions_.size());
  first_blocks_.back() = term_rows_.blocks.size();
}

void PostingsData::AddPositionStep(std::uint32_t step) {
  while (step >= 0x80) {
    positions_.push_back(static_cast<std::uint8_t>(step | 0x80));
    step >>= 7;
  }
  positions_.push_back(static_cast<std::uint8_t>(step));
}

Postings PostingsData::view() const {
  Postings postings;
  postings.lengths = lengths_;
  postings.term_offsets = term_offsets_;
  postings.term_bytes = term_bytes_.data();
  postings.first_blocks = first_blocks_;
  postings.blocks = term_rows_.blocks;
  postings.rows = term_rows_.rows;
  postings.times = term_rows_.times;
  postings.positions = positions_;
  return postings;
}

}  // namespace tracevec
