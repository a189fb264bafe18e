#include "index/value_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tracevec {

ValueRows::ValueRows(ValueTable values, const std::vector<Entry>& entries, std::uint32_t rows)
    : values_(std::move(values)), rows_(rows) {
  starts_.reserve(values_.size() + 1);
  few_starts_.reserve(values_.size() + 1);
  std::vector<std::uint32_t> rows_of_value;
  auto entry = entries.begin();
  for (std::uint32_t place = 0; place < values_.size(); ++place) {
    rows_of_value.clear();
    for (; entry != entries.end() && entry->first == place; ++entry) {
      rows_of_value.push_back(entry->second);
    }
    if (rows_of_value.size() >= kManyRows) {
      many_places_.push_back(place);
      many_.push_back(RowBitmap::Of(rows_of_value));
      many_.back().ShrinkToFit();
    } else {
      few_.insert(few_.end(), rows_of_value.begin(), rows_of_value.end());
    }
    starts_.push_back(starts_.back() + static_cast<std::uint32_t>(rows_of_value.size()));
    few_starts_.push_back(static_cast<std::uint32_t>(few_.size()));
  }
  NotePlaces(entries);
  few_.shrink_to_fit();
  many_.shrink_to_fit();
  many_places_.shrink_to_fit();
}

ValueRows ValueRows::OfTexts(ValueTable::RowOrder rows, ValueTable::TextOf text_of) {
  ValueRows texts;
  texts.rows_ = static_cast<std::uint32_t>(rows->size());
  texts.row_of_place_ = rows;
  texts.values_ = ValueTable::OfTexts(std::move(rows), std::move(text_of));
  return texts;
}

std::span<const std::uint32_t> ValueRows::FewOf(Range range) const {
  if (row_of_place_ != nullptr) {
    return std::span(*row_of_place_).subspan(range.first, range.last - range.first);
  }
  return std::span(few_).subspan(few_starts_[range.first],
                                 few_starts_[range.last] - few_starts_[range.first]);
}

void ValueRows::NotePlaces(const std::vector<Entry>& entries) {
  constexpr std::uint32_t kLeastValues = 16;  // Fewer are combined as fast.
  const auto count = [this](ValueTable::Group group) {
    const Range range = values_.group(group);
    return range.last - range.first;
  };
  const std::uint32_t ordered =
      count(ValueTable::Group::kNumber) + count(ValueTable::Group::kTimestamp);
  if (ordered < kLeastValues || 2 * ordered < values_.size() || entries.size() > rows_) return;
  place_of_row_.assign(rows_, kNoPlace);
  for (const auto& [place, row] : entries) place_of_row_[row] = place;
}

std::uint64_t ValueRows::CountOf(std::span<const Range> ranges) const {
  std::uint64_t total = 0;
  for (const Range& range : ranges) total += CountOf(range);
  return total;
}

RowBitmap ValueRows::RowsOfFew(std::span<const Range> ranges) const {
  // Rows of one value ascend; of several they are put in order, by a bit each where they are many.
  constexpr std::size_t kSortedAtMost = 512;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint64_t> bits;
  std::uint64_t total = 0;
  for (const Range& range : ranges) total += FewOf(range).size();
  if (total > kSortedAtMost) bits.resize(rows_ / 64 + 1);
  for (const Range& range : ranges) {
    for (const std::uint32_t row : FewOf(range)) {
      if (bits.empty()) {
        rows.push_back(row);
      } else {
        bits[row / 64] |= std::uint64_t{1} << (row % 64);
      }
    }
  }
  if (!bits.empty()) return RowBitmap::OfBits(bits);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return RowBitmap::Of(rows);
}

RowBitmap ValueRows::RowsOf(std::span<const Range> ranges) const {
  std::vector<const RowBitmap*> parts;
  std::uint64_t in_parts = 0;
  for (const Range& range : ranges) {
    auto at = std::lower_bound(many_places_.begin(), many_places_.end(), range.first);
    for (; at != many_places_.end() && *at < range.last; ++at) {
      parts.push_back(&many_[static_cast<std::size_t>(at - many_places_.begin())]);
      in_parts += CountOf({*at, *at + 1});
    }
  }
  std::optional<RowBitmap> few;
  if (in_parts < CountOf(ranges)) parts.push_back(&few.emplace(RowsOfFew(ranges)));
  if (parts.size() == 1) return few ? *std::move(few) : *parts.front();
  return RowBitmap::Union(parts);
}

std::vector<std::uint32_t> ValueRows::RowsOf(std::uint32_t place) const {
  const auto at = std::lower_bound(many_places_.begin(), many_places_.end(), place);
  if (at != many_places_.end() && *at == place) {
    return many_[static_cast<std::size_t>(at - many_places_.begin())].Rows();
  }
  const auto few = FewOf({place, place + 1});
  return {few.begin(), few.end()};
}

std::size_t ValueRows::memory_bytes() const {
  std::size_t total = values_.memory_bytes();
  total += (starts_.capacity() + few_starts_.capacity() + few_.capacity() +
            many_places_.capacity() + place_of_row_.capacity()) *
           sizeof(std::uint32_t);
  for (const RowBitmap& bitmap : many_) total += sizeof bitmap + bitmap.memory_bytes();
  return total;
}

}  // namespace tracevec
