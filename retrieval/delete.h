#pragma once

#include <span>
#include <string>
#include <string_view>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::Delete.
Result<WriteResult> DeleteChunks(Engine& engine, CollectionState& state,
                                 const Selection& selection);
/// Collection::DeleteDocument.
Result<WriteResult> DeleteDocument(Engine& engine, CollectionState& state, std::string_view id,
                                   std::string_view label);

/// Deletes those of the documents that still are there and expired, in one commit of the kind
/// "expire".
Status DeleteIfExpired(Engine& engine, CollectionState& state, std::span<const std::string> ids);

}  // namespace tracevec
