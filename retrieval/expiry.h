#pragma once

#include "retrieval/engine.h"

namespace tracevec {

/// Deletes the documents of a collection whose time to live has passed, in commits of the kind
/// "expire", and sweeps all garbage that nothing in use can see. REQUIRES: Engine::writer_mutex()
/// not held. Cost: one pass over the newest versions.
Status DeleteExpired(Engine& engine, CollectionState& state);

/// Sweeps all garbage that no view and no snapshot can see, a slice at a time, so that writers get
/// their turn. REQUIRES: Engine::writer_mutex() not held.
Status SweepAll(Engine& engine, CollectionState& state);

}  // namespace tracevec
