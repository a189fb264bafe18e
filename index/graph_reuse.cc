#include "index/graph_reuse.h"

#include <algorithm>
#include <map>
#include <utility>

#include "index/segment.h"
#include "index/segment_builder.h"

namespace tracevec {
namespace {

bool MostlyAlive(std::uint64_t live, std::uint64_t dead) {
  return static_cast<double>(dead) <= kMostDeadNodes * static_cast<double>(live + dead);
}

std::uint64_t NodesOf(const Segment& segment, std::size_t field) {
  std::uint64_t nodes = 0;
  for (std::uint32_t row = 0; row < segment.rows(); ++row) nodes += segment.HasVector(field, row);
  return nodes;
}

}  // namespace

std::optional<GraphLineage> LineageAfterMerge(const GraphLineage& before, std::uint64_t live,
                                              std::uint64_t dead, std::uint64_t total) {
  const std::uint64_t all_dead = before.dead + dead;
  if (live == 0 || before.generation >= kMostGenerations || !MostlyAlive(live, all_dead) ||
      static_cast<double>(live) < kLeastReusedShare * static_cast<double>(total)) {
    return std::nullopt;
  }
  return GraphLineage{before.generation + 1, static_cast<std::uint32_t>(all_dead), before.refined};
}

bool LineageIsPossible(const GraphLineage& lineage, std::uint64_t nodes) {
  if (lineage.generation == 0) return lineage.dead == 0;
  return lineage.generation <= kMostGenerations && MostlyAlive(nodes, lineage.dead);
}

std::optional<ReusableGraph> FindReusableGraph(std::size_t field, std::span<const SourceRow> rows) {
  std::uint64_t total = 0;
  std::map<const RowSet*, std::uint64_t> live_of;
  for (const SourceRow& source : rows) {
    if (!source.set->HasVector(field, source.row)) continue;
    ++live_of[source.set.get()];
    ++total;
  }
  // The first in the order of the rows where several are equally large: addresses decide nothing.
  std::shared_ptr<RowSet> largest;
  for (const SourceRow& source : rows) {
    if (largest == source.set) continue;
    if (largest == nullptr || live_of[source.set.get()] > live_of[largest.get()]) {
      largest = source.set;
    }
  }
  const auto* segment = dynamic_cast<const Segment*>(largest.get());
  if (segment == nullptr || segment->graph(field) == nullptr) return std::nullopt;
  const std::uint64_t live = live_of[largest.get()];
  const auto lineage = LineageAfterMerge(segment->graph_lineage(field), live,
                                         NodesOf(*segment, field) - live, total);
  if (!lineage) return std::nullopt;
  ReusableGraph found{largest, std::vector<std::uint32_t>(segment->rows(), kNoNode), *lineage};
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    if (rows[row].set != largest || !largest->HasVector(field, rows[row].row)) continue;
    found.new_rows[rows[row].row] = row;
  }
  return found;
}

}  // namespace tracevec
