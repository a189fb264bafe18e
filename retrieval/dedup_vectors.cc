#include "retrieval/dedup_vectors.h"

#include <algorithm>
#include <cmath>

#include "core/vector_math.h"

namespace tracevec {
namespace {

constexpr float kRounding = 1e-6F;  // Equal vectors may come out a little below 1.
constexpr float kBoundRounding = 1e-4F;
constexpr std::uint32_t kFewComponents = 64;  // Not worth two steps.

}  // namespace

KeptVectors::KeptVectors(const KernelTable& kernels, const CandidateVectors& vectors,
                         double similarity)
    : kernels_(kernels), vectors_(vectors), similarity_(static_cast<float>(similarity)) {}

KeptVectors::Group& KeptVectors::GroupOf(std::size_t candidate) {
  const std::uint32_t dimension = vectors_[candidate].dimension;
  Group& group = groups_[dimension];
  group.head = dimension < kFewComponents ? dimension : dimension / 4;
  return group;
}

std::optional<KeptVectors::Match> KeptVectors::Find(std::size_t candidate) {
  const Group& group = GroupOf(candidate);
  const float* const vector = vectors_[candidate].data;
  const float scale = vectors_.scale(candidate);
  head_.resize(group.head);
  for (std::size_t i = 0; i < group.head; ++i) head_[i] = vector[i] * scale;
  tail_norm_ =
      static_cast<float>(std::sqrt(std::max(0.0, 1 - SquaredNorm(head_.data(), head_.size()))));
  const std::size_t kept = group.places.size();
  products_.resize(kept);
  kernels_.dot_f32_rows(head_.data(), group.heads.data(), group.head, kept, group.head,
                        products_.data());
  for (std::size_t i = 0; i < kept; ++i) {
    const float most = products_[i] + tail_norm_ * group.tail_norms[i];
    if (most < similarity_ - kBoundRounding) continue;
    const float cosine = *vectors_.Cosine(candidate, group.candidates[i]);
    if (cosine >= similarity_ - kRounding) return Match{group.places[i], cosine};
  }
  return std::nullopt;
}

void KeptVectors::Add(std::size_t candidate, std::size_t place) {
  Group& group = GroupOf(candidate);
  group.heads.insert(group.heads.end(), head_.begin(), head_.end());
  group.tail_norms.push_back(tail_norm_);
  group.candidates.push_back(candidate);
  group.places.push_back(place);
}

}  // namespace tracevec
