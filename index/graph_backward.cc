#include "index/graph_backward.h"

namespace tracevec {

BackwardLinks::BackwardLinks(const std::vector<std::uint32_t>& lists,
                             std::span<const std::uint32_t> sources, std::uint32_t rows)
    : first_(rows + 1, 0) {
  for (const std::uint32_t target : lists) {
    if (target != kNoNode) ++first_[target + 1];
  }
  for (std::uint32_t row = 0; row < rows; ++row) first_[row + 1] += first_[row];
  sources_.resize(first_[rows]);
  std::vector<std::uint32_t> filled(first_.begin(), first_.end() - 1);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::uint32_t* list = lists.data() + i * Graph::kDegree;
    for (const std::uint32_t target : NeighboursIn(list, Graph::kDegree)) {
      sources_[filled[target]++] = sources[i];
    }
  }
}

}  // namespace tracevec
