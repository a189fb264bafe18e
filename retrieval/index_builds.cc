#include "retrieval/index_builds.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/column_files.h"
#include "retrieval/idle_thread.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_verifier.h"
#include "retrieval/segment_maker.h"

namespace tracevec {
namespace {

/// So many new rows are worth more than one thread: they were loaded.
constexpr std::uint64_t kLeastRowsOfParallelBuild = 16'384;

/// Whether a build has a file among its inputs that was not read through yet.
bool TakesUnverified(const CollectionState& state, const CollectionIndex::Build& build) {
  return std::any_of(build.sets.begin(), build.sets.end(), [&state](const auto& set) {
    const auto& unverified = state.stored_index.unverified;
    return std::find(unverified.begin(), unverified.end(), set) != unverified.end();
  });
}

std::uint64_t RowsOfBlocks(const CollectionIndex::Build& build) {
  std::uint64_t rows = 0;
  for (const auto& set : build.sets) {
    const auto* block = dynamic_cast<const RowBlock*>(set.get());
    rows += block != nullptr ? block->size() : 0;
  }
  return rows;
}

/// One that is stopped is looked into by what comes after it.
Status VerifyAll(Engine& engine, const std::shared_ptr<CollectionState>& state,
                 const BuildStop& stop) {
  try {
    while (true) {
      TRACEVEC_ASSIGN_OR_RETURN(const bool verified,
                                VerifyOneImage(engine, state, /*idle=*/false, stop));
      if (!verified) return Status::Ok();
    }
  } catch (const BuildStopped&) {
    return Status::Ok();
  }
}

/// False when it came too late.
bool PutInPlace(Engine& engine, CollectionState& state,
                const std::shared_ptr<CollectionIndex>& index, const CollectionIndex::Build& build,
                std::shared_ptr<Segment> segment) {
  const bool in_file = segment != nullptr && FileOf(*segment) != nullptr;
  const bool of_files = std::any_of(build.sets.begin(), build.sets.end(), [](const auto& set) {
    const auto* input = dynamic_cast<const Segment*>(set.get());
    return input != nullptr && FileOf(*input) != nullptr;
  });
  const std::lock_guard writer(engine.writer_mutex());
  // A commit that ran out of memory gives the index up; a later one loads another.
  if (state.index != index || state.dropped.load()) {
    if (segment != nullptr) DiscardSegment(engine, *segment);
    return false;
  }
  if (in_file) {
    for (const std::uint64_t file : FilesOf(*segment)) state.stored_index.images.push_back(file);
  }
  index->Replace(build, std::move(segment), state.views.Oldest());
  ++state.builds;
  if (in_file || of_files) state.stored_index.checkpoint_is_due = true;
  state.PublishView();
  return true;
}

/// What an opened index has of a segment's columns in a file, the first time; null: nothing, or it
/// is damaged, which the collection's warnings tell.
std::shared_ptr<ColumnGeneration> ReadUnreadColumns(CollectionState& state, Segment& segment) {
  const std::shared_ptr<const ColumnsFile> file = segment.columns_file();
  if (file == nullptr || !file->unread) return nullptr;
  if (file->bytes == nullptr) {  // Of which a warning was given.
    segment.SetColumnsFile(nullptr);
    return nullptr;
  }
  auto columns = segment.ReadColumnsFile(*file);
  auto read = std::make_shared<ColumnsFile>(*file);
  read->unread = false;
  segment.SetColumnsFile(columns.ok() ? std::move(read) : nullptr);
  if (columns.ok()) return *std::move(columns);
  state.warnings.Add("columns of filters are made again: " + columns.status().message());
  return nullptr;
}

}  // namespace

Result<bool> BuildNext(Engine& engine, const std::shared_ptr<CollectionState>& state,
                       const BuildStop& stop) {
  std::shared_ptr<CollectionIndex> index;
  std::optional<CollectionIndex::Build> build;
  bool unverified = false;
  // A build is a reader too: while it holds the view of its commit, no state it reads is freed.
  std::shared_ptr<const CollectionView> view;
  {
    const std::lock_guard writer(engine.writer_mutex());
    index = state->index;
    if (index == nullptr || state->dropped.load()) return false;
    view = state->views.Current();
    build = index->NextBuild(view->commit);
    unverified = build && TakesUnverified(*state, *build);
  }
  if (!build) return false;
  if (unverified) return VerifyOneImage(engine, state, /*idle=*/true, stop);
  const bool of_load = RowsOfBlocks(*build) >= kLeastRowsOfParallelBuild;
  const std::size_t threads = of_load ? std::max(std::thread::hardware_concurrency(), 1U) : 1;
  TRACEVEC_ASSIGN_OR_RETURN(auto segment, RunIdle([&] {
                              return MakeSegment(engine, *state, *index, &*build, threads, stop);
                            }));
  return PutInPlace(engine, *state, index, *build, std::move(segment));
}

bool RenewColumns(Engine& engine, CollectionState& state, const BuildStop& stop) {
  std::shared_ptr<Segment> segment;
  std::shared_ptr<CollectionIndex> index;
  std::shared_ptr<const CollectionView> view;  // As in BuildNext.
  std::vector<std::string> declared;
  {
    const std::lock_guard writer(engine.writer_mutex());
    if (state.index == nullptr || state.dropped.load()) return false;
    index = state.index;
    segment = index->SegmentWithDueColumns();
    view = state.views.Current();
    declared = state.DeclaredFields();
  }
  if (segment == nullptr) return false;
  const std::shared_ptr<const ColumnsFile> before = segment->columns_file();
  auto columns = RunIdle([&] { return ReadUnreadColumns(state, *segment); });
  const bool made = columns == nullptr;
  if (made) {
    columns = RunIdle([&] { return segment->MakeColumns(view->commit, declared, stop); });
    if (!engine.read_only() && FileOf(*segment) != nullptr) {
      KeepColumns(engine.store(), state, *segment, *columns);
    }
  }
  const std::lock_guard writer(engine.writer_mutex());
  segment->PutColumns(std::move(columns));
  const auto now = segment->columns_file();
  if (!made || now == before) return true;
  // In an index that was given up meanwhile nobody names it: the next checkpoint removes it.
  if (now != nullptr) state.stored_index.images.push_back(RecordOf(now.get(), 0)->number);
  if (state.index == index) state.stored_index.checkpoint_is_due = true;
  return true;
}

Result<bool> WriteDueCheckpoint(Engine& engine, CollectionState& state) {
  const std::lock_guard writer(engine.writer_mutex());
  if (engine.read_only() || state.index == nullptr || state.dropped.load()) return false;
  if (!CheckpointIsDue(state, engine.index_options())) return false;
  const Status written = WriteIndexCheckpoint(engine.store(), state);
  if (written.ok()) return true;
  // Not again at each commit, but after the next build, or as many changes again.
  state.stored_index.checkpoint_is_due = false;
  state.stored_index.changed_documents = 1;
  return written;
}

Status BuildEverything(Engine& engine, const std::shared_ptr<CollectionState>& state,
                       std::size_t threads, bool even_so, const BuildStop& stop,
                       const std::function<void()>& built) {
  TRACEVEC_RETURN_IF_ERROR(VerifyAll(engine, state, stop));
  std::shared_ptr<CollectionIndex> index;
  std::vector<CollectionIndex::Build> builds;
  std::shared_ptr<const CollectionView> view;  // As in BuildNext.
  {
    const std::lock_guard writer(engine.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
    TRACEVEC_RETURN_IF_ERROR(state->CheckCurrent());
    index = state->index;
    if (index == nullptr) return Status::Ok();
    view = state->views.Current();
    builds = index->BuildsOfAll(view->commit, even_so);
  }
  for (CollectionIndex::Build& build : builds) {
    bool in_place = false;
    {
      // A newer one each time: this one would keep what the builds before it replaced.
      const std::lock_guard writer(engine.writer_mutex());
      view = state->views.Current();
      build.as_of = view->commit;
    }
    try {
      TRACEVEC_ASSIGN_OR_RETURN(auto segment,
                                MakeSegment(engine, *state, *index, &build, threads, stop));
      in_place = PutInPlace(engine, *state, index, build, std::move(segment));
      build = {};  // What it was made of is not needed any more.
    } catch (const BuildStopped&) {
      // The checks below say by what.
    }
    built();
    if (in_place) continue;
    TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
    TRACEVEC_RETURN_IF_ERROR(state->CheckCurrent());
    return Status::ResourceExhausted("the index was given up for want of memory meanwhile; retry");
  }
  // Files that are no longer used go with it, also those of builds before this.
  return WriteDueCheckpoint(engine, *state).status();
}

}  // namespace tracevec
