#pragma once

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::UpdateMetadata.
Result<WriteResult> UpdateMetadata(Engine& engine, CollectionState& state, const Metadata& patch,
                                   const Selection& selection);

}  // namespace tracevec
