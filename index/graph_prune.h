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
  /// Of the candidates left, drops the first, which is `chosen`, and those that it is nearer to
  /// than the row is. All at once: one at a time against those chosen so far would convert the
  /// codes of each candidate, not of each that is chosen, and computes products past the first that
  /// decides.
  void DropOccluded(std::uint32_t chosen);

  const RowScorer& scorer_;
  const KernelTable& kernels_;
  float alpha_;
  std::vector<std::int8_t> code_;
  std::vector<Candidate> left_;
  std::vector<std::uint32_t> left_rows_;
  std::vector<std::int32_t> dots_;
};

/// Candidates beyond so many of the nearest are not worth a look: a list has 32 places. Where very
/// many rows are equal, one of them is chosen by all the others, and none occludes another.
constexpr std::size_t kMostCandidates = 1024;

/// Sorts candidates nearest first, keeps each row once, and of them the first kMostCandidates.
void SortUnique(std::vector<Candidate>* candidates);

/// Appends the nearest candidates that are not in the list yet, until it is full.
void FillList(std::vector<Candidate>* candidates, std::span<std::uint32_t> list);

/// The neighbours in a list that kNoNode ends where it is not full.
inline std::span<const std::uint32_t> NeighboursIn(const std::uint32_t* list, std::size_t degree) {
  std::size_t count = 0;
  while (count < degree && list[count] != kNoNode) ++count;
  return {list, count};
}

}  // namespace tracevec
