#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tracevec {

/// Ends a list of neighbours that is not full.
constexpr std::uint32_t kNoNode = 0xffffffff;

/// A level of the hierarchy above the lowest one. Its nodes are named by their place in it, so that
/// going down a level is one look-up.
struct GraphLevel {
  std::vector<std::uint32_t> rows;   ///< Which row each node is.
  std::vector<std::uint32_t> below;  ///< Its place in the level below; at the lowest of these, row.
  std::vector<std::uint32_t> links;  ///< Graph::kUpperDegree a node.
};

/// A hierarchical navigable small world over the rows of one field (Malkov and Yashunin, "Efficient
/// and robust approximate nearest neighbor search using HNSW graphs", 2018), laid out for
/// searching: lists of a fixed number of neighbours, packed, ended by kNoNode where they are not
/// full. A row without a vector of the field has no links and no links to it.
struct Graph {
  static constexpr std::uint32_t kDegree = 32;
  static constexpr std::uint32_t kUpperDegree = 16;

  std::vector<std::uint32_t> links;  ///< kDegree a row.
  std::vector<GraphLevel> levels;    ///< [0] lies on the rows, the last one is the top.
  std::uint32_t entry = kNoNode;     ///< Place in the top level; a row where there are no levels.
};

/// What a graph went through since it was built from nothing.
struct GraphLineage {
  std::uint32_t generation = 0;  ///< How many merges took it over.
  std::uint32_t dead = 0;        ///< How many of its nodes they left behind.
  bool refined = false;          ///< RefineGraph went over all of it, with its full width.
  friend bool operator==(const GraphLineage&, const GraphLineage&) = default;
};

/// A Graph that is kept elsewhere.
struct GraphView {
  struct Level {
    std::span<const std::uint32_t> rows;
    std::span<const std::uint32_t> below;
    const std::uint32_t* links = nullptr;
  };

  const std::uint32_t* links = nullptr;
  std::vector<Level> levels;
  std::uint32_t entry = kNoNode;

  GraphView() = default;
  explicit GraphView(const Graph& graph) : links(graph.links.data()), entry(graph.entry) {
    for (const GraphLevel& level : graph.levels) {
      levels.push_back({level.rows, level.below, level.links.data()});
    }
  }
};

}  // namespace tracevec
