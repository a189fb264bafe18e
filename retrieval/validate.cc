#include "retrieval/validate.h"

#include "tracevec/collection.h"

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/sparse_vector.h"
#include "core/utf8.h"
#include "core/vector_math.h"

namespace tracevec {

Status CheckId(std::string_view id, std::size_t longest, std::string_view what) {
  if (id.empty() || id.size() > longest) {
    return Status::InvalidArgument(
        fmt::format("{}: {} bytes, expected 1 to {}", what, id.size(), longest));
  }
  return CheckUtf8(id, what);
}

Status CheckText(std::string_view text, std::string_view what) {
  if (text.size() > kLongestText) {
    return Status::InvalidArgument(fmt::format("{}: {} bytes, at most {} are stored; split it",
                                               what, text.size(), kLongestText));
  }
  return CheckUtf8(text, what);
}

Status CheckLabel(std::string_view label) {
  if (label.size() > kLongestLabel) {
    return Status::InvalidArgument(
        fmt::format("label: {} bytes, expected at most {}", label.size(), kLongestLabel));
  }
  return CheckUtf8(label, "label");
}

Status CheckRows(const BoundField& field, std::span<const float> vectors, std::size_t rows,
                 const EmbeddingSpace& space) {
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(field, space));
  const std::size_t dimension = field.field.dimension;
  if (vectors.size() != rows * dimension) {
    if (rows > 0 && vectors.size() % rows == 0) {
      return Status::InvalidArgument(fmt::format("vectors '{}': dimension: expected {}, got {}",
                                                 field.name, dimension, vectors.size() / rows));
    }
    return Status::InvalidArgument(fmt::format("vectors '{}': expected {} x {} = {} floats, got {}",
                                               field.name, rows, dimension, rows * dimension,
                                               vectors.size()));
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const float* vector = vectors.data() + row * dimension;
    if (CheckVector(vector, dimension, field.field.metric, "").ok()) continue;
    const std::string what = fmt::format("vectors '{}' row {}", field.name, row);
    return CheckVector(vector, dimension, field.field.metric, what.c_str());
  }
  return Status::Ok();
}

Result<std::vector<std::shared_ptr<const SparseVector>>> TakeSparseRows(
    const BoundSparseField& field, std::span<const SparseVector> vectors, std::size_t rows) {
  if (vectors.size() != rows) {
    return Status::InvalidArgument(
        fmt::format("sparse vectors '{}': expected {}, got {}", field.name, rows, vectors.size()));
  }
  std::vector<std::shared_ptr<const SparseVector>> taken(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(
        SparseVector sorted,
        SortSparse(vectors[i], fmt::format("sparse vectors '{}': row {}", field.name, i)));
    if (sorted.indices.empty()) continue;
    taken[i] = std::make_shared<const SparseVector>(std::move(sorted));
  }
  return taken;
}

Status CheckBuildThreads(std::uint32_t threads) {
  if (threads >= 1 && threads <= RebuildOptions::kMostThreads) return Status::Ok();
  return Status::InvalidArgument(
      fmt::format("threads: {}, expected 1 to {}", threads, RebuildOptions::kMostThreads));
}

}  // namespace tracevec
