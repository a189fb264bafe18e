#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "index/build_stop.h"
#include "index/collection_index.h"
#include "retrieval/collection_state.h"
#include "tracevec/status.h"

namespace tracevec {

class Engine;

/// Builds segments in the background: sealed blocks become segments, segments are merged, and files
/// that were trusted at opening are read through. One thread a database, started at the first
/// notice; what takes long it does at idle priority, and what needs the writer's lock it does not.
/// What it makes is derived: a build that fails costs speed, leaves a warning, and is tried again
/// at the next notice.
class IndexBuilder {
 public:
  explicit IndexBuilder(Engine& engine);
  ~IndexBuilder();  ///< Stops. In a forked child, where the thread is not, nothing is joined.
  IndexBuilder(const IndexBuilder&) = delete;
  IndexBuilder& operator=(const IndexBuilder&) = delete;

  /// Whether there is something to build, to write or to read through in the collection.
  /// REQUIRES: Engine::writer_mutex() held.
  bool HasWork(const CollectionState& state) const;
  /// A build is due in the collection. Cheap. Callable under Engine::writer_mutex().
  void Notify(const std::shared_ptr<CollectionState>& state);
  /// Back-pressure: waits while too many rows wait for a segment, at most kLongestStall a call.
  /// REQUIRES: Engine::writer_mutex() not held.
  void WaitForRoom(const CollectionState& state);

  /// Brings everything of a collection into one segment, on this thread and `threads` - 1 others.
  /// With `even_so` also when it already is one. Errors: Closed, NotFound (dropped),
  /// ResourceExhausted.
  Status BuildAll(const std::shared_ptr<CollectionState>& state, std::size_t threads, bool even_so);
  /// Ends the thread; a build under way is given up. REQUIRES: Engine::writer_mutex() not held.
  void Stop();

 private:
  struct Shared;

  void Run();
  /// False when it came too late.
  bool PutInPlace(CollectionState& state, const std::shared_ptr<CollectionIndex>& index,
                  const CollectionIndex::Build& build, std::shared_ptr<Segment> segment);
  Status VerifyAll(const std::shared_ptr<CollectionState>& state, const BuildStop& stop);
  Status BuildAllAlone(const std::shared_ptr<CollectionState>& state, std::size_t threads,
                       bool even_so);
  /// What a notice asks for, one step of it. False when there was nothing.
  Result<bool> WorkOn(const std::shared_ptr<CollectionState>& state);
  /// False when nothing is due, or it came to nothing.
  Result<bool> BuildNext(const std::shared_ptr<CollectionState>& state, const BuildStop& stop);
  Result<bool> WriteCheckpoint(CollectionState& state);

  Engine& engine_;
  /// Calls of BuildAll that wait or run: a background build gives way, since they build it all.
  std::atomic<int> building_all_{0};
  const std::uint64_t fork_generation_;
  std::atomic<bool> stopped_{false};
  /// One build at a time. Before Engine::writer_mutex() in the lock order.
  std::mutex build_mutex_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace tracevec
