#pragma once

#include "retrieval/engine.h"
#include "tracevec/collection.h"
#include "tracevec/tune.h"

namespace tracevec {

/// Collection::Tune.
Result<TuneResult> Tune(Engine& engine, CollectionState& state, const TuneOptions& options);

/// What was tuned, for figures; warns where the collection has grown or shrunk much since.
void AddTuning(const CollectionView& view, CollectionStats* stats);

/// Takes what was tuned before into an opened collection. Errors: IOError, Corruption.
Status LoadTuning(const Store& store, CollectionState& state);

}  // namespace tracevec
