#pragma once

#include <string_view>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::UpdateMetadata.
Result<WriteResult> UpdateMetadata(Engine& engine, CollectionState& state, const Metadata& patch,
                                   const Selection& selection, std::string_view label);

}  // namespace tracevec
