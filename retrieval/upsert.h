#pragma once

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::Upsert.
Result<WriteResult> Upsert(Engine& engine, CollectionState& state, const UpsertRequest& request);

}  // namespace tracevec
