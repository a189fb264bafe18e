// The only file that knows hnswlib: version 0.6.2, as Debian 12 has it, defines functions in its
// headers that may be linked once only. Nothing of it is used but insertion. Its search locks every
// node, its files are trusted when read, and deleting rots its graph.

#include "index/graph_builder.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "index/parallel.h"

namespace tracevec {
namespace {

constexpr std::size_t kLinks = Graph::kUpperDegree;
constexpr std::size_t kRowsAtOnce = 64;

/// What hnswlib keeps of a row, beside its links, where its prefetching finds it.
struct StoredRow {
  float scale;
  float squared_norm;
  std::int32_t offset;  // See RowScorer::offset.
  // The codes follow.

  const std::uint8_t* codes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
};

/// What a distance is told besides the two rows.
struct Distance {
  std::int32_t (*dot)(const std::uint8_t*, const std::uint8_t*, std::size_t);
  std::size_t dimension;
};

float ProductOf(const StoredRow& a, const StoredRow& b, const Distance& distance) {
  const std::int32_t dot = distance.dot(a.codes(), b.codes(), distance.dimension) - b.offset;
  return a.scale * b.scale * static_cast<float>(dot);
}

float NegatedProduct(const void* a, const void* b, const void* distance) {
  return -ProductOf(*static_cast<const StoredRow*>(a), *static_cast<const StoredRow*>(b),
                    *static_cast<const Distance*>(distance));
}

float SquaredL2(const void* a, const void* b, const void* distance) {
  const auto& row_a = *static_cast<const StoredRow*>(a);
  const auto& row_b = *static_cast<const StoredRow*>(b);
  return row_a.squared_norm + row_b.squared_norm -
         2 * ProductOf(row_a, row_b, *static_cast<const Distance*>(distance));
}

class RowSpace : public hnswlib::SpaceInterface<float> {
 public:
  RowSpace(const CodeRows& rows, const KernelTable& kernels)
      : rows_(rows), distance_{kernels.dot_u8u8, rows.dimension} {}
  // hnswlib puts rows side by side: whole words keep the next row's numbers aligned.
  std::size_t get_data_size() override { return (sizeof(StoredRow) + rows_.dimension + 3) / 4 * 4; }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return rows_.metric == Metric::kL2 ? SquaredL2 : NegatedProduct;
  }
  void* get_dist_func_param() override { return &distance_; }

  void Store(const RowScorer& scorer, std::uint32_t row, std::uint8_t* to) const {
    const StoredRow stored = {rows_.scales[row],
                              rows_.metric == Metric::kL2 ? rows_.squared_norms[row] : 0,
                              scorer.offset(row)};
    std::memcpy(to, &stored, sizeof stored);
    std::memcpy(to + sizeof stored, rows_.row(row), rows_.dimension);
  }

 private:
  CodeRows rows_;
  Distance distance_;
};

/// The level of a row: geometric, from its number and the seed alone (splitmix64, Steele et al.).
int LevelOf(std::uint32_t row, std::uint64_t seed) {
  std::uint64_t bits = seed + (std::uint64_t{row} + 1) * 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  const double uniform = (static_cast<double>(bits >> 11) + 0.5) * 0x1.0p-53;
  return static_cast<int>(-std::log(uniform) / std::log(static_cast<double>(kLinks)));
}

using Hnsw = hnswlib::HierarchicalNSW<float>;

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

Graph InsertRows(const RowScorer& scorer, const std::uint8_t* present, const KernelTable& kernels,
                 const GraphBuildOptions& options) {
  const std::uint32_t rows = scorer.rows().rows;
  std::vector<std::uint32_t> order;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (present[row] != 0) order.push_back(row);
  }
  RowSpace space(scorer.rows(), kernels);
  Hnsw hnsw(&space, std::max<std::size_t>(order.size(), 1), kLinks, options.ef_construction);
  // Levels come from LevelOf. hnswlib draws one all the same, from a generator its threads share
  // without a lock; with this factor what it draws is 0.
  hnsw.mult_ = 0;
  const auto insert = [&](std::size_t first, std::size_t last) {
    CheckStop(options.stop);
    std::vector<std::uint8_t> stored(space.get_data_size());
    for (std::size_t i = first; i < last; ++i) {
      space.Store(scorer, order[i], stored.data());
      hnsw.addPoint(stored.data(), order[i], LevelOf(order[i], options.seed));
    }
  };
  const std::size_t alone = std::min<std::size_t>(order.size(), 1);  // Others need an entry point.
  insert(0, alone);
  ParallelFor(options.threads, order.size() - alone, kRowsAtOnce,
              [&](std::size_t /*thread*/, std::size_t first, std::size_t last) {
                insert(alone + first, alone + last);
              });
  return Extraction(hnsw, rows).Take();
}

}  // namespace

Graph BuildGraph(const RowScorer& scorer, const std::uint8_t* present, const KernelTable& kernels,
                 const GraphBuildOptions& options) {
  try {
    return InsertRows(scorer, present, kernels, options);
  } catch (const std::runtime_error&) {
    // What hnswlib throws where malloc gives it nothing. Its other reasons (a file that cannot be
    // read, a label that is deleted twice, more rows than it was made for) do not arise here.
    throw std::bad_alloc();
  }
}

}  // namespace tracevec
