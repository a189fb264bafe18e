#include "index/graph_relink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "index/graph_prune.h"
#include "index/parallel.h"

namespace tracevec {
namespace {

constexpr std::size_t kNodesAtOnce = 256;
/// How many dead nodes around a living one are looked behind. Where chunks of one document die
/// together they list each other, and the living ones lie behind several of them.
constexpr std::size_t kMostDeadBehind = 256;

/// One level of the old graph.
struct OldLevel {
  const std::uint32_t* links;
  std::size_t degree;
  std::vector<std::uint32_t> rows;  ///< The new row of each node; kNoNode: it is dead.

  std::span<const std::uint32_t> NeighboursOf(std::uint32_t node) const {
    return NeighboursIn(links + node * degree, degree);
  }
};

class Relinking {
 public:
  Relinking(const GraphView& old, std::span<const std::uint32_t> new_rows, const RowScorer& scorer,
            const KernelTable& kernels, const GraphRelinkOptions& options)
      : old_(old), new_rows_(new_rows), scorer_(scorer), kernels_(kernels), options_(options) {}

  Graph Run() {
    const std::uint32_t rows = scorer_.rows().rows;
    const OldLevel lowest = {old_.links, Graph::kDegree, {new_rows_.begin(), new_rows_.end()}};
    const std::vector<std::uint32_t> lists = Relink(lowest);
    graph_.links.assign(std::size_t{rows} * Graph::kDegree, kNoNode);
    for (std::size_t node = 0; node < new_rows_.size(); ++node) {
      if (new_rows_[node] == kNoNode) continue;
      std::copy_n(lists.begin() + static_cast<long>(node * Graph::kDegree), Graph::kDegree,
                  graph_.links.begin() + static_cast<long>(new_rows_[node] * kLowest));
    }
    LeaveOutLonely();
    places_.resize(rows);
    for (std::uint32_t row = 0; row < rows; ++row) places_[row] = Has(row) ? row : kNoNode;
    for (const GraphView::Level& level : old_.levels) {
      if (!AddLevel(level)) break;
    }
    ChooseEntry();
    return std::move(graph_);
  }

 private:
  static constexpr std::size_t kLowest = Graph::kDegree;

  struct Worker {
    Worker(const RowScorer& scorer, const KernelTable& kernels, float alpha)
        : pruner(scorer, kernels, alpha) {}
    Pruner pruner;
    std::vector<Candidate> candidates;
    std::vector<Candidate> living;
    std::vector<std::uint32_t> dead;
  };

  bool Has(std::uint32_t row) const { return graph_.links[row * kLowest] != kNoNode; }

  /// The new lists of all nodes, in new rows.
  std::vector<std::uint32_t> Relink(const OldLevel& level) const {
    std::vector<std::uint32_t> lists(level.rows.size() * level.degree, kNoNode);
    std::vector<Worker> workers;
    for (std::size_t i = 0; i < options_.threads; ++i) {
      workers.emplace_back(scorer_, kernels_, options_.alpha);
    }
    ParallelFor(options_.threads, level.rows.size(), kNodesAtOnce,
                [&](std::size_t thread, std::size_t first, std::size_t last) {
                  CheckStop(options_.stop);
                  for (std::size_t node = first; node < last; ++node) {
                    if (level.rows[node] == kNoNode) continue;
                    RelinkNode(level, static_cast<std::uint32_t>(node), &workers[thread],
                               std::span(lists).subspan(node * level.degree, level.degree));
                  }
                });
    return lists;
  }

  void RelinkNode(const OldLevel& level, std::uint32_t node, Worker* worker,
                  std::span<std::uint32_t> out) const {
    const std::span<const std::uint32_t> neighbours = level.NeighboursOf(node);
    worker->dead.clear();
    auto to = out.begin();
    for (const std::uint32_t neighbour : neighbours) {
      if (neighbour == node) continue;  // A damaged image.
      if (level.rows[neighbour] != kNoNode) {
        *to++ = level.rows[neighbour];
      } else {
        worker->dead.push_back(neighbour);
      }
    }
    if (worker->dead.empty()) return;
    const std::uint32_t row = level.rows[node];
    worker->living.clear();
    for (const std::uint32_t living : NeighboursIn(out.data(), out.size())) {
      worker->living.push_back({scorer_.Score(row, living), living});
    }
    worker->candidates = worker->living;
    LookBehindDead(level, row, worker);
    SortUnique(&worker->candidates);
    worker->pruner.Prune(worker->candidates, out);
    FillList(&worker->living, out);
  }

  /// Adds the living neighbours of dead ones to the candidates; those of dead nodes further away
  /// only while there are not enough to fill a list.
  void LookBehindDead(const OldLevel& level, std::uint32_t row, Worker* worker) const {
    std::vector<std::uint32_t>& dead = worker->dead;
    const std::size_t direct = dead.size();
    for (std::size_t next = 0; next < dead.size(); ++next) {
      if (next >= direct && worker->candidates.size() >= level.degree) return;
      for (const std::uint32_t node : level.NeighboursOf(dead[next])) {
        const std::uint32_t found = level.rows[node];
        if (found == row) continue;
        if (found != kNoNode) {
          worker->candidates.push_back({scorer_.Score(row, found), found});
        } else if (dead.size() < kMostDeadBehind &&
                   std::find(dead.begin(), dead.end(), node) == dead.end()) {
          dead.push_back(node);
        }
      }
    }
  }

  /// A row that lists nothing leads nowhere. Taking it out may leave others in the same state.
  void LeaveOutLonely() {
    bool again = true;
    while (again) {
      again = false;
      for (std::uint32_t row = 0; row < scorer_.rows().rows; ++row) {
        if (!Has(row)) continue;
        const auto list = std::span(graph_.links).subspan(row * kLowest, kLowest);
        const auto end = std::remove_if(list.begin(), list.end(), [this](std::uint32_t link) {
          return link != kNoNode && !Has(link);
        });
        if (end == list.end()) continue;
        std::fill(end, list.end(), kNoNode);
        again = again || !Has(row);
      }
    }
  }

  /// False when no node of it lives.
  bool AddLevel(const GraphView::Level& level) {
    OldLevel old = {level.links, Graph::kUpperDegree, {}};
    GraphLevel added;
    std::vector<std::uint32_t> places(places_.size(), kNoNode);
    for (const std::uint32_t old_row : level.rows) {
      const std::uint32_t row = new_rows_[old_row];
      // A damaged image may list a row twice, or here and not below.
      const bool lives = row != kNoNode && places_[row] != kNoNode && places[row] == kNoNode;
      old.rows.push_back(lives ? row : kNoNode);
      if (!lives) continue;
      places[row] = static_cast<std::uint32_t>(added.rows.size());
      added.rows.push_back(row);
      added.below.push_back(places_[row]);
    }
    if (added.rows.empty()) return false;
    added.links.assign(added.rows.size() * Graph::kUpperDegree, kNoNode);
    const std::vector<std::uint32_t> lists = Relink(old);
    for (std::size_t node = 0; node < old.rows.size(); ++node) {
      if (old.rows[node] == kNoNode) continue;
      const auto list = NeighboursIn(&lists[node * old.degree], old.degree);
      std::transform(list.begin(), list.end(),
                     added.links.begin() + static_cast<long>(places[old.rows[node]] * old.degree),
                     [&places](std::uint32_t row) { return places[row]; });
    }
    places_ = std::move(places);
    graph_.levels.push_back(std::move(added));
    return true;
  }

  /// The old entry, or the first node of the level that is the top one now.
  void ChooseEntry() {
    std::uint32_t row = kNoNode;
    if (old_.entry != kNoNode) {
      row = new_rows_[old_.levels.empty() ? old_.entry : old_.levels.back().rows[old_.entry]];
    }
    if (row != kNoNode) graph_.entry = places_[row];
    if (graph_.entry != kNoNode) return;
    const auto first = std::find_if(places_.begin(), places_.end(),
                                    [](std::uint32_t place) { return place != kNoNode; });
    if (first != places_.end()) graph_.entry = *first;
  }

  const GraphView& old_;
  std::span<const std::uint32_t> new_rows_;
  const RowScorer& scorer_;
  const KernelTable& kernels_;
  const GraphRelinkOptions& options_;
  /// Of each new row in the level added last; kNoNode: it is not in it.
  std::vector<std::uint32_t> places_;
  Graph graph_;
};

}  // namespace

Graph RelinkGraph(const GraphView& old, std::span<const std::uint32_t> new_rows,
                  const RowScorer& scorer, const KernelTable& kernels,
                  const GraphRelinkOptions& options) {
  return Relinking(old, new_rows, scorer, kernels, options).Run();
}

}  // namespace tracevec
