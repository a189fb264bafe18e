#include "index/chunk_state.h"

#include <utility>

namespace tracevec {
namespace {

/// Where an old view is held, as by a build that takes seconds, a row that changes often has many
/// states of which none can be freed: walking past them at each change took a sixth of the time of
/// putting pages of 40 chunks. Where views are short, one of the first is the last that is needed.
constexpr int kFewStates = 4;

/// All states are looked at by one change in eight, whichever commits a row is changed by: so a row
/// that changes faster than readers end does not keep what they have all passed.
bool LooksAtAll(CommitNumber commit) { return (Raw(commit) * 0x9e3779b97f4a7c15) >> 61 == 0; }

}  // namespace

void FreeStates(ChunkState* state) {
  while (state != nullptr) delete std::exchange(state, state->older);
}

void PushNewest(std::atomic<ChunkState*>* newest, std::unique_ptr<ChunkState> state,
                CommitNumber oldest_view) {
  state->older = newest->load(std::memory_order_relaxed);
  // The first state at or before the oldest view is the last one a reader may stand on.
  ChunkState* last = state.get();
  const bool all = LooksAtAll(state->commit);
  for (int passed = 0; all || passed < kFewStates; ++passed) {
    if (last->older == nullptr || last->commit <= oldest_view) break;
    last = last->older;
  }
  if (last->commit <= oldest_view) FreeStates(std::exchange(last->older, nullptr));
  newest->store(state.release(), std::memory_order_release);
}

}  // namespace tracevec
