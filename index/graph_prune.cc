#include "index/graph_prune.h"

#include <algorithm>

namespace tracevec {
namespace {

bool NearerFirst(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

/// What is subtracted from to make a distance of a score.
float NearestScore(Metric metric) { return metric == Metric::kCosine ? 1.0F : 0.0F; }

}  // namespace

void Pruner::Prune(std::span<const Candidate> candidates, std::span<std::uint32_t> out) {
  Take(candidates);
  std::size_t kept = 0;
  while (left_ != 0 && kept < out.size()) {
    const std::uint32_t chosen = rows_[0];
    out[kept++] = chosen;
    if (kept < out.size()) DropOccluded(chosen);
  }
  std::fill(out.begin() + static_cast<long>(kept), out.end(), kNoNode);
}

void Pruner::Take(std::span<const Candidate> candidates) {
  const CodeRows& rows = scorer_.rows();
  const float nearest = NearestScore(rows.metric);
  left_ = candidates.size();
  if (rows_.size() < left_) {
    rows_.resize(left_);
    distances_.resize(left_);
    scales_.resize(left_);
    squared_norms_.resize(left_);
    dots_.resize(left_);
  }
  for (std::size_t i = 0; i < left_; ++i) {
    const std::uint32_t row = candidates[i].row;
    rows_[i] = row;
    distances_[i] = nearest - candidates[i].score;
    scales_[i] = rows.scale(row);
    squared_norms_[i] = rows.squared_norm(row);
  }
}

void Pruner::DropOccluded(std::uint32_t chosen) {
  const CodeRows& rows = scorer_.rows();
  const std::uint8_t* codes = rows.row(chosen);
  for (std::size_t i = 0; i < code_.size(); ++i) {
    code_[i] = static_cast<std::int8_t>(codes[i] ^ 0x80);
  }
  kernels_.dot_u8s8_gather(code_.data(), rows.codes, rows.stride, rows_.data(), left_,
                           rows.dimension, dots_.data());
  // A score is factor * scale * dot, under l2 without what makes squared norms of it.
  const bool l2 = rows.metric == Metric::kL2;
  const float factor = rows.scale(chosen) * (l2 ? 2.0F : 1.0F);
  const float nearest = NearestScore(rows.metric) + (l2 ? rows.squared_norm(chosen) : 0.0F);
  const std::int32_t offset = scorer_.offset(chosen);
  std::size_t kept = 0;
  // Written without a branch: which candidates stay cannot be guessed.
  for (std::size_t i = 1; i < left_; ++i) {
    const float score = factor * scales_[i] * static_cast<float>(dots_[i] - offset);
    const float distance = nearest + squared_norms_[i] - score;
    const bool keep = !(alpha_ * distance < distances_[i]);
    rows_[kept] = rows_[i];
    distances_[kept] = distances_[i];
    scales_[kept] = scales_[i];
    squared_norms_[kept] = squared_norms_[i];
    kept += keep ? 1 : 0;
  }
  left_ = kept;
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

void MergeUnique(std::span<const Candidate> found, std::uint32_t row,
                 std::vector<Candidate>* others, std::vector<Candidate>* candidates) {
  std::sort(others->begin(), others->end(), NearerFirst);
  others->erase(std::unique(others->begin(), others->end(),
                            [](const Candidate& a, const Candidate& b) { return a.row == b.row; }),
                others->end());
  std::erase_if(*others, [&](const Candidate& other) {
    return std::any_of(found.begin(), found.end(),
                       [&](const Candidate& one) { return one.row == other.row; });
  });
  candidates->resize(found.size() + others->size());
  std::merge(found.begin(), found.end(), others->begin(), others->end(), candidates->begin(),
             [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  std::erase_if(*candidates, [row](const Candidate& candidate) { return candidate.row == row; });
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
