#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/kernels.h"
#include "index/code_rows.h"
#include "index/graph.h"
#include "index/graph_search.h"

namespace tracevec {

/// Chooses a row's neighbours among candidates, so that they lie in different directions
/// (RobustPrune of Vamana, Subramanya et al. 2019). One a thread.
class Pruner {
 public:
  /// `alpha`: see GraphRefineOptions. The scorer and the kernels must outlive it.
  Pruner(const RowScorer& scorer, const KernelTable& kernels, float alpha)
      : scorer_(scorer), kernels_(kernels), alpha_(alpha), code_(scorer.rows().dimension) {}

  /// Chooses at most as many of the candidates as `out` has places. They come nearest first, each
  /// at most once and without the row itself. Fills the other places with kNoNode.
  void Prune(std::span<const Candidate> candidates, std::span<std::uint32_t> out);

 private:
  /// Takes the candidates, and of their rows what a score needs, side by side.
  void Take(std::span<const Candidate> candidates);
  /// Of the candidates left, drops the first, which is `chosen`, and those that it is nearer to
  /// than the row is. All at once: one at a time against those chosen so far would convert the
  /// codes of each candidate, not of each that is chosen, and computes products past the first that
  /// decides.
  void DropOccluded(std::uint32_t chosen);

  const RowScorer& scorer_;
  const KernelTable& kernels_;
  float alpha_;
  std::vector<std::int8_t> code_;
  // Of the candidates left, nearest first.
  std::size_t left_ = 0;
  std::vector<std::uint32_t> rows_;
  std::vector<float> distances_;  // To the row.
  std::vector<float> scales_;
  std::vector<float> squared_norms_;  // 0 but under l2.
  std::vector<std::int32_t> dots_;    // With the one chosen last.
};

/// Candidates beyond so many of the nearest are not worth a look: a list has 32 places. Where very
/// many rows are equal, one of them is chosen by all the others, and none occludes another.
constexpr std::size_t kMostCandidates = 1024;

/// Sorts candidates nearest first, keeps each row once, and of them the first kMostCandidates.
void SortUnique(std::vector<Candidate>* candidates);

/// Sets `candidates` to what SortUnique makes of `found`, which a search gave, without `row`, and
/// of `others`, which it may change the order of: the many need no sorting then.
void MergeUnique(std::span<const Candidate> found, std::uint32_t row,
                 std::vector<Candidate>* others, std::vector<Candidate>* candidates);

/// Appends the nearest candidates that are not in the list yet, until it is full.
void FillList(std::vector<Candidate>* candidates, std::span<std::uint32_t> list);

/// The neighbours in a list that kNoNode ends where it is not full.
inline std::span<const std::uint32_t> NeighboursIn(const std::uint32_t* list, std::size_t degree) {
  std::size_t count = 0;
  while (count < degree && list[count] != kNoNode) ++count;
  return {list, count};
}

}  // namespace tracevec
