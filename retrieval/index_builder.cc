#include "retrieval/index_builder.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/engine.h"
#include "retrieval/guard.h"
#include "retrieval/idle_thread.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_verifier.h"
#include "retrieval/segment_maker.h"
#include "storage/fork_guard.h"

namespace tracevec {
namespace {

/// Writers wait past this many bytes of codes in sealed blocks: a search scans them in some 5 ms.
constexpr std::uint64_t kMostUnbuiltCodeBytes = std::uint64_t{128} << 20;
constexpr std::chrono::milliseconds kLongestStall{100};

/// Whether a build has a file among its inputs that was not read through yet.
bool TakesUnverified(const CollectionState& state, const CollectionIndex::Build& build) {
  return std::any_of(build.sets.begin(), build.sets.end(), [&state](const auto& set) {
    const auto& unverified = state.stored_index.unverified;
    return std::find(unverified.begin(), unverified.end(), set) != unverified.end();
  });
}

std::uint64_t CodeBytesOfRow(const CollectionState& state) {
  std::uint64_t bytes = 0;
  for (const FieldLayout& layout : state.Layouts()) bytes += layout.code_stride();
  return bytes;
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
  return state.index->BuildIsDue() || !state.stored_index.unverified.empty() ||
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
  const auto full = [&] {
    return state.unbuilt_rows.load() * CodeBytesOfRow(state) > kMostUnbuiltCodeBytes;
  };
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

Result<bool> IndexBuilder::WorkOn(const std::shared_ptr<CollectionState>& state) {
  const std::lock_guard builds(build_mutex_);
  const auto stop = [this, &state] {
    return stopped_.load() || state->dropped.load() || building_all_.load() > 0;
  };
  try {
    TRACEVEC_ASSIGN_OR_RETURN(const bool built, BuildNext(state, stop));
    if (built) return true;
    TRACEVEC_ASSIGN_OR_RETURN(const bool written, WriteCheckpoint(*state));
    if (written) return true;
    return VerifyOneImage(engine_, state, /*idle=*/true, stop);
  } catch (const BuildStopped&) {
    return true;  // To be gone on with, unless it all ends.
  }
}

Result<bool> IndexBuilder::BuildNext(const std::shared_ptr<CollectionState>& state,
                                     const BuildStop& stop) {
  std::shared_ptr<CollectionIndex> index;
  std::optional<CollectionIndex::Build> build;
  bool unverified = false;
  // A build is a reader too: while it holds the view of its commit, no state it reads is freed.
  std::shared_ptr<const CollectionView> view;
  {
    const std::lock_guard writer(engine_.writer_mutex());
    index = state->index;
    if (index == nullptr || state->dropped.load()) return false;
    view = state->views.Current();
    build = index->NextBuild(view->commit);
    unverified = build && TakesUnverified(*state, *build);
  }
  if (!build) return false;
  // What is built of a file must not give its damage a checksum that is right.
  if (unverified) return VerifyOneImage(engine_, state, /*idle=*/true, stop);
  TRACEVEC_ASSIGN_OR_RETURN(
      auto segment,
      RunIdle([&] { return MakeSegment(engine_, *state, *index, &*build, /*threads=*/1, stop); }));
  return PutInPlace(*state, index, *build, std::move(segment));
}

Result<bool> IndexBuilder::WriteCheckpoint(CollectionState& state) {
  const std::lock_guard writer(engine_.writer_mutex());
  if (engine_.read_only() || state.index == nullptr || state.dropped.load()) return false;
  if (!CheckpointIsDue(state, engine_.index_options())) return false;
  const Status written = WriteIndexCheckpoint(engine_.store(), state);
  if (written.ok()) return true;
  // Not again at each commit, but after the next build, or as many changes again.
  state.stored_index.checkpoint_is_due = false;
  state.stored_index.changed_documents = 1;
  return written;
}

bool IndexBuilder::PutInPlace(CollectionState& state, const std::shared_ptr<CollectionIndex>& index,
                              const CollectionIndex::Build& build,
                              std::shared_ptr<Segment> segment) {
  const bool in_file = segment != nullptr && FileOf(*segment) != nullptr;
  const bool of_files = std::any_of(build.sets.begin(), build.sets.end(), [](const auto& set) {
    const auto* input = dynamic_cast<const Segment*>(set.get());
    return input != nullptr && FileOf(*input) != nullptr;
  });
  const std::lock_guard writer(engine_.writer_mutex());
  // A commit that ran out of memory gives the index up; a later one loads another.
  if (state.index != index || state.dropped.load()) {
    if (segment != nullptr) DiscardSegment(engine_, *segment);
    return false;
  }
  if (in_file) state.stored_index.images.push_back(FileOf(*segment)->number());
  index->Replace(build, std::move(segment), state.views.Oldest());
  ++state.builds;
  if (in_file || of_files) state.stored_index.checkpoint_is_due = true;
  state.PublishView();
  return true;
}

Status IndexBuilder::BuildAll(const std::shared_ptr<CollectionState>& state, std::size_t threads,
                              bool even_so) {
  ++building_all_;
  Status status = Guard([&] {
    const std::lock_guard builds(build_mutex_);
    return BuildAllAlone(state, threads, even_so);
  });
  --building_all_;
  shared_->changed.notify_all();
  // For what was sealed meanwhile, and builds that gave way.
  const std::lock_guard writer(engine_.writer_mutex());
  if (HasWork(*state)) Notify(state);
  return status;
}

/// As in BuildNext. One that is stopped is looked into by what comes after it.
Status IndexBuilder::VerifyAll(const std::shared_ptr<CollectionState>& state,
                               const BuildStop& stop) {
  try {
    while (true) {
      TRACEVEC_ASSIGN_OR_RETURN(const bool verified,
                                VerifyOneImage(engine_, state, /*idle=*/false, stop));
      if (!verified) return Status::Ok();
    }
  } catch (const BuildStopped&) {
    return Status::Ok();
  }
}

Status IndexBuilder::BuildAllAlone(const std::shared_ptr<CollectionState>& state,
                                   std::size_t threads, bool even_so) {
  const auto stop = [this, &state] { return stopped_.load() || state->dropped.load(); };
  TRACEVEC_RETURN_IF_ERROR(VerifyAll(state, stop));
  std::shared_ptr<CollectionIndex> index;
  std::optional<CollectionIndex::Build> build;
  std::shared_ptr<const CollectionView> view;  // As in BuildNext.
  {
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(engine_.CheckOpen());
    TRACEVEC_RETURN_IF_ERROR(state->CheckNotDropped());
    index = state->index;
    if (index == nullptr) return Status::Ok();
    view = state->views.Current();
    build = index->BuildOfAll(view->commit, even_so);
  }
  if (!build) return Status::Ok();
  bool built = false;
  try {
    TRACEVEC_ASSIGN_OR_RETURN(auto segment,
                              MakeSegment(engine_, *state, *index, &*build, threads, stop));
    built = PutInPlace(*state, index, *build, std::move(segment));
  } catch (const BuildStopped&) {
    // The checks below say by what.
  }
  shared_->changed.notify_all();
  if (built) {
    // Files that are no longer used go with it.
    WriteCheckpoint(*state).status().IgnoreError("tried again after the next build, and at close");
    return Status::Ok();
  }
  TRACEVEC_RETURN_IF_ERROR(engine_.CheckOpen());
  TRACEVEC_RETURN_IF_ERROR(state->CheckNotDropped());
  return Status::ResourceExhausted("the index was given up for want of memory meanwhile; retry");
}

}  // namespace tracevec
