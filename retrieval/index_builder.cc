#include "retrieval/index_builder.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/engine.h"
#include "retrieval/guard.h"
#include "retrieval/index_builds.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_verifier.h"
#include "storage/fork_guard.h"

namespace tracevec {
namespace {

/// Writers wait past this many bytes of codes in sealed blocks: a search scans them in some 5 ms.
constexpr std::uint64_t kMostUnbuiltCodeBytes = std::uint64_t{128} << 20;
constexpr std::chrono::milliseconds kLongestStall{100};

/// A collection that gets 512 rows in 50 ms is being loaded: what is built of it before that ends
/// is built again when it is merged.
constexpr std::chrono::milliseconds kLookAtLoad{50};
constexpr std::uint64_t kRowsOfLoad = 512;
/// A load is built in parts of so many bytes of codes, before writers have to wait for it, and of
/// so many rows that a merge of a tier may take them.
constexpr std::uint64_t kMostCodeBytesOfLoad = kMostUnbuiltCodeBytes / 2;
constexpr std::uint64_t kMostRowsOfLoad = kMostSegmentRows / kSegmentsPerTier - 100'000;

std::uint64_t UnbuiltCodeBytes(const CollectionState& state) {
  std::uint64_t bytes_of_row = 0;
  for (const FieldLayout& layout : state.Layouts()) bytes_of_row += CodeLayout(layout).stride();
  return state.unbuilt_rows.load() * bytes_of_row;
}

}  // namespace

struct IndexBuilder::Shared {
  std::mutex mutex;
  std::condition_variable changed;  // Something is due, something was built, or it stops.
  std::deque<std::shared_ptr<CollectionState>> due;  // In turn, each once.
  std::jthread thread;

  /// REQUIRES: mutex.
  void Add(const std::shared_ptr<CollectionState>& state) {
    if (std::find(due.begin(), due.end(), state) == due.end()) due.push_back(state);
  }
};

IndexBuilder::IndexBuilder(Engine& engine)
    : engine_(engine), fork_generation_(ForkGeneration()), shared_(std::make_unique<Shared>()) {}

IndexBuilder::~IndexBuilder() {
  if (fork_generation_ != ForkGeneration()) {
    static_cast<void>(shared_.release());
    return;
  }
  Stop();
}

bool IndexBuilder::HasWork(const CollectionState& state) const {
  if (state.index == nullptr) return false;
  return state.index->BuildIsDue() || state.index->SegmentWithDueColumns() != nullptr ||
         !state.stored_index.unverified.empty() ||
         (!engine_.read_only() && CheckpointIsDue(state, engine_.index_options()));
}

void IndexBuilder::Notify(const std::shared_ptr<CollectionState>& state) {
  const Status noted = Guard([&] {
    const std::lock_guard lock(shared_->mutex);
    if (stopped_.load()) return Status::Ok();
    shared_->Add(state);
    if (!shared_->thread.joinable()) {
      shared_->thread = std::jthread([this] { Run(); });
    }
    shared_->changed.notify_all();
    return Status::Ok();
  });
  noted.IgnoreError("without memory or a thread nothing is built; the next notice tries again");
}

void IndexBuilder::WaitForRoom(const CollectionState& state) {
  const auto full = [&] { return UnbuiltCodeBytes(state) > kMostUnbuiltCodeBytes; };
  if (!full()) return;
  ++state.write_stalls;
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, kLongestStall, [&] { return stopped_.load() || !full(); });
}

void IndexBuilder::Stop() {
  if (fork_generation_ != ForkGeneration()) return;
  std::jthread ending;  // Taken by one of the threads that close at the same time.
  {
    const std::lock_guard lock(shared_->mutex);
    stopped_.store(true);
    shared_->due.clear();
    ending = std::move(shared_->thread);
  }
  shared_->changed.notify_all();
  if (ending.joinable()) ending.join();
  // What runs on callers' threads stops too, before anyone lets go of the files.
  const std::lock_guard builds(build_mutex_);
}

void IndexBuilder::Run() {
  while (true) {
    std::shared_ptr<CollectionState> state;
    {
      std::unique_lock lock(shared_->mutex);
      shared_->changed.wait(lock, [this] {
        return stopped_.load() || (!shared_->due.empty() && building_all_.load() == 0);
      });
      if (stopped_.load()) return;
      // Before it is looked at: a notice that comes meanwhile puts it back.
      state = std::move(shared_->due.front());
      shared_->due.pop_front();
    }
    const Result<bool> built = Guard([&] { return WorkOn(state); });
    // What was built may make another build due, and what gave way is still due. A build that
    // failed waits for the next notice: trying again at once would fail again.
    if (built.ok() && *built) Notify(state);
    if (!built.ok()) {
      state->warnings.Add("the index could not be brought up to date: " + built.status().message());
    }
    shared_->changed.notify_all();
  }
}

bool IndexBuilder::IsBeingLoaded(const CollectionState& state) {
  if (state.unbuilt_rows.load() == 0) return false;
  const std::uint64_t before = state.appended_rows.load();
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, kLookAtLoad,
                            [this] { return stopped_.load() || building_all_.load() > 0; });
  return state.appended_rows.load() - before >= kRowsOfLoad &&
         UnbuiltCodeBytes(state) < kMostCodeBytesOfLoad &&
         state.unbuilt_rows.load() < kMostRowsOfLoad;
}

Result<bool> IndexBuilder::WorkOn(const std::shared_ptr<CollectionState>& state) {
  const auto stop = [this, &state] {
    return stopped_.load() || state->dropped.load() || building_all_.load() > 0;
  };
  const bool is_being_loaded = IsBeingLoaded(*state);
  if (state->dropped.load()) return false;
  if (stop()) return true;  // To be gone on with, unless it all ends.
  const std::lock_guard builds(build_mutex_);
  if (is_being_loaded) {
    // A load may last: what was built of it is not to be built again after a crash.
    TRACEVEC_RETURN_IF_ERROR(WriteDueCheckpoint(engine_, *state).status());
    return true;
  }
  try {
    TRACEVEC_ASSIGN_OR_RETURN(const bool built, BuildNext(engine_, state, stop));
    if (built) return true;
    if (RenewColumns(engine_, *state, stop)) return true;
    TRACEVEC_ASSIGN_OR_RETURN(const bool written, WriteDueCheckpoint(engine_, *state));
    if (written) return true;
    return VerifyOneImage(engine_, state, /*idle=*/true, stop);
  } catch (const BuildStopped&) {
    return true;  // To be gone on with, unless it all ends.
  }
}

Status IndexBuilder::BuildAll(const std::shared_ptr<CollectionState>& state, std::size_t threads,
                              bool even_so) {
  ++building_all_;
  Status status = Guard([&] {
    const std::lock_guard builds(build_mutex_);
    return BuildEverything(
        engine_, state, threads, even_so,
        [this, &state] { return stopped_.load() || state->dropped.load(); },
        [this] { shared_->changed.notify_all(); });
  });
  {
    // So that the thread does not miss it between looking and waiting.
    const std::lock_guard lock(shared_->mutex);
    --building_all_;
  }
  shared_->changed.notify_all();
  // For what was sealed meanwhile, and builds that gave way.
  const std::lock_guard writer(engine_.writer_mutex());
  if (HasWork(*state)) Notify(state);
  return status;
}

}  // namespace tracevec
