#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "index/chunk_state.h"

namespace tracevec {

// How an image keeps what is true of documents and chunks besides their vectors.

std::string EncodeSegmentDocument(const DocumentState& document);
/// Nothing when the bytes are damaged.
std::shared_ptr<const DocumentState> DecodeSegmentDocument(std::string_view bytes);

/// Its id alone, which lies in the bytes; "" when they are damaged.
std::string_view SegmentDocumentId(std::string_view bytes);

/// Empty when the chunk has no metadata of its own.
std::string EncodeOwnMetadata(const ChunkState& state);
/// Sets own and own_is_complete. False when the bytes are damaged.
bool DecodeOwnMetadata(std::string_view bytes, ChunkState* state);

}  // namespace tracevec
