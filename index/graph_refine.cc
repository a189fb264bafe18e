#include "index/graph_refine.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "index/graph_builder.h"
#include "index/graph_search.h"
#include "index/parallel.h"

namespace tracevec {
namespace {

constexpr std::size_t kDegree = Graph::kDegree;
constexpr std::size_t kRowsAtOnce = 256;

/// What a row's new neighbours are chosen with. One a thread.
class Pruner {
 public:
  Pruner(const RowScorer& scorer, const KernelTable& kernels, float alpha)
      : scorer_(scorer), kernels_(kernels), alpha_(alpha), code_(scorer.rows().dimension) {}

  /// Chooses at most kDegree of the candidates, which come nearest first, each at most once and
  /// without the row itself. Fills the rest of `out` with kNoNode.
  void Prune(std::span<const Candidate> candidates, std::uint32_t* out) {
    kept_ = 0;
    chosen_ = out;
    for (const Candidate& candidate : candidates) {
      if (kept_ == kDegree) break;
      if (!Occluded(candidate)) out[kept_++] = candidate.row;
    }
    std::fill(out + kept_, out + kDegree, kNoNode);
  }

 private:
  float DistanceOf(float score) const {
    return scorer_.rows().metric == Metric::kCosine ? 1 - score : -score;
  }

  /// Whether a neighbour already chosen is nearer to the candidate than the row is.
  bool Occluded(const Candidate& candidate) {
    constexpr std::size_t kAtOnce = 8;
    if (kept_ == 0) return false;
    const CodeRows& rows = scorer_.rows();
    const std::uint8_t* codes = rows.row(candidate.row);
    for (std::size_t i = 0; i < code_.size(); ++i) {
      code_[i] = static_cast<std::int8_t>(codes[i] ^ 0x80);
    }
    const float limit = DistanceOf(candidate.score);
    std::int32_t dots[kAtOnce];
    for (std::size_t first = 0; first < kept_; first += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, kept_ - first);
      kernels_.dot_u8s8_gather(code_.data(), rows.codes, rows.stride, chosen_ + first, count,
                               rows.dimension, dots);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t dot = dots[i] - scorer_.offset(candidate.row);
        const float score = scorer_.FromDot(candidate.row, chosen_[first + i], dot);
        if (alpha_ * DistanceOf(score) < limit) return true;
      }
    }
    return false;
  }

  const RowScorer& scorer_;
  const KernelTable& kernels_;
  float alpha_;
  std::vector<std::int8_t> code_;
  const std::uint32_t* chosen_ = nullptr;  // The list that is being filled.
  std::size_t kept_ = 0;
};

bool NearerFirst(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

/// Nearest first, each row once.
void SortUnique(std::vector<Candidate>* candidates) {
  std::sort(candidates->begin(), candidates->end(),
            [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  candidates->erase(
      std::unique(candidates->begin(), candidates->end(),
                  [](const Candidate& a, const Candidate& b) { return a.row == b.row; }),
      candidates->end());
  std::sort(candidates->begin(), candidates->end(), NearerFirst);
}

class Refinement {
 public:
  Refinement(const RowScorer& scorer, const KernelTable& kernels, const GraphRefineOptions& options,
             Graph* graph)
      : scorer_(scorer), kernels_(kernels), options_(options), graph_(graph) {}

  void Run() {
    const std::size_t slots = graph_->links.size();
    forward_.assign(slots, kNoNode);
    ForRows([&](Worker* worker, std::uint32_t row) { ChooseForward(worker, row); });
    CountBackward();
    next_.assign(slots, kNoNode);
    ForRows([&](Worker* worker, std::uint32_t row) { Combine(worker, row); });
    graph_->links = std::move(next_);
  }

 private:
  struct Worker {
    explicit Worker(const Refinement& of) : pruner(of.scorer_, of.kernels_, of.options_.alpha) {}
    GraphSearcher searcher;
    GraphCounts counts;
    Pruner pruner;
    std::vector<Candidate> candidates;
  };

  template <typename Work>
  void ForRows(const Work& work) {
    std::vector<Worker> workers;
    for (std::size_t i = 0; i < options_.threads; ++i) workers.emplace_back(*this);
    ParallelFor(options_.threads, scorer_.rows().rows, kRowsAtOnce,
                [&](std::size_t thread, std::size_t first, std::size_t last) {
                  CheckStop(options_.stop);
                  for (std::size_t row = first; row < last; ++row) {
                    if (graph_->links[row * kDegree] == kNoNode) continue;
                    work(&workers[thread], static_cast<std::uint32_t>(row));
                  }
                });
  }

  std::span<const std::uint32_t> ListOf(const std::vector<std::uint32_t>& lists,
                                        std::uint32_t row) const {
    const std::uint32_t* list = lists.data() + std::size_t{row} * kDegree;
    std::size_t count = 0;
    while (count < kDegree && list[count] != kNoNode) ++count;
    return {list, count};
  }

  void ChooseForward(Worker* worker, std::uint32_t row) {
    const CodeRows& rows = scorer_.rows();
    std::vector<Candidate>& candidates = worker->candidates;
    candidates.clear();
    const Int8Query query(rows, row);
    for (const Candidate& found : worker->searcher.Search(GraphView(*graph_), rows, query, kernels_,
                                                          options_.ef, &worker->counts)) {
      if (found.row != row) candidates.push_back(found);
    }
    for (const std::uint32_t neighbour : ListOf(graph_->links, row)) {
      candidates.push_back({scorer_.Score(row, neighbour), neighbour});
    }
    SortUnique(&candidates);
    worker->pruner.Prune(candidates, forward_.data() + std::size_t{row} * kDegree);
  }

  /// Who chose each row: sources_[first_source_[row]...], in row order.
  void CountBackward() {
    const std::uint32_t rows = scorer_.rows().rows;
    first_source_.assign(rows + 1, 0);
    for (const std::uint32_t target : forward_) {
      if (target != kNoNode) ++first_source_[target + 1];
    }
    for (std::uint32_t row = 0; row < rows; ++row) first_source_[row + 1] += first_source_[row];
    sources_.resize(first_source_[rows]);
    std::vector<std::uint32_t> filled(first_source_.begin(), first_source_.end() - 1);
    for (std::uint32_t row = 0; row < rows; ++row) {
      for (const std::uint32_t target : ListOf(forward_, row)) sources_[filled[target]++] = row;
    }
  }

  void Combine(Worker* worker, std::uint32_t row) {
    std::vector<Candidate>& candidates = worker->candidates;
    candidates.clear();
    for (const std::uint32_t target : ListOf(forward_, row)) {
      candidates.push_back({scorer_.Score(row, target), target});
    }
    for (std::uint32_t i = first_source_[row]; i < first_source_[row + 1]; ++i) {
      candidates.push_back({scorer_.Score(row, sources_[i]), sources_[i]});
    }
    SortUnique(&candidates);
    std::uint32_t* out = next_.data() + std::size_t{row} * kDegree;
    if (candidates.size() <= kDegree) {
      for (const Candidate& candidate : candidates) *out++ = candidate.row;
    } else {
      worker->pruner.Prune(candidates, out);
    }
    for (const std::uint32_t old : ListOf(graph_->links, row)) {
      candidates.push_back({scorer_.Score(row, old), old});
    }
    Fill(&candidates, next_.data() + std::size_t{row} * kDegree);
  }

  /// Appends the nearest candidates that are not in the list yet.
  void Fill(std::vector<Candidate>* candidates, std::uint32_t* list) const {
    std::size_t count = 0;
    while (count < kDegree && list[count] != kNoNode) ++count;
    if (count == kDegree) return;
    SortUnique(candidates);
    for (const Candidate& candidate : *candidates) {
      if (count == kDegree) return;
      if (std::find(list, list + count, candidate.row) == list + count) {
        list[count++] = candidate.row;
      }
    }
  }

  const RowScorer& scorer_;
  const KernelTable& kernels_;
  const GraphRefineOptions& options_;
  Graph* graph_;
  std::vector<std::uint32_t> forward_;
  std::vector<std::uint32_t> first_source_;
  std::vector<std::uint32_t> sources_;
  std::vector<std::uint32_t> next_;
};

}  // namespace

void RefineGraph(const RowScorer& scorer, const KernelTable& kernels,
                 const GraphRefineOptions& options, Graph* graph) {
  Refinement(scorer, kernels, options, graph).Run();
}

}  // namespace tracevec
