#include "retrieval/index_verifier.h"

#include <algorithm>
#include <mutex>

#include "core/return_if_error.h"
#include "retrieval/idle_thread.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_loader.h"

namespace tracevec {

Result<bool> VerifyOneImage(Engine& engine, const std::shared_ptr<CollectionState>& state,
                            bool idle, const BuildStop& stop) {
  std::shared_ptr<const Segment> segment;
  {
    const std::lock_guard writer(engine.writer_mutex());
    if (state->dropped.load() || state->stored_index.unverified.empty()) return false;
    segment = state->stored_index.unverified.back();
  }
  const auto check = [&] { return segment->CheckContents(stop); };
  const Status whole = idle ? RunIdle(check) : check();
  const std::lock_guard writer(engine.writer_mutex());
  if (state->dropped.load()) return false;
  StoredIndex& stored = state->stored_index;
  const std::uint64_t number = FileOf(*segment)->number();
  if (whole.ok() || state->index == nullptr) {
    stored.verified.insert(number);
    std::erase(stored.unverified, segment);
    return true;
  }
  stored.damaged.insert(number);
  // Where that fails the image stays unverified, and is looked at again.
  TRACEVEC_RETURN_IF_ERROR(LoadIndex(engine.store(), *state));
  return true;
}

}  // namespace tracevec
