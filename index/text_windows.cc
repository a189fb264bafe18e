#include "index/text_windows.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace tracevec {

void TextWindows::Cursor::MoveTo(std::uint32_t row) {
  const std::span<const PostingsBlock> blocks = clause->rows.blocks;
  if (at_end()) return;
  if (blocks[block].last_row < row) {
    index = 0;
    do {
      ++block;
    } while (block < blocks.size() && blocks[block].last_row < row);
    if (at_end()) return;
  }
  const PostingsBlock& now = blocks[block];
  if (now.first_row >= row) {
    return;
  }
  const std::uint16_t* const rows = clause->rows.rows + now.begin;
  const auto wanted = static_cast<std::uint16_t>(row - now.first_row);
  index =
      static_cast<std::uint32_t>(std::lower_bound(rows + index, rows + now.count, wanted) - rows);
}

TextWindows::TextWindows() : sums_(kRows), candidates_(kRows / 64) {}

void TextWindows::Begin(const Bm25& bm25, std::span<const ScoredClause> clauses) {
  cursors_.clear();
  for (const ScoredClause& clause : clauses) {
    if (clause.rows.empty()) continue;
    Cursor& cursor = cursors_.emplace_back();
    cursor.clause = &clause;
    for (const PostingsBlock& block : clause.rows.blocks) {
      cursor.bound =
          std::max(cursor.bound, bm25.Bound(clause.weight, block.most_times, block.least_length));
    }
  }
  std::sort(cursors_.begin(), cursors_.end(),
            [](const Cursor& a, const Cursor& b) { return a.bound < b.bound; });
  order_.resize(cursors_.size());
  bounds_.resize(cursors_.size());
}

bool TextWindows::NextRow(Bm25::Sum least, std::uint32_t from, std::uint32_t* row) const {
  Bm25::Sum total = 0;
  bool found = false;
  for (const Cursor& cursor : cursors_) {
    total += cursor.bound;
    if (total < least || cursor.at_end()) continue;
    const std::uint32_t next = std::max(from, cursor.row());
    if (!found || next < *row) *row = next;
    found = true;
  }
  return found;
}

void TextWindows::BoundWindow(const Bm25& bm25, std::uint32_t begin, std::uint32_t end) {
  for (Cursor& cursor : cursors_) {
    cursor.MoveTo(begin);
    cursor.window_bound = 0;
    const std::span<const PostingsBlock> blocks = cursor.clause->rows.blocks;
    for (std::size_t b = cursor.block; b < blocks.size() && blocks[b].first_row < end; ++b) {
      cursor.window_bound =
          std::max(cursor.window_bound,
                   bm25.Bound(cursor.clause->weight, blocks[b].most_times, blocks[b].least_length));
    }
  }
}

std::size_t TextWindows::SetAside(Bm25::Sum least) {
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
    return cursors_[a].window_bound < cursors_[b].window_bound;
  });
  Bm25::Sum total = 0;
  std::size_t aside = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    total += cursors_[order_[i]].window_bound;
    bounds_[i] = total;
    if (total < least) aside = i + 1;
  }
  return aside;
}

void TextWindows::AddClause(const Bm25& bm25, Cursor* cursor, std::uint32_t begin,
                            std::uint32_t end, Bm25::Sum least_of_block) {
  const TermRows& term = cursor->clause->rows;
  const float weight = cursor->clause->weight;
  for (; !cursor->at_end() && cursor->current().first_row < end;
       ++cursor->block, cursor->index = 0) {
    const PostingsBlock& block = cursor->current();
    const bool ends_later = block.last_row >= end;
    if (bm25.Bound(weight, block.most_times, block.least_length) < least_of_block) {
      if (!ends_later) continue;
      cursor->MoveTo(end);
      return;
    }
    const std::uint16_t* const rows = term.rows + block.begin;
    const std::uint16_t* const times = term.times + block.begin;
    std::uint32_t last = block.count;
    if (ends_later) {
      last = static_cast<std::uint32_t>(
          std::lower_bound(rows + cursor->index, rows + last, end - block.first_row) - rows);
    }
    rows_scored_ += last - cursor->index;
    for (std::uint32_t i = cursor->index; i < last; ++i) {
      const std::uint32_t row = block.first_row + rows[i];
      const std::uint32_t at = row - begin;
      sums_[at] += bm25.Score(weight, times[i], lengths_[row]);
      candidates_[at / 64] |= std::uint64_t{1} << (at % 64);
    }
    if (ends_later) {
      cursor->index = last;
      return;
    }
  }
}

void TextWindows::OfferRows(const Bm25& bm25, std::size_t aside, std::uint32_t begin,
                            Bm25::Sum* least, const Offer& offer) {
  for (std::size_t word = 0; word < candidates_.size(); ++word) {
    for (std::uint64_t bits = candidates_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t at = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const auto row = static_cast<std::uint32_t>(begin + at);
      Bm25::Sum sum = sums_[at];
      for (std::size_t i = aside; i-- > 0 && sum + bounds_[i] >= *least;) {
        Cursor& cursor = cursors_[order_[i]];
        cursor.MoveTo(row);
        if (cursor.at_end() || cursor.row() != row) continue;
        ++rows_scored_;
        const std::uint64_t place = cursor.current().begin + cursor.index;
        sum += bm25.Score(cursor.clause->weight, cursor.clause->rows.times[place], lengths_[row]);
      }
      if (sum >= *least) *least = offer(row, sum);
    }
  }
}

void TextWindows::Score(const Bm25& bm25, std::span<const ScoredClause> clauses,
                        std::span<const std::uint32_t> lengths,
                        std::span<const std::uint64_t> allowed, Bm25::Sum least, const Offer& offer,
                        const Stop& stop) {
  lengths_ = lengths;
  Begin(bm25, clauses);
  std::uint32_t next = 0;
  for (std::uint32_t row = 0; NextRow(least, next, &row) && !stop();) {
    const std::uint32_t begin = row / 64 * 64;
    const auto end = static_cast<std::uint32_t>(
        std::min<std::size_t>(std::size_t{begin} + kRows, lengths.size()));
    next = end;
    BoundWindow(bm25, begin, end);
    const std::size_t aside = SetAside(least);
    if (aside < order_.size()) {
      std::fill(sums_.begin(), sums_.end(), 0);
      std::fill(candidates_.begin(), candidates_.end(), 0);
      const Bm25::Sum others = aside > 0 ? bounds_[aside - 1] : 0;
      const bool only_one = aside + 1 == order_.size();
      const Bm25::Sum least_of_block = only_one && least > others ? least - others : 0;
      for (std::size_t i = aside; i < order_.size(); ++i) {
        AddClause(bm25, &cursors_[order_[i]], begin, end, least_of_block);
      }
      if (!allowed.empty()) {
        for (std::size_t i = 0; i < candidates_.size() && begin / 64 + i < allowed.size(); ++i) {
          candidates_[i] &= allowed[begin / 64 + i];
        }
      }
      OfferRows(bm25, aside, begin, &least, offer);
    }
    if (end == lengths.size()) return;
    for (Cursor& cursor : cursors_) cursor.MoveTo(end);
  }
}

}  // namespace tracevec
