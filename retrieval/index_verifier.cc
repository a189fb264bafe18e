#include "retrieval/index_verifier.h"

#include <algorithm>
#include <mutex>

#include "core/return_if_error.h"
#include "retrieval/idle_thread.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_loader.h"

namespace tracevec {

Result<bool> VerifyOneImage(Engine& engine, const std::shared_ptr<CollectionState>& state,
                            const BuildStop& stop) {
  std::shared_ptr<const Segment> segment;
  {
    const std::lock_guard writer(engine.writer_mutex());
    if (state->dropped.load() || state->stored_index.unverified.empty()) return false;
    segment = state->stored_index.unverified.back();
  }
  const Status whole = RunIdle([&] { return segment->CheckContents(stop); });
  const std::lock_guard writer(engine.writer_mutex());
  if (state->dropped.load()) return false;
  StoredIndex& stored = state->stored_index;
  std::erase(stored.unverified, segment);
  if (whole.ok() || state->index == nullptr) return true;
  stored.damaged.insert(FileOf(*segment)->number());
  TRACEVEC_RETURN_IF_ERROR(LoadIndex(engine.store(), *state));
  state->PublishView();
  return true;
}

}  // namespace tracevec
