#include "index/graph_prune.h"

#include <algorithm>

namespace tracevec {
namespace {

float DistanceOf(float score, Metric metric) {
  return metric == Metric::kCosine ? 1 - score : -score;
}

bool NearerFirst(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

}  // namespace

void Pruner::Prune(std::span<const Candidate> candidates, std::span<std::uint32_t> out) {
  std::size_t kept = 0;
  left_.assign(candidates.begin(), candidates.end());
  while (!left_.empty() && kept < out.size()) {
    const std::uint32_t chosen = left_.front().row;
    out[kept++] = chosen;
    if (kept < out.size()) DropOccluded(chosen);
  }
  std::fill(out.begin() + static_cast<long>(kept), out.end(), kNoNode);
}

void Pruner::DropOccluded(std::uint32_t chosen) {
  const CodeRows& rows = scorer_.rows();
  left_.erase(left_.begin());
  const std::uint8_t* codes = rows.row(chosen);
  for (std::size_t i = 0; i < code_.size(); ++i) {
    code_[i] = static_cast<std::int8_t>(codes[i] ^ 0x80);
  }
  left_rows_.resize(left_.size());
  dots_.resize(left_.size());
  std::transform(left_.begin(), left_.end(), left_rows_.begin(),
                 [](const Candidate& candidate) { return candidate.row; });
  kernels_.dot_u8s8_gather(code_.data(), rows.codes, rows.stride, left_rows_.data(), left_.size(),
                           rows.dimension, dots_.data());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < left_.size(); ++i) {
    const float score = scorer_.FromDot(chosen, left_[i].row, dots_[i] - scorer_.offset(chosen));
    if (alpha_ * DistanceOf(score, rows.metric) < DistanceOf(left_[i].score, rows.metric)) continue;
    left_[kept++] = left_[i];
  }
  left_.resize(kept);
}

void SortUnique(std::vector<Candidate>* candidates) {
  std::sort(candidates->begin(), candidates->end(),
            [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  candidates->erase(
      std::unique(candidates->begin(), candidates->end(),
                  [](const Candidate& a, const Candidate& b) { return a.row == b.row; }),
      candidates->end());
  std::sort(candidates->begin(), candidates->end(), NearerFirst);
  if (candidates->size() > kMostCandidates) candidates->resize(kMostCandidates);
}

void FillList(std::vector<Candidate>* candidates, std::span<std::uint32_t> list) {
  std::size_t count = NeighboursIn(list.data(), list.size()).size();
  if (count == list.size()) return;
  SortUnique(candidates);
  for (const Candidate& candidate : *candidates) {
    if (count == list.size()) return;
    const auto end = list.begin() + static_cast<long>(count);
    if (std::find(list.begin(), end, candidate.row) == end) list[count++] = candidate.row;
  }
}

}  // namespace tracevec
