#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernels.h"
#include "retrieval/stage.h"
#include "retrieval/stage_reader.h"
#include "tracevec/status.h"

namespace tracevec {

/// The field that a stage compares: the one it names, else that of the query's only vector, else ""
/// for the only one of a collection.
std::string FieldToCompare(const StageContext& context, std::string_view field);

/// The vectors of candidates, of their best chunks, compared by cosine whatever their metric is.
/// Used by one thread; must not outlive the reader.
class CandidateVectors {
 public:
  static Result<CandidateVectors> Read(const StageContext& context, std::string_view field,
                                       const std::vector<PassageCandidate>& candidates);

  std::size_t size() const { return vectors_.size(); }
  bool Has(std::size_t i) const { return vectors_[i].data != nullptr; }
  const StageVector& operator[](std::size_t i) const { return vectors_[i]; }
  /// What makes the vector one of unit length.
  float scale(std::size_t i) const { return scales_[i]; }
  /// Nothing where one has no vector, or they are of different length.
  std::optional<float> Cosine(std::size_t i, std::size_t j) const;

 private:
  const KernelTable* kernels_ = nullptr;
  std::vector<StageVector> vectors_;
  std::vector<float> scales_;
};

}  // namespace tracevec
