#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "index/build_stop.h"
#include "retrieval/engine.h"
#include "tracevec/status.h"

// The work of an IndexBuilder, step by step, on the thread that calls. All REQUIRE that no other
// step of the collection runs, and that Engine::writer_mutex() is not held. All throw BuildStopped
// where that is not said otherwise; what was under way is then given up.

namespace tracevec {

/// Makes the segment that is due and puts it in place, at idle priority. A file among its inputs
/// that was not read through yet is read first: what is built of it must not give its damage a
/// checksum that is right. False when nothing is due, or it came to nothing.
Result<bool> BuildNext(Engine& engine, const std::shared_ptr<CollectionState>& state,
                       const BuildStop& stop);

/// Brings everything of a collection into as few segments as kMostSegmentRows allows. `built` is
/// called after each. Not thrown: BuildStopped; a collection that was dropped or closed meanwhile
/// gives the error of that. Errors: Closed, NotFound, ResourceExhausted.
Status BuildEverything(Engine& engine, const std::shared_ptr<CollectionState>& state,
                       std::size_t threads, bool even_so, const BuildStop& stop,
                       const std::function<void()>& built);

/// Makes the columns of a segment anew where many rows have got other metadata, at idle priority.
/// False when none is due.
bool RenewColumns(Engine& engine, CollectionState& state, const BuildStop& stop);

/// Writes the checkpoint where one is due. Throws nothing.
Result<bool> WriteDueCheckpoint(Engine& engine, CollectionState& state);

}  // namespace tracevec
