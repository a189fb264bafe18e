#include "index/graph_attach.h"

#include <algorithm>
#include <vector>

#include "index/graph_backward.h"
#include "index/graph_prune.h"
#include "index/graph_search.h"
#include "index/parallel.h"
#include "index/row_random.h"
#include "index/row_searches.h"

namespace tracevec {
namespace {

constexpr std::size_t kDegree = Graph::kDegree;
/// Of a list's places a row fills at most half itself: the rest is for who chooses it later.
constexpr std::size_t kForwardDegree = kDegree / 2;
/// See GraphRefineOptions. Factors above 1 take longer and gave no better graphs after refining.
constexpr float kAlpha = 1;
constexpr std::size_t kRowsAtOnce = 64;

class Attachment {
 public:
  Attachment(const RowScorer& scorer, const KernelTable& kernels, const GraphAttachOptions& options,
             Graph* graph)
      : scorer_(scorer), options_(options), graph_(*graph), kernels_(kernels) {
    for (std::size_t i = 0; i < options.threads; ++i) workers_.emplace_back(*this);
  }

  void Attach(std::span<const std::uint32_t> batch) {
    forward_.assign(batch.size() * kDegree, kNoNode);
    ParallelFor(options_.threads, batch.size(), kRowsAtOnce,
                [&](std::size_t thread, std::size_t first, std::size_t last) {
                  CheckStop(options_.stop);
                  Choose(&workers_[thread], batch, first, last);
                });
    const BackwardLinks backward(forward_, batch, scorer_.rows().rows);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::copy_n(forward_.begin() + static_cast<long>(i * kDegree), kDegree,
                  ListOf(batch[i]).begin());
    }
    ParallelFor(options_.threads, scorer_.rows().rows, kRowsAtOnce,
                [&](std::size_t thread, std::size_t first, std::size_t last) {
                  CheckStop(options_.stop);
                  for (std::size_t i = first; i < last; ++i) {
                    const auto row = static_cast<std::uint32_t>(i);
                    LinkBack(&workers_[thread], row, backward.Of(row));
                  }
                });
  }

 private:
  struct Worker {
    explicit Worker(const Attachment& of) : pruner(of.scorer_, of.kernels_, kAlpha) {}
    RowSearches searches;
    Pruner pruner;
    std::vector<RowSearch> rows;
    std::vector<Candidate> candidates;
  };

  std::span<std::uint32_t> ListOf(std::uint32_t row) {
    return std::span(graph_.links).subspan(std::size_t{row} * kDegree, kDegree);
  }

  /// The forward links of the rows of a batch at these places.
  void Choose(Worker* worker, std::span<const std::uint32_t> batch, std::size_t first,
              std::size_t last) {
    worker->rows.clear();
    for (std::size_t i = first; i < last; ++i) worker->rows.push_back({batch[i], options_.ef});
    worker->searches.Run(
        GraphView(graph_), scorer_.rows(), kernels_, worker->rows,
        [&](std::size_t index, std::span<const Candidate> found) {
          worker->pruner.Prune(
              found, std::span(forward_).subspan((first + index) * kDegree, kForwardDegree));
        });
  }

  void LinkBack(Worker* worker, std::uint32_t row, std::span<const std::uint32_t> sources) {
    if (sources.empty()) return;
    const std::span<std::uint32_t> list = ListOf(row);
    const std::size_t count = NeighboursIn(list.data(), kDegree).size();
    if (count + sources.size() <= kDegree) {
      std::copy(sources.begin(), sources.end(), list.begin() + static_cast<long>(count));
      return;
    }
    std::vector<Candidate>& candidates = worker->candidates;
    candidates.clear();
    for (const std::uint32_t other : list.first(count)) {
      candidates.push_back({scorer_.Score(row, other), other});
    }
    for (const std::uint32_t source : sources) {
      candidates.push_back({scorer_.Score(row, source), source});
    }
    SortUnique(&candidates);
    worker->pruner.Prune(candidates, list);
  }

  const RowScorer& scorer_;
  const GraphAttachOptions& options_;
  Graph& graph_;
  const KernelTable& kernels_;
  std::vector<Worker> workers_;
  std::vector<std::uint32_t> forward_;  // kDegree a row of the batch.
};

/// The row that searches enter the lowest level from, or before it.
std::uint32_t EntryRow(const Graph& graph) {
  return graph.levels.empty() ? graph.entry : graph.levels.back().rows[graph.entry];
}

}  // namespace

std::uint64_t AttachRows(const RowScorer& scorer, const std::uint8_t* present,
                         const KernelTable& kernels, const GraphAttachOptions& options,
                         Graph* graph) {
  const std::uint32_t rows = scorer.rows().rows;
  const std::uint32_t entry = EntryRow(*graph);
  std::vector<std::uint32_t> order;
  std::size_t nodes = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (present[row] == 0) continue;
    const bool in_graph = row == entry || graph->links[std::size_t{row} * kDegree] != kNoNode;
    if (in_graph) {
      ++nodes;
    } else {
      order.push_back(row);
    }
  }
  if (order.empty()) return 0;
  // Which batch a row belongs to is drawn; within a batch rows stand in their order, since rows
  // side by side are often alike, and find in the caches what the one before them fetched.
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return RandomOfRow(a, options.seed) < RandomOfRow(b, options.seed);
  });
  std::size_t first = 0;
  if (nodes == 0) {
    graph->entry = order[first++];  // Without links until others link to it.
    nodes = 1;
  }
  Attachment attachment(scorer, kernels, options, graph);
  while (first < order.size()) {
    const std::size_t size = std::min(order.size() - first, std::max<std::size_t>(nodes / 2, 1));
    const auto batch = std::span(order).subspan(first, size);
    std::sort(batch.begin(), batch.end());
    attachment.Attach(batch);
    first += size;
    nodes += size;
  }
  return order.size();
}

}  // namespace tracevec
