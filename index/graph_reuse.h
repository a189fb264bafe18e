#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "index/graph.h"
#include "index/row_set.h"

namespace tracevec {

struct SourceRow;

/// A graph is built from nothing after so many merges took it over...
constexpr std::uint32_t kMostGenerations = 4;
/// ...or when so large a share of the nodes it ever had has died.
constexpr double kMostDeadNodes = 0.2;
/// A graph is taken over when it has so large a share of the merged rows. Below a quarter, since
/// the largest of four equal segments with some dead rows is to count: in a stream of them rows are
/// inserted 2.5 times each, not 3.6 times.
constexpr double kLeastReusedShare = 0.2;

/// What becomes of a graph when a merge takes `live` of its nodes over, leaves `dead` behind, and
/// makes a graph of `total` nodes. Nothing: that one is better built from nothing.
std::optional<GraphLineage> LineageAfterMerge(const GraphLineage& before, std::uint64_t live,
                                              std::uint64_t dead, std::uint64_t total);

/// Whether a graph of so many nodes can have come to be in this way.
bool LineageIsPossible(const GraphLineage& lineage, std::uint64_t nodes);

/// The graph of a field that a merge starts from.
struct ReusableGraph {
  std::shared_ptr<RowSet> set;
  std::vector<std::uint32_t> new_rows;  ///< As RelinkGraph takes them.
  GraphLineage lineage;                 ///< Of the graph that is made with it.
};

/// The graph of the input with the most of the rows that have a vector of the field, if that input
/// has a graph and the graph is worth it. Throws std::bad_alloc.
std::optional<ReusableGraph> FindReusableGraph(std::size_t field, std::span<const SourceRow> rows);

}  // namespace tracevec
