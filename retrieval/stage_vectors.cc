#include "retrieval/stage_vectors.h"

#include <cmath>

#include "core/return_if_error.h"
#include "core/vector_math.h"

namespace tracevec {

std::string FieldToCompare(const StageContext& context, std::string_view field) {
  if (!field.empty() || context.query_vectors.size() != 1) return std::string(field);
  return context.query_vectors.begin()->first;
}

Result<CandidateVectors> CandidateVectors::Read(const StageContext& context, std::string_view field,
                                                const std::vector<PassageCandidate>& candidates) {
  std::vector<CandidateKey> keys;
  keys.reserve(candidates.size());
  for (const PassageCandidate& candidate : candidates) keys.push_back(candidate.key);
  CandidateVectors read;
  read.kernels_ = context.kernels;
  TRACEVEC_ASSIGN_OR_RETURN(read.vectors_,
                            context.reader->Vectors(FieldToCompare(context, field), keys));
  read.scales_.reserve(read.vectors_.size());
  for (StageVector& vector : read.vectors_) {
    double norm = 1;
    if (vector.data != nullptr && vector.metric != Metric::kCosine) {
      norm = std::sqrt(SquaredNorm(vector.data, vector.dimension));
    }
    if (norm == 0) vector.data = nullptr;  // It has no direction: it is like nothing.
    read.scales_.push_back(norm == 0 ? 0 : static_cast<float>(1 / norm));
  }
  return read;
}

std::optional<float> CandidateVectors::Cosine(std::size_t i, std::size_t j) const {
  const StageVector& a = vectors_[i];
  const StageVector& b = vectors_[j];
  if (a.data == nullptr || b.data == nullptr || a.dimension != b.dimension) return std::nullopt;
  return kernels_->dot_f32(a.data, b.data, a.dimension) * scales_[i] * scales_[j];
}

}  // namespace tracevec
