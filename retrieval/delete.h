#pragma once

#include <string_view>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::Delete.
Result<WriteResult> DeleteChunks(Engine& engine, CollectionState& state,
                                 const Selection& selection);
/// Collection::DeleteDocument.
Result<WriteResult> DeleteDocument(Engine& engine, CollectionState& state, std::string_view id);

}  // namespace tracevec
