#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/vector_math.h"
#include "index/row_block.h"

// Rows for tests of the index.

namespace tracevec {

/// Rows of unit length around some centres: neighbours are near, as in real embeddings.
inline std::vector<float> ClusteredVectors(std::size_t rows, std::size_t dimension,
                                           std::mt19937_64& random, float width = 0.5F) {
  std::normal_distribution<float> normal;
  const std::size_t clusters = 20;
  std::vector<float> centres(clusters * dimension);
  for (float& value : centres) value = normal(random);
  std::vector<float> vectors(rows * dimension);
  for (std::size_t row = 0; row < rows; ++row) {
    float* vector = &vectors[row * dimension];
    const float* centre = &centres[(random() % clusters) * dimension];
    for (std::size_t i = 0; i < dimension; ++i) vector[i] = centre[i] + width * normal(random);
    Normalise(vector, dimension, vector);
  }
  return vectors;
}

/// A row of a document of its own, "d<number>#<chunk>".
inline NewRow IndexRow(std::uint64_t document, std::uint32_t chunk, std::uint64_t created,
                       std::vector<std::span<const float>> vectors) {
  auto state = std::make_shared<DocumentState>();
  state->number = DocumentNumber{document};
  state->id = "d" + std::to_string(document);
  state->version = 1;
  state->chunk_count = 1;
  NewRow row;
  row.document = DocumentNumber{document};
  row.chunk = ChunkNumber{chunk};
  row.created = CommitNumber{created};
  row.id = state->id + "#" + std::to_string(chunk);
  row.vectors = std::move(vectors);
  row.document_state = std::move(state);
  return row;
}

}  // namespace tracevec
