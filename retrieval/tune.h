#pragma once

#include "retrieval/engine.h"
#include "tracevec/collection.h"
#include "tracevec/tune.h"

namespace tracevec {

/// Collection::Tune.
Result<TuneResult> Tune(Engine& engine, CollectionState& state, const TuneOptions& options);

/// What was tuned of the fields in force, for figures; warns where it is outdated.
void AddTuning(const CollectionState& state, const CollectionView& view, CollectionStats* stats);

/// Takes what was tuned before into an opened collection. Errors: IOError, Corruption.
Status LoadTuning(const Store& store, CollectionState& state);

}  // namespace tracevec
