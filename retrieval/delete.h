#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "retrieval/commit.h"
#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::Delete.
Result<WriteResult> DeleteChunks(Engine& engine, CollectionState& state, const Selection& selection,
                                 std::string_view label);
/// Collection::DeleteDocument.
Result<WriteResult> DeleteDocument(Engine& engine, CollectionState& state, std::string_view id,
                                   std::string_view label);

/// Adds a document's deletion to a commit: a last version without chunks. Returns its chunks, 0
/// where there is no such document.
Result<std::uint64_t> AddDeletion(const Store& store, const CollectionState& state,
                                  const std::string& id, Commit* commit);

/// Deletes those of the documents that still are there and expired, in one commit of the kind
/// "expire".
Status DeleteIfExpired(Engine& engine, CollectionState& state, std::span<const std::string> ids);

}  // namespace tracevec
