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
  for (const Candidate& candidate : candidates) {
    if (kept == out.size()) break;
    if (!Occluded(candidate, out.first(kept))) out[kept++] = candidate.row;
  }
  std::fill(out.begin() + static_cast<long>(kept), out.end(), kNoNode);
}

bool Pruner::Occluded(const Candidate& candidate, std::span<const std::uint32_t> chosen) {
  constexpr std::size_t kAtOnce = 8;
  if (chosen.empty()) return false;
  const CodeRows& rows = scorer_.rows();
  const std::uint8_t* codes = rows.row(candidate.row);
  for (std::size_t i = 0; i < code_.size(); ++i) {
    code_[i] = static_cast<std::int8_t>(codes[i] ^ 0x80);
  }
  const float limit = DistanceOf(candidate.score, rows.metric);
  std::int32_t dots[kAtOnce];
  for (std::size_t first = 0; first < chosen.size(); first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, chosen.size() - first);
    kernels_.dot_u8s8_gather(code_.data(), rows.codes, rows.stride, chosen.data() + first, count,
                             rows.dimension, dots);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t dot = dots[i] - scorer_.offset(candidate.row);
      const float score = scorer_.FromDot(candidate.row, chosen[first + i], dot);
      if (alpha_ * DistanceOf(score, rows.metric) < limit) return true;
    }
  }
  return false;
}

void SortUnique(std::vector<Candidate>* candidates) {
  std::sort(candidates->begin(), candidates->end(),
            [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  candidates->erase(
      std::unique(candidates->begin(), candidates->end(),
                  [](const Candidate& a, const Candidate& b) { return a.row == b.row; }),
      candidates->end());
  std::sort(candidates->begin(), candidates->end(), NearerFirst);
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
