#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// What a handle holds: the database it belongs to and the collection, both shared.
class TRACEVEC_HIDDEN Collection::Impl {
 public:
  Impl(std::shared_ptr<Engine> engine, const std::shared_ptr<CollectionState>& state)
      : engine_(std::move(engine)), name_(state->name), slot_(engine_->SlotOf(state)) {}

  const std::shared_ptr<Engine>& engine() const { return engine_; }
  const std::string& name() const { return name_; }
  /// Whoever uses it holds it: a migration may put another in its place.
  std::shared_ptr<CollectionState> state() const { return slot_->Get(); }
  /// Valid as long as this, though a migration may make it the one of before.
  const CollectionSchema& schema() const;

  /// Closed, or NotFound once the collection was dropped.
  Status CheckReadable(const CollectionState& state) const;
  Status CheckWritable(const CollectionState& state) const;
  /// ReadOnly when this is the collection as it was at a snapshot.
  static Status CheckNotAtSnapshot(const CollectionState& state);

 private:
  std::shared_ptr<Engine> engine_;
  const std::string name_;
  const std::shared_ptr<StateSlot> slot_;
  mutable std::mutex schemas_mutex_;
  mutable std::deque<CollectionSchema> schemas_;  // Those that schema() gave. Guarded by it.
};

}  // namespace tracevec
