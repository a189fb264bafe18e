#pragma once

#include "retrieval/engine.h"
#include "tracevec/description.h"

namespace tracevec {

/// Collection::Describe.
Result<CollectionDescription> Describe(Engine& engine, const CollectionState& state);

}  // namespace tracevec
