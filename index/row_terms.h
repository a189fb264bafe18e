#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyzer.h"

namespace tracevec {

/// The terms of one row's text, for rows that no postings hold yet. Immutable; safe for concurrent
/// use.
class RowTerms {
 public:
  /// A term stands at most so often in a row, as far as scores are concerned.
  static constexpr std::uint32_t kMostTimes = 65'535;

  static std::shared_ptr<const RowTerms> Make(const Analyzer& analyzer, std::string_view text);

  /// Different terms, in ascending order.
  std::size_t size() const { return entries_.size(); }
  std::string_view term(std::size_t i) const {
    return std::string_view(bytes_).substr(entries_[i].begin, entries_[i].size);
  }
  /// Where the term stands in the text, ascending, at most kMostTimes.
  std::span<const std::uint32_t> positions(std::size_t i) const {
    return std::span(positions_).subspan(entries_[i].first_position, entries_[i].times);
  }
  std::uint32_t times(std::size_t i) const { return entries_[i].times; }
  /// How many terms the text has, repeated ones as often as they stand there.
  std::uint32_t length() const { return length_; }
  /// A mark of a term; a row whose terms do not have the mark does not have the term. Of rows with
  /// 60 terms one in nine has the mark of another: asking for it first saves most searches.
  static std::uint32_t MarkOf(std::string_view term) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(term) % kMarks);
  }
  bool HasMark(std::uint32_t mark) const { return (marks_[mark / 64] >> (mark % 64) & 1) != 0; }
  /// The first term that is not less.
  std::size_t LowerBound(std::string_view term) const;
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::uint32_t begin = 0;  // In bytes_.
    std::uint32_t first_position = 0;
    std::uint16_t times = 0;
    std::uint16_t size = 0;
  };

  static constexpr std::size_t kMarks = 512;

  std::array<std::uint64_t, kMarks / 64> marks_{};
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> positions_;
  std::uint32_t length_ = 0;
};

}  // namespace tracevec
