#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/postings.h"

namespace tracevec {

/// Puts the rows of terms into blocks, one term after the other.
class TermRowsBuilder {
 public:
  /// `lengths`: of the texts of all rows; must outlive this.
  explicit TermRowsBuilder(std::span<const std::uint32_t> lengths) : lengths_(lengths) {}

  /// What is added next is of another term.
  void BeginTerm() { first_block_ = blocks.size(); }
  /// Rows come in ascending order. `positions`: where those of the row begin. REQUIRES: times from
  /// 1 to 65,535.
  void Add(std::uint32_t row, std::uint32_t times, std::uint64_t positions = 0);
  /// All of them, of an only term. Refers to this.
  TermRows view() const;

  std::vector<PostingsBlock> blocks;
  std::vector<std::uint16_t> rows;
  std::vector<std::uint16_t> times;

 private:
  std::span<const std::uint32_t> lengths_;
  std::size_t first_block_ = 0;
};

}  // namespace tracevec
