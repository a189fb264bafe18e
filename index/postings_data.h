#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/postings.h"
#include "index/term_rows_builder.h"

namespace tracevec {

/// Postings while they are put together, term by term in ascending order, each with its rows in
/// ascending order; and their owner afterwards.
class PostingsData {
 public:
  /// `lengths`: of the texts of all rows.
  explicit PostingsData(std::vector<std::uint32_t> lengths);
  PostingsData(PostingsData&&) = default;
  PostingsData(const PostingsData&) = delete;

  void BeginTerm(std::string_view term);
  /// A row of the term last begun. Its positions are what is added before the next call.
  void AddRow(std::uint32_t row, std::uint32_t times);
  void AddPositionStep(std::uint32_t step);
  /// Many, as they stand in other postings.
  void AddPositionBytes(std::span<const std::uint8_t> bytes) {
    positions_.insert(positions_.end(), bytes.begin(), bytes.end());
  }

  /// Refers to this, which must not change any more.
  Postings view() const;
  std::size_t memory_bytes() const { return view().bytes(); }

 private:
  std::vector<std::uint32_t> lengths_;  // Before term_rows_, which refers to its elements.
  TermRowsBuilder term_rows_;
  std::vector<std::uint64_t> term_offsets_ = {0};
  std::string term_bytes_;
  std::vector<std::uint64_t> first_blocks_ = {0};
  std::vector<std::uint8_t> positions_;
};

}  // namespace tracevec
