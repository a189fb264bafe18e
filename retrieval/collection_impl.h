#pragma once

#include <memory>
#include <utility>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// What a handle holds: the database it belongs to and the collection, both shared.
class TRACEVEC_HIDDEN Collection::Impl {
 public:
  Impl(std::shared_ptr<Engine> engine, std::shared_ptr<CollectionState> state)
      : engine_(std::move(engine)), state_(std::move(state)) {}

  const std::shared_ptr<Engine>& engine() const { return engine_; }
  const std::shared_ptr<CollectionState>& state() const { return state_; }

  /// Closed, or NotFound once the collection was dropped.
  Status CheckReadable() const;
  Status CheckWritable() const;
  /// ReadOnly when this is the collection as it was at a snapshot.
  Status CheckNotAtSnapshot() const;

 private:
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<CollectionState> state_;
};

}  // namespace tracevec
