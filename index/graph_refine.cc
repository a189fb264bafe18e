#include "index/graph_refine.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "index/graph_backward.h"
#include "index/graph_prune.h"
#include "index/graph_search.h"
#include "index/parallel.h"
#include "index/row_searches.h"

namespace tracevec {
namespace {

constexpr std::size_t kDegree = Graph::kDegree;
constexpr std::size_t kRowsAtOnce = 256;
/// Width of the search for a row that was refined before. After four merges that each replaced 4 %
/// and added 10 % (21,000 x 384, cppdocs; x 64, clusters), recall@10 at ef 32 to 128 is within
/// 0.002 of a fresh graph's with this width, as with 200; without a search 0.006 is lost. Such a
/// merge takes 0.59 of the time of building the first graph, with 200 0.98, without a search 0.36.
constexpr std::size_t kEfOfRefined = 48;

class Refinement {
 public:
  Refinement(const RowScorer& scorer, const KernelTable& kernels, const GraphRefineOptions& options,
             Graph* graph)
      : scorer_(scorer), kernels_(kernels), options_(options), graph_(graph) {}

  void Run() {
    const std::size_t slots = graph_->links.size();
    forward_.assign(slots, kNoNode);
    ForRows(
        [&](Worker* worker, std::span<const std::uint32_t> rows) { ChooseForward(worker, rows); });
    std::vector<std::uint32_t> all(scorer_.rows().rows);
    std::iota(all.begin(), all.end(), 0U);
    const BackwardLinks backward(forward_, all, scorer_.rows().rows);
    next_.assign(slots, kNoNode);
    ForRows([&](Worker* worker, std::span<const std::uint32_t> rows) {
      for (const std::uint32_t row : rows) Combine(worker, row, backward.Of(row));
    });
    graph_->links = std::move(next_);
  }

 private:
  struct Worker {
    explicit Worker(const Refinement& of) : pruner(of.scorer_, of.kernels_, of.options_.alpha) {}
    RowSearches searches;
    Pruner pruner;
    std::vector<std::uint32_t> rows;
    std::vector<RowSearch> wanted;
    std::vector<Candidate> neighbours;
    std::vector<Candidate> candidates;
  };

  /// Calls work(worker, rows) for the rows that are nodes, kRowsAtOnce or fewer at a time.
  template <typename Work>
  void ForRows(const Work& work) {
    std::vector<Worker> workers;
    for (std::size_t i = 0; i < options_.threads; ++i) workers.emplace_back(*this);
    ParallelFor(options_.threads, scorer_.rows().rows, kRowsAtOnce,
                [&](std::size_t thread, std::size_t first, std::size_t last) {
                  CheckStop(options_.stop);
                  std::vector<std::uint32_t>& rows = workers[thread].rows;
                  rows.clear();
                  for (std::size_t row = first; row < last; ++row) {
                    if (graph_->links[row * kDegree] == kNoNode) continue;
                    rows.push_back(static_cast<std::uint32_t>(row));
                  }
                  work(&workers[thread], rows);
                });
  }

  static std::span<const std::uint32_t> ListOf(const std::vector<std::uint32_t>& lists,
                                               std::uint32_t row) {
    return NeighboursIn(lists.data() + std::size_t{row} * kDegree, kDegree);
  }
  static std::span<std::uint32_t> PlacesOf(std::vector<std::uint32_t>* lists, std::uint32_t row) {
    return std::span(*lists).subspan(std::size_t{row} * kDegree, kDegree);
  }

  /// Empty: the row was not in the graph that was refined.
  std::span<const std::uint32_t> RefinedListOf(std::uint32_t row) const {
    if (options_.refined_links.empty()) return {};
    return NeighboursIn(options_.refined_links.data() + std::size_t{row} * kDegree, kDegree);
  }

  void ChooseForward(Worker* worker, std::span<const std::uint32_t> rows) {
    worker->wanted.clear();
    for (const std::uint32_t row : rows) {
      const bool was_refined = !RefinedListOf(row).empty();
      worker->wanted.push_back(
          {row, was_refined ? std::min(options_.ef, kEfOfRefined) : options_.ef});
    }
    worker->searches.Run(GraphView(*graph_), scorer_.rows(), kernels_, worker->wanted,
                         [&](std::size_t index, std::span<const Candidate> found) {
                           ChooseAmong(worker, rows[index], found);
                         });
  }

  /// Chooses among what a search found and the neighbours a row has and had.
  void ChooseAmong(Worker* worker, std::uint32_t row, std::span<const Candidate> found) {
    worker->neighbours.clear();
    for (const auto list : {RefinedListOf(row), ListOf(graph_->links, row)}) {
      for (const std::uint32_t neighbour : list) {
        worker->neighbours.push_back({scorer_.Score(row, neighbour), neighbour});
      }
    }
    MergeUnique(found, row, &worker->neighbours, &worker->candidates);
    worker->pruner.Prune(worker->candidates, PlacesOf(&forward_, row));
  }

  void Combine(Worker* worker, std::uint32_t row, std::span<const std::uint32_t> chosen_by) {
    std::vector<Candidate>& candidates = worker->candidates;
    candidates.clear();
    for (const std::uint32_t target : ListOf(forward_, row)) {
      candidates.push_back({scorer_.Score(row, target), target});
    }
    for (const std::uint32_t source : chosen_by) {
      candidates.push_back({scorer_.Score(row, source), source});
    }
    SortUnique(&candidates);
    const std::span<std::uint32_t> out = PlacesOf(&next_, row);
    if (candidates.size() <= kDegree) {
      std::transform(candidates.begin(), candidates.end(), out.begin(),
                     [](const Candidate& candidate) { return candidate.row; });
    } else {
      worker->pruner.Prune(candidates, out);
    }
    for (const std::uint32_t old : ListOf(graph_->links, row)) {
      candidates.push_back({scorer_.Score(row, old), old});
    }
    FillList(&candidates, out);
  }

  const RowScorer& scorer_;
  const KernelTable& kernels_;
  const GraphRefineOptions& options_;
  Graph* graph_;
  std::vector<std::uint32_t> forward_;
  std::vector<std::uint32_t> next_;
};

}  // namespace

void RefineGraph(const RowScorer& scorer, const KernelTable& kernels,
                 const GraphRefineOptions& options, Graph* graph) {
  Refinement(scorer, kernels, options, graph).Run();
}

}  // namespace tracevec
