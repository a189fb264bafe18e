// The only file that knows hnswlib (hnsw_space.h is a part of it): version 0.6.2, as Debian 12 has
// it, defines functions in its headers that may be linked once only. Nothing of it is used but
// insertion. Its search locks every node, its files are trusted when read, and deleting rots its
// graph.

#include "index/graph_builder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "index/hnsw_space.h"
#include "index/parallel.h"
#include "index/row_random.h"

namespace tracevec {
namespace {

constexpr std::size_t kLinks = Graph::kUpperDegree;
constexpr std::size_t kRowsAtOnce = 64;

/// The level of a row: geometric, from its number and the seed alone.
int LevelOf(std::uint32_t row, std::uint64_t seed) {
  const double uniform = (static_cast<double>(RandomOfRow(row, seed) >> 11) + 0.5) * 0x1.0p-53;
  return static_cast<int>(-std::log(uniform) / std::log(static_cast<double>(kLinks)));
}

/// Fills an hnswlib index that has no nodes with those of a graph, as if they had been inserted.
class Filling {
 public:
  Filling(const RowScorer& scorer, const RowSpace& space, const Graph& graph, Hnsw* hnsw)
      : scorer_(scorer), space_(space), graph_(graph), hnsw_(*hnsw) {}

  /// `rows` are those of the graph.
  void Fill(std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    node_of_row_.resize(scorer_.rows().rows);
    for (const std::uint32_t row : rows) AddNode(row);
    for (const std::uint32_t row : rows) {
      SetLinks(hnsw_.get_linklist0(node_of_row_[row]),
               graph_.links.data() + std::size_t{row} * Graph::kDegree, Graph::kDegree, nullptr);
    }
    for (std::size_t i = 0; i < graph_.levels.size(); ++i) AddLevel(static_cast<int>(i) + 1);
    hnsw_.maxlevel_ = static_cast<int>(graph_.levels.size());
    hnsw_.enterpoint_node_ =
        node_of_row_[graph_.levels.empty() ? graph_.entry
                                           : graph_.levels.back().rows[graph_.entry]];
  }

 private:
  void AddNode(std::uint32_t row) {
    const auto node = static_cast<hnswlib::tableint>(hnsw_.cur_element_count);
    std::memset(hnsw_.get_linklist0(node), 0, hnsw_.size_data_per_element_);
    hnsw_.setExternalLabel(node, row);
    space_.Store(scorer_, row, reinterpret_cast<std::uint8_t*>(hnsw_.getDataByInternalId(node)));
    hnsw_.label_lookup_[row] = node;
    hnsw_.element_levels_[node] = 0;
    hnsw_.cur_element_count = node + 1;
    node_of_row_[row] = node;
  }

  void AddLevel(int level) {
    const GraphLevel& added = graph_.levels[static_cast<std::size_t>(level) - 1];
    for (const std::uint32_t row : added.rows) GrowTo(level, node_of_row_[row]);
    for (std::size_t place = 0; place < added.rows.size(); ++place) {
      SetLinks(hnsw_.get_linklist(node_of_row_[added.rows[place]], level),
               added.links.data() + place * Graph::kUpperDegree, Graph::kUpperDegree, &added);
    }
  }

  /// Gives a node its list of one more level. hnswlib frees what has a level.
  void GrowTo(int level, hnswlib::tableint node) {
    const std::size_t bytes = hnsw_.size_links_per_element_ * static_cast<std::size_t>(level);
    void* lists = std::realloc(level == 1 ? nullptr : hnsw_.linkLists_[node], bytes + 1);
    if (lists == nullptr) throw std::bad_alloc();
    hnsw_.linkLists_[node] = static_cast<char*>(lists);
    hnsw_.element_levels_[node] = level;
    std::memset(hnsw_.get_linklist(node, level), 0, hnsw_.size_links_per_element_ + 1);
  }

  /// `level`: what the links are places in; null: they are rows.
  void SetLinks(hnswlib::linklistsizeint* list, const std::uint32_t* links, std::size_t degree,
                const GraphLevel* level) {
    auto* out = reinterpret_cast<hnswlib::tableint*>(list + 1);
    std::size_t count = 0;
    for (; count < degree && links[count] != kNoNode; ++count) {
      out[count] = node_of_row_[level == nullptr ? links[count] : level->rows[links[count]]];
    }
    hnsw_.setListCount(list, static_cast<unsigned short>(count));
  }

  const RowScorer& scorer_;
  const RowSpace& space_;
  const Graph& graph_;
  Hnsw& hnsw_;
  std::vector<hnswlib::tableint> node_of_row_;
};

/// The neighbours of a node as hnswlib numbers them.
std::span<const hnswlib::tableint> Neighbours(const Hnsw& hnsw, hnswlib::tableint node, int level) {
  auto* list = level == 0 ? hnsw.get_linklist0(node) : hnsw.get_linklist(node, level);
  const std::size_t count = hnsw.getListCount(list);
  return {static_cast<const hnswlib::tableint*>(list) + 1, count};
}

class Extraction {
 public:
  Extraction(const Hnsw& hnsw, std::uint32_t rows) : hnsw_(hnsw), rows_(rows) {}

  Graph Take() {
    graph_.links.assign(std::size_t{rows_} * Graph::kDegree, kNoNode);
    const auto nodes = static_cast<hnswlib::tableint>(hnsw_.cur_element_count);
    if (nodes == 0) return std::move(graph_);
    for (hnswlib::tableint node = 0; node < nodes; ++node) {
      std::uint32_t* out = graph_.links.data() + std::size_t{RowOf(node)} * Graph::kDegree;
      for (const hnswlib::tableint other : Neighbours(hnsw_, node, 0)) *out++ = RowOf(other);
    }
    for (int level = 1; level <= hnsw_.maxlevel_; ++level) AddLevel(level);
    graph_.entry = hnsw_.maxlevel_ == 0 ? RowOf(hnsw_.enterpoint_node_)
                                        : place_of_row_[RowOf(hnsw_.enterpoint_node_)];
    return std::move(graph_);
  }

 private:
  std::uint32_t RowOf(hnswlib::tableint node) const {
    return static_cast<std::uint32_t>(hnsw_.getExternalLabel(node));
  }

  /// Nodes of a level stand in row order.
  void AddLevel(int level) {
    std::vector<std::pair<std::uint32_t, hnswlib::tableint>> nodes;
    for (hnswlib::tableint node = 0; node < hnsw_.cur_element_count; ++node) {
      if (hnsw_.element_levels_[node] >= level) nodes.emplace_back(RowOf(node), node);
    }
    std::sort(nodes.begin(), nodes.end());
    GraphLevel added;
    std::vector<std::uint32_t> places(rows_, kNoNode);
    for (const auto& [row, node] : nodes) {
      places[row] = static_cast<std::uint32_t>(added.rows.size());
      added.below.push_back(level == 1 ? row : place_of_row_[row]);
      added.rows.push_back(row);
    }
    added.links.assign(nodes.size() * Graph::kUpperDegree, kNoNode);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::uint32_t* out = added.links.data() + i * Graph::kUpperDegree;
      for (const hnswlib::tableint other : Neighbours(hnsw_, nodes[i].second, level)) {
        *out++ = places[RowOf(other)];
      }
    }
    place_of_row_ = std::move(places);
    graph_.levels.push_back(std::move(added));
  }

  const Hnsw& hnsw_;
  std::uint32_t rows_;
  std::vector<std::uint32_t> place_of_row_;  // In the level added last.
  Graph graph_;
};

std::uint64_t InsertRows(const RowScorer& scorer, const std::uint8_t* present,
                         const KernelTable& kernels, const GraphBuildOptions& options,
                         Graph* graph) {
  const std::uint32_t rows = scorer.rows().rows;
  const auto in_graph = [graph](std::uint32_t row) {
    return !graph->links.empty() && graph->links[std::size_t{row} * Graph::kDegree] != kNoNode;
  };
  std::vector<std::uint32_t> order;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (present[row] == 0) continue;
    const bool wanted = !options.upper_levels_only || LevelOf(row, options.seed) > 0;
    if (wanted || in_graph(row)) order.push_back(row);
  }
  // Rows that the graph has first, so that hnswlib numbers them first.
  const auto new_rows = std::stable_partition(order.begin(), order.end(), in_graph);
  const auto filled = static_cast<std::size_t>(new_rows - order.begin());
  RowSpace space(scorer.rows(), kernels);
  Hnsw hnsw(&space, std::max<std::size_t>(order.size(), 1), kLinks, options.ef_construction);
  // Levels come from LevelOf. hnswlib draws one all the same, from a generator its threads share
  // without a lock; with this factor what it draws is 0.
  hnsw.mult_ = 0;
  Filling(scorer, space, *graph, &hnsw).Fill(std::span(order).first(filled));
  const auto insert = [&](std::size_t first, std::size_t last) {
    CheckStop(options.stop);
    std::vector<std::uint8_t> stored(space.get_data_size());
    for (std::size_t i = first; i < last; ++i) {
      space.Store(scorer, order[i], stored.data());
      hnsw.addPoint(stored.data(), order[i], LevelOf(order[i], options.seed));
    }
  };
  // The first row alone: others need an entry point.
  const std::size_t alone = filled > 0 ? filled : std::min<std::size_t>(order.size(), 1);
  insert(filled, alone);
  ParallelFor(options.threads, order.size() - alone, kRowsAtOnce,
              [&](std::size_t /*thread*/, std::size_t first, std::size_t last) {
                insert(alone + first, alone + last);
              });
  *graph = Extraction(hnsw, rows).Take();
  return order.size() - filled;
}

}  // namespace

Graph BuildGraph(const RowScorer& scorer, const std::uint8_t* present, const KernelTable& kernels,
                 const GraphBuildOptions& options) {
  Graph graph;
  ExtendGraph(scorer, present, kernels, options, &graph);
  return graph;
}

std::uint64_t ExtendGraph(const RowScorer& scorer, const std::uint8_t* present,
                          const KernelTable& kernels, const GraphBuildOptions& options,
                          Graph* graph) {
  try {
    return InsertRows(scorer, present, kernels, options, graph);
  } catch (const std::runtime_error&) {
    // What hnswlib throws where malloc gives it nothing. Its other reasons (a file that cannot be
    // read, a label that is deleted twice, more rows than it was made for) do not arise here.
    throw std::bad_alloc();
  }
}

}  // namespace tracevec
