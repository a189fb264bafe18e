#pragma once

#include <memory>

#include "index/build_stop.h"
#include "retrieval/engine.h"
#include "tracevec/status.h"

namespace tracevec {

/// Reads whole one of the image files that were taken into use on their stamps alone. One that is
/// damaged leaves the index: its rows are read from the store, under the writer's lock. False when
/// none is left to read. `idle`: on a thread of idle priority. Throws BuildStopped; the file is
/// then left for another time.
/// REQUIRES: no lock held but the builder's.
Result<bool> VerifyOneImage(Engine& engine, const std::shared_ptr<CollectionState>& state,
                            bool idle, const BuildStop& stop);

}  // namespace tracevec
