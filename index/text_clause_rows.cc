#include "index/text_clause_rows.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace tracevec {
namespace {

std::uint32_t CapTimes(std::uint64_t times) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(times, RowTerms::kMostTimes));
}

ClauseRows Own(std::unique_ptr<TermRowsBuilder> builder) {
  ClauseRows found;
  found.rows = builder->view();
  found.owned = std::move(builder);
  return found;
}

std::unique_ptr<TermRowsBuilder> NewRows(const RowSet& set, std::uint32_t size) {
  return std::make_unique<TermRowsBuilder>(std::span(set.text_lengths(), size));
}

/// How often a phrase stands in a text, from the places of its terms.
std::uint32_t CountPhrase(std::span<const std::span<const std::uint32_t>> positions,
                          std::span<const std::uint32_t> offsets) {
  std::uint64_t count = 0;
  for (const std::uint32_t begin : positions[0]) {
    bool here = true;
    for (std::size_t i = 1; here && i < positions.size(); ++i) {
      here = std::binary_search(positions[i].begin(), positions[i].end(), begin + offsets[i]);
    }
    count += here ? 1 : 0;
  }
  return CapTimes(count);
}

/// Of a row whose terms stand by themselves.
std::uint32_t CountInRow(const RowTerms& row, const TextClause& clause) {
  if (clause.kind == TextClause::Kind::kPrefix) {
    std::uint64_t times = 0;
    for (std::size_t i = row.LowerBound(clause.terms.front());
         i < row.size() && row.term(i).starts_with(clause.terms.front()); ++i) {
      times += row.times(i);
    }
    return CapTimes(times);
  }
  std::vector<std::span<const std::uint32_t>> positions;
  for (const std::string& term : clause.terms) {
    const std::size_t at = row.LowerBound(term);
    if (at == row.size() || row.term(at) != term) return 0;
    if (clause.kind == TextClause::Kind::kTerm) return row.times(at);
    positions.push_back(row.positions(at));
  }
  return CountPhrase(positions, clause.offsets);
}

ClauseRows FindRowByRow(const RowSet& set, std::uint32_t size, const TextClause& clause) {
  auto found = NewRows(set, size);
  std::vector<std::uint32_t> marks;
  if (clause.kind != TextClause::Kind::kPrefix) {
    for (const std::string& term : clause.terms) marks.push_back(RowTerms::MarkOf(term));
  }
  for (std::uint32_t row = 0; row < size; ++row) {
    const RowTerms* terms = set.row_terms(row);
    if (terms == nullptr) continue;
    const bool may_match = std::all_of(
        marks.begin(), marks.end(), [terms](std::uint32_t mark) { return terms->HasMark(mark); });
    const std::uint32_t times = may_match ? CountInRow(*terms, clause) : 0;
    if (times > 0) found->Add(row, times);
  }
  return Own(std::move(found));
}

ClauseRows FindPrefix(const RowSet& set, std::uint32_t size, const Postings& postings,
                      const std::string& prefix) {
  const std::size_t first = postings.LowerBound(prefix);
  std::size_t last = first;
  while (last < postings.terms() && postings.term(last).starts_with(prefix)) ++last;
  if (last == first) return {};
  if (last == first + 1) return {postings.RowsOf(first), nullptr};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> all;  // Rows and times.
  for (std::size_t term = first; term < last; ++term) {
    postings.RowsOf(term).ForEach(
        [&](std::uint32_t row, std::uint32_t times) { all.emplace_back(row, times); });
  }
  std::sort(all.begin(), all.end());
  auto found = NewRows(set, size);
  for (std::size_t i = 0; i < all.size();) {
    const std::uint32_t row = all[i].first;
    std::uint64_t times = 0;
    for (; i < all.size() && all[i].first == row; ++i) times += all[i].second;
    found->Add(row, CapTimes(times));
  }
  return Own(std::move(found));
}

/// Moves along the rows of a term and reads its positions in them.
class PositionCursor {
 public:
  PositionCursor(const Postings& postings, const TermRows& rows)
      : positions_(postings.positions), rows_(rows) {}

  /// Whether the term stands in a row. Rows must be asked in ascending order.
  bool MoveTo(std::uint32_t row) {
    while (block_ < rows_.blocks.size() && rows_.blocks[block_].last_row < row) {
      ++block_;
      index_ = 0;
      reader_at_ = kNoBlock;
    }
    if (block_ == rows_.blocks.size() || rows_.blocks[block_].first_row > row) return false;
    const PostingsBlock& block = rows_.blocks[block_];
    const std::uint16_t* const rows = rows_.rows + block.begin;
    const auto* const found = std::lower_bound(rows + index_, rows + block.count,
                                               static_cast<std::uint16_t>(row - block.first_row));
    index_ = static_cast<std::uint32_t>(found - rows);
    return block.first_row + *found == row;
  }

  /// Of the row moved to, once.
  std::span<const std::uint32_t> Read() {
    const PostingsBlock& block = rows_.blocks[block_];
    if (reader_at_ == kNoBlock) {
      reader_ = PositionReader(positions_, block.positions);
      reader_at_ = 0;
    }
    const std::uint16_t* const times = rows_.times + block.begin;
    for (; reader_at_ < index_; ++reader_at_) reader_.Skip(times[reader_at_]);
    read_.clear();
    std::uint32_t position = 0;
    for (std::uint32_t i = 0; i < times[index_]; ++i) read_.push_back(position += reader_.Next());
    ++reader_at_;
    return read_;
  }

 private:
  static constexpr std::uint32_t kNoBlock = ~std::uint32_t{0};

  std::span<const std::uint8_t> positions_;
  TermRows rows_;
  std::size_t block_ = 0;
  std::uint32_t index_ = 0;
  PositionReader reader_;
  std::uint32_t reader_at_ = kNoBlock;  // The row of the block whose positions come next.
  std::vector<std::uint32_t> read_;
};

ClauseRows FindPhrase(const RowSet& set, std::uint32_t size, const Postings& postings,
                      const TextClause& clause) {
  std::vector<TermRows> rows;
  std::vector<PositionCursor> cursors;
  for (const std::string& term : clause.terms) {
    const auto found = postings.Find(term);
    if (!found) return {};
    rows.push_back(postings.RowsOf(*found));
    cursors.emplace_back(postings, rows.back());
  }
  const auto rarest =
      std::min_element(rows.begin(), rows.end(),
                       [](const TermRows& a, const TermRows& b) { return a.count < b.count; });
  auto found = NewRows(set, size);
  std::vector<std::span<const std::uint32_t>> positions(cursors.size());
  rarest->ForEach([&](std::uint32_t row, std::uint32_t /*times*/) {
    const bool in_all = std::all_of(cursors.begin(), cursors.end(),
                                    [row](PositionCursor& cursor) { return cursor.MoveTo(row); });
    if (!in_all) return;
    for (std::size_t i = 0; i < cursors.size(); ++i) positions[i] = cursors[i].Read();
    const std::uint32_t times = CountPhrase(positions, clause.offsets);
    if (times > 0) found->Add(row, times);
  });
  return Own(std::move(found));
}

}  // namespace

ClauseRows FindClauseRows(const RowSet& set, std::uint32_t size, const TextClause& clause) {
  if (set.text_lengths() == nullptr) return {};
  const Postings* postings = set.postings(size);
  if (postings == nullptr) return FindRowByRow(set, size, clause);
  if (clause.kind == TextClause::Kind::kPhrase) return FindPhrase(set, size, *postings, clause);
  if (clause.kind == TextClause::Kind::kPrefix) {
    return FindPrefix(set, size, *postings, clause.terms.front());
  }
  const auto term = postings->Find(clause.terms.front());
  if (!term) return {};
  return {postings->RowsOf(*term), nullptr};
}

}  // namespace tracevec
