#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/content_hash.h"
#include "core/ids.h"

namespace tracevec {

/// A chunk of the stored version, as far as a diff needs it.
struct OldChunk {
  ChunkNumber number{};
  ContentHash embed_hash;     ///< Over the text as handed to the embedder and the embedding space.
  std::string_view given_id;  ///< The id its author gave, or empty for a default id.
};

/// A chunk of the document being put.
struct NewChunk {
  ContentHash embed_hash;
  std::string_view given_id;
};

/// What becomes of each new chunk, and which old ones go.
struct ChunkDiff {
  static constexpr std::int64_t kAdded = -1;
  std::vector<std::int64_t> kept_from;  ///< Per new chunk: index into the old ones, or kAdded.
  std::vector<std::uint32_t> removed;   ///< Indices of old chunks without successor, ascending.
  std::uint32_t kept = 0;
  std::uint32_t added = 0;
};

/// Matches chunks by (embed_hash, given_id); the n-th of several equal ones matches the n-th, so
/// that moved and repeated paragraphs keep their chunk. Pure; O(old + new).
ChunkDiff DiffChunks(std::span<const OldChunk> old_chunks, std::span<const NewChunk> new_chunks);

}  // namespace tracevec
