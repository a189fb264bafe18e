#include "index/chunk_state.h"

#include <utility>

namespace tracevec {

void FreeStates(ChunkState* state) {
  while (state != nullptr) delete std::exchange(state, state->older);
}

void PushNewest(std::atomic<ChunkState*>* newest, std::unique_ptr<ChunkState> state,
                CommitNumber oldest_view) {
  state->older = newest->load(std::memory_order_relaxed);
  // The first state at or before the oldest view is the last one a reader may stand on.
  ChunkState* last = state.get();
  while (last->older != nullptr && last->commit > oldest_view) last = last->older;
  if (last->commit <= oldest_view) FreeStates(std::exchange(last->older, nullptr));
  newest->store(state.release(), std::memory_order_release);
}

}  // namespace tracevec
