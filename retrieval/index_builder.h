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
/// that were trusted at opening are read through. While a collection is being loaded its builds
/// wait, so that what was loaded becomes one segment, built by all processors. One thread a
/// database, started at the first notice; what takes long it does at idle priority, and what needs
/// the writer's lock it does not. What it makes is derived: a build that fails costs speed, leaves
/// a warning, and is tried again at the next notice.
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

  /// Brings everything of a collection into one segment (past kMostSegmentRows as few as
  /// possible), on this thread and `threads` - 1 others.
  /// With `even_so` also when it already is one. Errors: Closed, NotFound (dropped),
  /// ResourceExhausted.
  Status BuildAll(const std::shared_ptr<CollectionState>& state, std::size_t threads, bool even_so);
  /// Ends the thread; a build under way is given up. REQUIRES: Engine::writer_mutex() not held.
  void Stop();

 private:
  struct Shared;

  void Run();
  /// Waits a moment, and says whether so many rows came in it that building should wait for more.
  bool IsBeingLoaded(const CollectionState& state);
  /// What a notice asks for, one step of it. False when there was nothing.
  Result<bool> WorkOn(const std::shared_ptr<CollectionState>& state);

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
