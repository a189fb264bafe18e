#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/collection_state.h"
#include "tracevec/collection.h"
#include "tracevec/status.h"

namespace tracevec {

inline constexpr std::size_t kLongestDocumentId = 900;
inline constexpr std::size_t kLongestChunkId = 1024;
/// Of one document's source, or one chunk's text. Larger texts should be split: every version
/// stores its source whole.
inline constexpr std::size_t kLongestText = std::size_t{256} << 20;
inline constexpr std::size_t kLongestLabel = 1024;

/// 1 to `longest` bytes of UTF-8. Errors: InvalidArgument with the length.
Status CheckId(std::string_view id, std::size_t longest, std::string_view what);
Status CheckText(std::string_view text, std::string_view what);
Status CheckLabel(std::string_view label);

/// `rows` vectors of the field. Errors: InvalidArgument ("vectors 'body': expected 3 x 384 = 1152
/// floats, got 768", or the row and component that is not finite), EmbeddingSpaceMismatch.
Status CheckRows(const BoundField& field, std::span<const float> vectors, std::size_t rows,
                 const EmbeddingSpace& space);

/// `rows` sparse vectors, by ascending index; null where one has no entries. Errors:
/// InvalidArgument that names field and row, see SortSparse.
Result<std::vector<std::shared_ptr<const SparseVector>>> TakeSparseRows(
    const BoundSparseField& field, std::span<const SparseVector> vectors, std::size_t rows);

/// Threads that build an index. Errors: InvalidArgument.
Status CheckBuildThreads(std::uint32_t threads);

}  // namespace tracevec
