#pragma once

#include <cstddef>
#include <memory>

#include "index/collection_index.h"
#include "retrieval/engine.h"
#include "tracevec/status.h"

namespace tracevec {

/// Makes the segment of a build: its graphs, and its image, in a file where it is large enough and
/// can be written, else in memory. Null when no row is live. Errors: ResourceExhausted (memory).
/// Throws BuildStopped. REQUIRES: no lock held.
Result<std::shared_ptr<Segment>> MakeSegment(Engine& engine, CollectionState& state,
                                             const CollectionIndex& index,
                                             CollectionIndex::Build* build, std::size_t threads,
                                             const BuildStop& stop);

/// Removes the files of a segment that did not come into use, if it has any.
void DiscardSegment(Engine& engine, const Segment& segment);

}  // namespace tracevec
