#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/column_files.h"
#include "retrieval/commit.h"
#include "retrieval/document_reader.h"
#include "retrieval/guard.h"
#include "retrieval/idle_thread.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/migration.h"
#include "retrieval/row_loader.h"
#include "retrieval/segment_maker.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// How often the index is brought up to date before writers have to wait for the last time.
constexpr int kMostRounds = 100;

/// The collection's record with the fields of a migration changed places.
CollectionRecord WithOther(const CollectionRecord& record, const MigrationRecord& migration) {
  CollectionRecord changed = record;
  changed.schema.vectors[migration.field] = migration.other;
  changed.field_numbers[migration.field] = migration.other_number;
  return changed;
}

/// Prepares a collection in the other space beside the one in use, and puts it in its place.
class Switch {
 public:
  Switch(Engine& engine, const std::shared_ptr<CollectionState>& state, bool to_cut_over,
         const SwitchOptions& options)
      : engine_(engine),
        store_(engine.store()),
        old_(state),
        to_cut_over_(to_cut_over),
        options_(options) {}

  ~Switch() {
    if (changes_ != nullptr) {
      const std::lock_guard writer(engine_.writer_mutex());
      std::erase(old_->change_logs, changes_);
    }
    if (done_) return;
    for (const auto& segment : segments_) DiscardSegment(engine_, *segment);
  }

  Result<SwitchResult> Run() {
    TRACEVEC_RETURN_IF_ERROR(Begin());
    TRACEVEC_RETURN_IF_ERROR(BuildIndex());
    for (int round = 0; round < kMostRounds; ++round) {
      TRACEVEC_ASSIGN_OR_RETURN(const bool switched, SwitchIfUpToDate());
      if (switched) return result_;
      TRACEVEC_RETURN_IF_ERROR(CatchUp());
    }
    return Status::Conflict(fmt::format(
        "collection '{}': it was written during each of {} attempts to catch up; slow the writers "
        "down, or give an embedder that is as fast",
        old_->name, kMostRounds));
  }

 private:
  Status Begin() {
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_ASSIGN_OR_RETURN(migration_, RequireMigration(*old_));
    if (migration_.cut_over == to_cut_over_) {
      return Status::InvalidArgument(fmt::format("vector field '{}' is {} already",
                                                 migration_.field,
                                                 to_cut_over_ ? "cut over" : "rolled back"));
    }
    BoundField other;
    other.name = migration_.field;
    other.field = migration_.other;
    TRACEVEC_RETURN_IF_ERROR(CheckSpace(other, options_.space));
    TRACEVEC_RETURN_IF_ERROR(CheckNotHeld());
    new_ = BindCollection(old_->number, WithOther(old_->record, migration_), old_->sync);
    new_->holds = old_->holds;
    return Status::Ok();
  }

  /// A snapshot's data has vectors of the space in force alone.
  Status CheckNotHeld() const {
    const auto holder = engine_.holds().HolderOf(old_->number);
    if (!holder) return Status::Ok();
    return Status::Conflict(
        fmt::format("collection '{}': {} holds it in the space in force; release it before",
                    old_->name, *holder));
  }

  /// An erasure knows the files of the index in force, not those made here; and a chunk that stays
  /// has in the index the vector that it had.
  Status CheckNothingWithdrawn() const {
    if (old_->withdrawals.load() == withdrawals_) return Status::Ok();
    return Status::Conflict(fmt::format(
        "collection '{}': a document was erased, or a title changed that the other space embeds, "
        "while its index was built of it; call again",
        old_->name));
  }

  /// Of all documents, or of these.
  Status FillOrCheck(FillPasses passes, const std::vector<DocumentNumber>* documents = nullptr) {
    if (options_.embed != nullptr) {
      FillOptions fill;
      fill.space = options_.space;
      fill.call_info = options_.call_info;
      fill.label = options_.label;
      return FillOtherSpace(engine_, *old_, options_.embed, fill, passes, documents).status();
    }
    TRACEVEC_ASSIGN_OR_RETURN(const MigrationStatus status, CountFilled(engine_, *old_, documents));
    if (status.filled == status.chunks) return Status::Ok();
    return Status::InvalidArgument(fmt::format(
        "vector field '{}': {} of {} chunks have no vector of the other space; fill them, or give "
        "an embedder",
        migration_.field, status.chunks - status.filled, status.chunks));
  }

  /// All chunks of the view, whatever is written meanwhile. A pass leaves out only chunks of
  /// documents that were written while it ran: looking at those alone comes to an end beside a
  /// steady writer, where passes over everything would find something each time.
  Status FillViewOrCheck() {
    TRACEVEC_RETURN_IF_ERROR(FillOrCheck(FillPasses::kOne));
    const std::vector<DocumentNumber> written = ChangedAfter(view_->commit);
    return written.empty() ? Status::Ok() : FillOrCheck(FillPasses::kUntilNoneLacks, &written);
  }

  /// From the view on that is taken here.
  void NoteChangesFromNowOn() {
    const std::lock_guard writer(engine_.writer_mutex());
    withdrawals_ = old_->withdrawals.load();
    view_ = old_->views.Current();
    changes_ = std::make_shared<ChangeLog>();
    old_->change_logs.push_back(changes_);
  }

  /// Everything at a view, as segments with graphs.
  Status BuildIndex() {
    TRACEVEC_RETURN_IF_ERROR(FillOrCheck(FillPasses::kOne));  // Most of it, without a view.
    NoteChangesFromNowOn();
    TRACEVEC_RETURN_IF_ERROR(FillViewOrCheck());
    index_ = new_->NewIndex();
    TRACEVEC_RETURN_IF_ERROR(
        LoadAllDocuments(store_, *new_, view_->commit, RowParts::All(),
                         [&](DocumentNumber /*document*/, std::vector<NewRow> rows) {
                           index_->Reserve(rows.size());
                           for (NewRow& row : rows) index_->Append(std::move(row));
                           return Status::Ok();
                         }));
    if (view_->chunks < engine_.index_options().least_chunks) return Status::Ok();
    const BuildStop stop = [this] {
      return !engine_.CheckOpen().ok() || !CheckNothingWithdrawn().ok();
    };
    try {
      for (CollectionIndex::Build& build : index_->BuildsOfAll(view_->commit, /*even_so=*/false)) {
        TRACEVEC_ASSIGN_OR_RETURN(auto segment, RunIdle([&] {
                                    return MakeSegment(engine_, *new_, *index_, &build,
                                                       options_.threads, stop);
                                  }));
        if (segment != nullptr) segments_.push_back(segment);
        index_->Replace(build, std::move(segment), view_->commit);
      }
    } catch (const BuildStopped&) {
      TRACEVEC_RETURN_IF_ERROR(engine_.CheckOpen());
      return CheckNothingWithdrawn();
    }
    return Status::Ok();
  }

  /// Documents that commits after this one touched.
  std::vector<DocumentNumber> ChangedAfter(CommitNumber before) const {
    const std::lock_guard writer(engine_.writer_mutex());
    std::set<DocumentNumber> changed;
    for (const auto& [commit, document] : changes_->entries) {
      if (commit > before) changed.insert(document);
    }
    return {changed.begin(), changed.end()};
  }

  /// What the newest view has is not looked at again; of commits past it, it is.
  void ForgetChangesInView() {
    const std::lock_guard writer(engine_.writer_mutex());
    std::erase_if(changes_->entries,
                  [&](const auto& entry) { return entry.first <= view_->commit; });
  }

  /// Brings the index from its view to the newest one.
  Status CatchUp() {
    const auto before = std::exchange(view_, old_->views.Current());
    const std::vector<DocumentNumber> documents = ChangedAfter(before->commit);
    ForgetChangesInView();
    if (documents.empty()) return Status::Ok();
    TRACEVEC_RETURN_IF_ERROR(FillOrCheck(FillPasses::kUntilNoneLacks, &documents));
    std::map<DocumentNumber, std::vector<ChunkNumber>> had;
    TRACEVEC_RETURN_IF_ERROR(
        LoadDocuments(store_, *new_, before->commit, documents,
                      [&](DocumentNumber document, const std::vector<NewRow>& rows) {
                        for (const NewRow& row : rows) {
                          had[document].push_back(row.chunk);
                        }
                        return Status::Ok();
                      }));
    return LoadDocuments(store_, *new_, view_->commit, documents,
                         [&](DocumentNumber document, std::vector<NewRow> rows) {
                           Bring(document, had[document], std::move(rows));
                           return Status::Ok();
                         });
  }

  void Bring(DocumentNumber document, const std::vector<ChunkNumber>& had,
             std::vector<NewRow> rows) {
    const std::set<ChunkNumber> known(had.begin(), had.end());
    std::set<ChunkNumber> stay;
    index_->Reserve(rows.size());
    for (NewRow& row : rows) {
      stay.insert(row.chunk);
      if (!known.contains(row.chunk)) {
        index_->Append(std::move(row));
        continue;
      }
      auto state = std::make_unique<ChunkState>();
      state->commit = view_->commit;
      state->document = row.document_state;
      state->own = row.own;
      state->own_is_complete = row.own_is_complete;
      index_->PushState({document, row.chunk}, std::move(state), view_->commit);
    }
    for (const ChunkNumber chunk : known) {
      if (!stay.contains(chunk)) index_->Delete({document, chunk}, view_->commit);
    }
  }

  /// False when something was written since the index was brought up to date.
  Result<bool> SwitchIfUpToDate() {
    const std::lock_guard writer(engine_.writer_mutex());
    const Stopwatch step;
    TRACEVEC_RETURN_IF_ERROR(old_->CheckCurrent());
    TRACEVEC_RETURN_IF_ERROR(CheckNothingWithdrawn());
    // Those of a fill touch no documents.
    const auto is_newer = [&](const auto& entry) { return entry.first > view_->commit; };
    if (std::any_of(changes_->entries.begin(), changes_->entries.end(), is_newer)) return false;
    TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord now, RequireMigration(*old_));
    if (now.other_number != migration_.other_number) {
      return Status::Conflict("the migration was ended, or turned round, meanwhile");
    }
    TRACEVEC_RETURN_IF_ERROR(CheckNotHeld());
    const bool is_large = old_->counters.chunks >= engine_.index_options().least_chunks;
    if (is_large && index_->live_rows() != old_->counters.chunks) {
      return Status::Internal(fmt::format("{} chunks were indexed, {} were counted",
                                          index_->live_rows(), old_->counters.chunks));
    }
    TRACEVEC_RETURN_IF_ERROR(WriteSwitch(is_large));
    result_.step_micros = step.Micros();
    return true;
  }

  Status WriteSwitch(bool is_large) {
    const BoundField* in_force = *FindField(*old_, migration_.field);
    MigrationRecord turned = migration_;
    turned.cut_over = to_cut_over_;
    turned.other = in_force->field;
    turned.other_number = in_force->number;
    new_->record = WithOther(old_->record, migration_);  // Fields may have become known.
    Commit commit(engine_, *old_, to_cut_over_ ? "cut_over" : "roll_back", options_.label);
    StoreBatch& batch = commit.batch();
    batch.Put(Table::kRecords, keys::Migration(old_->number), EncodeMigration(turned));
    batch.Put(Table::kRecords, keys::Collection(old_->number), EncodeCollection(new_->record));
    // The files are of the space in force: they go with the next checkpoint.
    batch.Delete(Table::kRecords, keys::IndexCheckpoint(old_->number));
    new_->migration = std::move(turned);
    Prepare(commit.counters(), is_large);
    // Once it is stored there is no way back: what fails after it must not keep the old state,
    // whose writes would be of the other space, in its place. That needs no memory.
    const std::size_t old_images = old_->stored_index.images.size();
    Status finished = Guard([&] { return commit.Finish(/*sync=*/true); });
    if (!commit.is_stored()) return finished;
    std::vector<std::uint64_t>& images = new_->stored_index.images;
    if (old_->stored_index.images.empty()) {  // The commit removed them.
      images.erase(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(old_images));
    }
    old_->stored_index = {};
    done_ = true;
    result_.commit = Raw(commit.number());
    engine_.ReplaceCollection(old_, new_);
    return Status::Ok();
  }

  /// All of the new state, as it is after the commit.
  void Prepare(const CollectionCounters& counters, bool is_large) {
    new_->counters = counters;
    new_->garbage = old_->garbage;
    new_->tuning = old_->tuning;  // By number: of the field in force now only if it was before.
    new_->may_expire = old_->may_expire;
    new_->has_chunk_metadata = old_->has_chunk_metadata;
    new_->asserted_vectors = old_->asserted_vectors.load();
    new_->withdrawals = old_->withdrawals.load();
    new_->stored_index.images = old_->stored_index.images;
    for (const auto& segment : segments_) {
      for (const std::uint64_t file : FilesOf(*segment)) {
        new_->stored_index.images.push_back(file);
      }
    }
    new_->stored_index.checkpoint_is_due = true;
    if (is_large) new_->index = index_;
    for (const auto& before : old_->EarlierInUse()) new_->earlier.push_back(before);
    new_->earlier.push_back(old_);
    new_->PublishView();
  }

  Engine& engine_;
  Store& store_;
  const std::shared_ptr<CollectionState> old_;
  const bool to_cut_over_;
  const SwitchOptions& options_;
  MigrationRecord migration_;
  std::shared_ptr<CollectionState> new_;
  std::uint64_t withdrawals_ = 0;  // Of old_, when the first view was taken.
  std::shared_ptr<const CollectionView> view_;
  std::shared_ptr<CollectionIndex> index_;
  std::shared_ptr<ChangeLog> changes_;  // Of old_; guarded by the writer's mutex.
  std::vector<std::shared_ptr<Segment>> segments_;
  SwitchResult result_;
  bool done_ = false;
};

}  // namespace

Result<SwitchResult> SwitchMigration(Engine& engine, const std::shared_ptr<CollectionState>& state,
                                     bool to_cut_over, const SwitchOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckBuildThreads(options.threads));
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(options.label));
  return Switch(engine, state, to_cut_over, options).Run();
}

}  // namespace tracevec
