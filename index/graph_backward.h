#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/graph.h"
#include "index/graph_prune.h"

namespace tracevec {

/// The edges of lists of Graph::kDegree backwards: who chose each row.
class BackwardLinks {
 public:
  /// `lists` has one list for each of `sources`, one after the other; `rows` is more than any row.
  BackwardLinks(const std::vector<std::uint32_t>& lists, std::span<const std::uint32_t> sources,
                std::uint32_t rows);

  /// The sources whose lists have the row, in the order given.
  std::span<const std::uint32_t> Of(std::uint32_t row) const {
    return std::span(sources_).subspan(first_[row], first_[row + 1] - first_[row]);
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> sources_;
};

}  // namespace tracevec
