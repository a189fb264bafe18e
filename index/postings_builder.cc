#include "index/postings_builder.h"

#include <algorithm>
#include <utility>

namespace tracevec {

void PostingsBuilder::Add(std::string_view term, std::uint32_t place) {
  const auto [found, is_new] =
      numbers_.try_emplace(term, static_cast<std::uint32_t>(pieces_.size()));
  if (is_new) pieces_.emplace_back();
  pieces_[found->second].push_back({static_cast<std::uint32_t>(inputs_.size() - 1), place});
}

void PostingsBuilder::AddRow(std::uint32_t new_row, const RowTerms& terms) {
  inputs_.push_back({&terms, new_row, {}, {}});
  for (std::uint32_t i = 0; i < terms.size(); ++i) Add(terms.term(i), i);
}

void PostingsBuilder::AddPostings(const Postings& postings, std::vector<std::uint32_t> new_rows) {
  inputs_.push_back({nullptr, 0, postings, std::move(new_rows)});
  for (std::uint32_t i = 0; i < postings.terms(); ++i) Add(postings.term(i), i);
}

void PostingsBuilder::WriteRow(const Input& input, std::size_t place) {
  data_.AddRow(input.new_row, input.terms->times(place));
  std::uint32_t before = 0;
  for (const std::uint32_t position : input.terms->positions(place)) {
    data_.AddPositionStep(position - before);
    before = position;
  }
}

void PostingsBuilder::WritePostings(const Input& input, std::size_t term) {
  const Postings& from = input.postings;
  const TermRows rows = from.RowsOf(term);
  for (const PostingsBlock& block : rows.blocks) {
    PositionReader reader(from.positions, block.positions);
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const std::uint32_t times = rows.times[block.begin + i];
      const std::uint64_t begin = reader.at();
      reader.Skip(times);
      const std::uint32_t row = block.first_row + rows.rows[block.begin + i];
      const std::uint32_t new_row = input.new_rows[row];
      if (new_row == kDropped) continue;
      data_.AddRow(new_row, times);
      data_.AddPositionBytes(from.positions.subspan(begin, reader.at() - begin));
    }
  }
}

void PostingsBuilder::Write(std::string_view term, const std::vector<Piece>& pieces) {
  const auto is_live = [this](const Piece& piece) {
    const Input& input = inputs_[piece.input];
    if (input.terms != nullptr) return true;
    bool live = false;
    input.postings.RowsOf(piece.place).ForEach([&](std::uint32_t row, std::uint32_t /*times*/) {
      live = live || input.new_rows[row] != kDropped;
    });
    return live;
  };
  if (std::none_of(pieces.begin(), pieces.end(), is_live)) return;
  data_.BeginTerm(term);
  for (const Piece& piece : pieces) {
    const Input& input = inputs_[piece.input];
    if (input.terms != nullptr) {
      WriteRow(input, piece.place);
    } else {
      WritePostings(input, piece.place);
    }
  }
}

PostingsData PostingsBuilder::Build(const BuildStop& stop) {
  constexpr std::size_t kTermsBetweenStops = 256;
  std::vector<std::pair<std::string_view, std::uint32_t>> terms(numbers_.begin(), numbers_.end());
  std::sort(terms.begin(), terms.end());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i % kTermsBetweenStops == 0) CheckStop(stop);
    Write(terms[i].first, pieces_[terms[i].second]);
    pieces_[terms[i].second] = {};
  }
  return std::move(data_);
}

}  // namespace tracevec
