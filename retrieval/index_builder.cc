#include "retrieval/index_builder.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "core/return_if_error.h"
#include "index/graph_builder.h"
#include "index/memory_image.h"
#include "retrieval/engine.h"
#include "retrieval/guard.h"
#include "storage/fork_guard.h"

namespace tracevec {
namespace {

/// Writers wait past this many bytes of codes in sealed blocks: a search scans them in some 5 ms.
constexpr std::uint64_t kMostUnbuiltCodeBytes = std::uint64_t{128} << 20;
constexpr std::chrono::milliseconds kLongestStall{100};

/// Small segments are soon merged into larger ones: their graphs are left as they were built.
constexpr std::size_t kLeastRowsToRefine = 16'384;

/// The system runs this thread when it has nothing else to do. Where that is refused, it is one
/// thread among others.
void BecomeIdle() {
#ifdef SCHED_IDLE
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
#endif
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

void IndexBuilder::Notify(const std::shared_ptr<CollectionState>& state) {
  const Status noted = Guard([&] {
    const std::lock_guard lock(shared_->mutex);
    if (stopped_.load()) return Status::Ok();
    shared_->Add(state);
    if (!shared_->thread.joinable()) {
      shared_->thread = std::jthread([this] {
        BecomeIdle();
        Run();
      });
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
    const Result<bool> built = BuildNext(state);
    // What was built may make another build due, and what gave way is still due. A build that
    // failed waits for the next notice: trying again at once would fail again.
    if (built.ok() && *built) Notify(state);
    shared_->changed.notify_all();
  }
}

Result<bool> IndexBuilder::BuildNext(const std::shared_ptr<CollectionState>& state) {
  const std::lock_guard builds(build_mutex_);
  return Guard([&]() -> Result<bool> {
    std::shared_ptr<CollectionIndex> index;
    std::optional<CollectionIndex::Build> build;
    // A build is a reader too: while it holds the view of its commit, no state it reads is freed.
    std::shared_ptr<const CollectionView> view;
    {
      const std::lock_guard writer(engine_.writer_mutex());
      index = state->index;
      if (index == nullptr || state->dropped.load()) return false;
      view = state->views.Current();
      build = index->NextBuild(view->commit);
    }
    if (!build) return false;
    build->ListRows();
    TRACEVEC_RETURN_IF_ERROR(Perform(state, index, *build, 1, [this, &state] {
                               return stopped_.load() || state->dropped.load() ||
                                      building_all_.load() > 0;
                             }).status());
    return true;
  });
}

Result<bool> IndexBuilder::Perform(const std::shared_ptr<CollectionState>& state,
                                   const std::shared_ptr<CollectionIndex>& index,
                                   const CollectionIndex::Build& build, std::size_t threads,
                                   const std::function<bool()>& stop) {
  std::shared_ptr<Segment> segment;
  if (!build.rows.empty()) {
    SegmentBuilder builder(index->fields(), build.rows, build.as_of, engine_.kernels());
    SegmentBuildOptions options;
    options.threads = threads;
    options.refine = build.rows.size() >= kLeastRowsToRefine;
    options.stop = stop;
    try {
      builder.Build(options);
    } catch (const BuildStopped&) {
      return false;
    }
    auto image = std::make_shared<MemoryImage>();
    TRACEVEC_RETURN_IF_ERROR(builder.Write(state->number, image.get()));
    TRACEVEC_ASSIGN_OR_RETURN(segment, Segment::Open(std::move(image), index->fields(), false));
    state->graph_insertions += builder.insertions();
  }
  const std::lock_guard writer(engine_.writer_mutex());
  // A commit that ran out of memory gives the index up; a later one loads another.
  if (state->index != index || state->dropped.load()) return false;
  index->Replace(build, std::move(segment), state->views.Oldest());
  ++state->builds;
  state->PublishView();
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
  if (state->index != nullptr && state->index->BuildIsDue()) Notify(state);
  return status;
}

Status IndexBuilder::BuildAllAlone(const std::shared_ptr<CollectionState>& state,
                                   std::size_t threads, bool even_so) {
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
  build->ListRows();
  const auto stop = [&] { return stopped_.load() || state->dropped.load(); };
  TRACEVEC_ASSIGN_OR_RETURN(const bool built, Perform(state, index, *build, threads, stop));
  shared_->changed.notify_all();
  if (built) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(engine_.CheckOpen());
  TRACEVEC_RETURN_IF_ERROR(state->CheckNotDropped());
  return Status::ResourceExhausted("the index was given up for want of memory meanwhile; retry");
}

}  // namespace tracevec
