#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "retrieval/stage_vectors.h"

namespace tracevec {

/// Those of candidates that were kept, searched for one of at least a cosine to another. The first
/// quarter of the components and, for the rest, the largest that the lengths allow (Cauchy-Schwarz)
/// tell most pairs apart.
class KeptVectors {
 public:
  KeptVectors(const KernelTable& kernels, const CandidateVectors& vectors, double similarity);

  struct Match {
    std::size_t kept = 0;  ///< The place that Add was given.
    float cosine = 0;
  };
  /// The first that was kept of those near enough. REQUIRES: the candidate has a vector.
  std::optional<Match> Find(std::size_t candidate);
  /// The candidate that Find was asked for last is kept, at `place` of the answer.
  void Add(std::size_t candidate, std::size_t place);

 private:
  /// Those of one dimension: only they can be compared.
  struct Group {
    std::size_t head = 0;           // Components that are compared first.
    std::vector<float> heads;       // Row after row, of unit vectors.
    std::vector<float> tail_norms;  // Of the components behind them.
    std::vector<std::size_t> candidates;
    std::vector<std::size_t> places;
  };

  Group& GroupOf(std::size_t candidate);

  const KernelTable& kernels_;
  const CandidateVectors& vectors_;
  const float similarity_;
  std::map<std::uint32_t, Group> groups_;
  std::vector<float> head_;  // Of the candidate asked for last.
  float tail_norm_ = 0;
  std::vector<float> products_;
};

}  // namespace tracevec
