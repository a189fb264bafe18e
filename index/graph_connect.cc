#include "index/graph_connect.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "index/graph_search.h"

namespace tracevec {
namespace {

constexpr std::size_t kDegree = Graph::kDegree;
/// How many of the nearest reachable rows are asked for a link that can be spared.
constexpr std::size_t kEf = 64;

/// Which rows can be reached, and along which links they were first.
class Reachability {
 public:
  Reachability(std::uint32_t rows, Graph* graph)
      : graph_(graph), parent_(rows, kNoNode), reached_(rows, 0) {}

  bool reached(std::uint32_t row) const { return reached_[row] != 0; }

  /// Follows links breadth first from a row that was not reached before.
  void Spread(std::uint32_t from, std::uint32_t parent) {
    parent_[from] = parent;
    reached_[from] = 1;
    std::vector<std::uint32_t> queue = {from};
    for (std::size_t next = 0; next < queue.size(); ++next) {
      const std::uint32_t row = queue[next];
      for (const std::uint32_t link : LinksOf(row)) {
        if (link == kNoNode) break;
        if (reached_[link] != 0) continue;
        reached_[link] = 1;
        parent_[link] = row;
        queue.push_back(link);
      }
    }
  }

  /// Links `from` to `to`; false when all its links are the ways other rows are reached by.
  bool Link(std::uint32_t from, std::uint32_t to) {
    const std::span<std::uint32_t> links = LinksOf(from);
    for (std::size_t i = kDegree; i-- > 0;) {
      if (links[i] != kNoNode && parent_[links[i]] == from) continue;
      // The first free place, so that kNoNode stays at the end.
      const auto free = std::find(links.begin(), links.end(), kNoNode);
      (free != links.end() ? *free : links[i]) = to;
      return true;
    }
    return false;
  }

 private:
  std::span<std::uint32_t> LinksOf(std::uint32_t row) {
    return std::span(graph_->links).subspan(std::size_t{row} * kDegree, kDegree);
  }

  Graph* graph_;
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint8_t> reached_;
};

std::uint32_t EntryRow(const Graph& graph) {
  return graph.levels.empty() ? graph.entry : graph.levels.back().rows[graph.entry];
}

}  // namespace

std::uint64_t ConnectGraph(const RowScorer& scorer, const std::uint8_t* present,
                           const KernelTable& kernels, Graph* graph) {
  if (graph->entry == kNoNode) return 0;
  const CodeRows& rows = scorer.rows();
  Reachability reachability(rows.rows, graph);
  reachability.Spread(EntryRow(*graph), kNoNode);
  GraphSearcher searcher;
  GraphCounts counts;
  std::uint64_t linked = 0;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (present[row] == 0 || reachability.reached(row)) continue;
    // The upper levels may lead a search to rows that the entry row does not reach.
    const Int8Query query(rows, row);
    for (const Candidate& near :
         searcher.Search(GraphView(*graph), rows, query, kernels, kEf, &counts)) {
      if (near.row == row || !reachability.reached(near.row)) continue;
      if (!reachability.Link(near.row, row)) continue;
      reachability.Spread(row, near.row);
      ++linked;
      break;
    }
  }
  return linked;
}

}  // namespace tracevec
