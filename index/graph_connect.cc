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

  /// Whether a row has a free place, or a link that can be spared, since none is reached by it.
  bool HasRoom(std::uint32_t row) { return PlaceFor(row) != nullptr; }

  /// REQUIRES: HasRoom(from).
  void Link(std::uint32_t from, std::uint32_t to) {
    *PlaceFor(from) = to;
    Spread(to, from);
  }

 private:
  /// The first free place, so that kNoNode stays at the end, or the last link that can be spared.
  std::uint32_t* PlaceFor(std::uint32_t row) {
    const std::span<std::uint32_t> links = LinksOf(row);
    const auto free = std::find(links.begin(), links.end(), kNoNode);
    if (free != links.end()) return &*free;
    const auto spare = std::find_if(links.rbegin(), links.rend(),
                                    [&](std::uint32_t link) { return parent_[link] != row; });
    return spare != links.rend() ? &*spare : nullptr;
  }

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

/// The nearest of the reached rows that have room, by comparing with all of them. There is one: the
/// ways to m rows take m - 1 links, and they have room for kDegree each.
std::uint32_t NearestOfAll(const RowScorer& scorer, std::uint32_t row, Reachability* reachability) {
  std::uint32_t nearest = kNoNode;
  float best = 0;
  for (std::uint32_t other = 0; other < scorer.rows().rows; ++other) {
    if (!reachability->reached(other)) continue;
    const float score = scorer.Score(row, other);
    if (nearest != kNoNode && score <= best) continue;
    if (!reachability->HasRoom(other)) continue;
    nearest = other;
    best = score;
  }
  return nearest;
}

}  // namespace

std::uint64_t ConnectGraph(const RowScorer& scorer, const std::uint8_t* present,
                           const KernelTable& kernels, const BuildStop& stop, Graph* graph) {
  if (graph->entry == kNoNode) return 0;
  const CodeRows& rows = scorer.rows();
  Reachability reachability(rows.rows, graph);
  reachability.Spread(EntryRow(*graph), kNoNode);
  GraphSearcher searcher;
  GraphCounts counts;
  std::uint64_t linked = 0;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (present[row] == 0 || reachability.reached(row)) continue;
    CheckStop(stop);
    // The upper levels may lead a search to rows that the entry row does not reach.
    const auto found =
        searcher.Search(GraphView(*graph), rows, CodeQuery(rows, row), kernels, kEf, &counts);
    const auto near = std::find_if(found.begin(), found.end(), [&](const Candidate& candidate) {
      return reachability.reached(candidate.row) && reachability.HasRoom(candidate.row);
    });
    reachability.Link(near != found.end() ? near->row : NearestOfAll(scorer, row, &reachability),
                      row);
    ++linked;
  }
  return linked;
}

}  // namespace tracevec
