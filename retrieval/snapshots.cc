#include "retrieval/snapshots.h"

#include <utility>

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/row_loader.h"
#include "retrieval/validate.h"
#include "storage/features.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

constexpr std::size_t kLongestSnapshotName = 255;

SnapshotInfo Describe(const std::string& name, const SnapshotRecord& record) {
  return {name, Raw(record.commit), record.created};
}

Status NoSnapshot(const SnapshotHolds& holds, std::string_view name) {
  std::vector<std::string> known;
  for (auto& [held, record] : holds.List()) known.push_back(held);
  return Status::NotFound(
      fmt::format("snapshot '{}' does not exist{}", name, DidYouMean(name, known)));
}

Status NoCollectionThen(std::string_view name, std::string_view snapshot) {
  return Status::NotFound(
      fmt::format("collection '{}' did not exist at snapshot '{}'", name, snapshot));
}

Result<std::shared_ptr<const LoadedCollection>> LoadFromStore(Engine& engine,
                                                              const CollectionState& state,
                                                              CommitNumber commit) {
  auto loaded = std::make_shared<LoadedCollection>();
  loaded->counters.commit = commit;
  auto index = state.NewIndex();
  TRACEVEC_RETURN_IF_ERROR(
      LoadAllDocuments(engine.store(), state, commit, RowParts::All(),
                       [&](DocumentNumber /*document*/, std::vector<NewRow> rows) {
                         ++loaded->counters.documents;
                         loaded->counters.chunks += rows.size();
                         index->Reserve(rows.size());
                         for (NewRow& row : rows) index->Append(std::move(row));
                         return Status::Ok();
                       }));
  if (loaded->counters.chunks >= engine.index_options().least_chunks) {
    loaded->index = std::move(index);
  }
  return std::shared_ptr<const LoadedCollection>(std::move(loaded));
}

}  // namespace

Result<SnapshotInfo> TakeSnapshot(Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckId(name, kLongestSnapshotName, "snapshot name"));
  const std::lock_guard writer(engine.writer_mutex());
  if (engine.holds().Find(name)) {
    return Status::AlreadyExists(
        fmt::format("snapshot '{}' already exists; release it first", name));
  }
  TRACEVEC_RETURN_IF_ERROR(engine.EnableFeature(kSnapshotsFeature));
  SnapshotRecord record;
  record.commit = engine.last_commit();
  record.timeline = engine.timeline();
  record.created = Now();
  record.next_collection = CollectionNumber{1};
  TRACEVEC_ASSIGN_OR_RETURN(const auto next,
                            engine.store().Get(Table::kRecords, keys::NextCollection()));
  if (next) {
    TRACEVEC_ASSIGN_OR_RETURN(record.next_collection, DecodeCollectionNumber(*next));
  }
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Snapshot(name), EncodeSnapshot(record));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  engine.holds().Add(std::string(name), record);
  return Describe(std::string(name), record);
}

Status ReleaseSnapshot(Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  const std::lock_guard writer(engine.writer_mutex());
  const auto record = engine.holds().Find(name);
  if (!record) return NoSnapshot(engine.holds(), name);
  StoreBatch batch;
  batch.Delete(Table::kRecords, keys::Snapshot(name));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  engine.holds().Remove(name);
  // Of another snapshot of that commit it is loaded again.
  engine.snapshot_indexes().Forget(record->commit);
  return Status::Ok();
}

std::vector<SnapshotInfo> ListSnapshots(const Engine& engine) {
  std::vector<SnapshotInfo> found;
  for (const auto& [name, record] : engine.holds().List()) found.push_back(Describe(name, record));
  return found;
}

SnapshotReader::SnapshotReader(std::string name, const SnapshotRecord& record,
                               SnapshotHolds::Pin pin)
    : name_(std::move(name)), record_(record), handle_(std::make_shared<SnapshotHandle>()) {
  handle_->name = name_;
  handle_->pin = std::move(pin);
}

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::Open(Engine& engine,
                                                             std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  // A release between looking and pinning must not let the sweeper in.
  const std::lock_guard writer(engine.writer_mutex());
  const auto record = engine.holds().Find(name);
  if (!record) return NoSnapshot(engine.holds(), name);
  return std::unique_ptr<SnapshotReader>(
      new SnapshotReader(std::string(name), *record, engine.holds().PinData(*record)));
}

Result<std::shared_ptr<CollectionState>> SnapshotReader::FindCollection(Engine& engine,
                                                                        std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(CheckOpen());
  TRACEVEC_ASSIGN_OR_RETURN(const auto live, engine.FindCollection(name));
  if (live->number >= record_.next_collection) return NoCollectionThen(name, name_);
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(name);
  if (found != open_.end()) return found->second;
  TRACEVEC_ASSIGN_OR_RETURN(auto state, Load(engine, *live));
  open_.emplace(name, state);
  return state;
}

Result<std::shared_ptr<CollectionState>> SnapshotReader::Load(Engine& engine,
                                                              const CollectionState& live) const {
  CollectionRecord record;
  {
    const std::lock_guard writer(engine.writer_mutex());  // The known fields may grow.
    record = live.record;
  }
  auto state = BindCollection(live.number, std::move(record), live.sync);
  state->snapshot = handle_;
  state->may_expire = true;
  auto loaded = engine.snapshot_indexes().Find(record_.commit, live.number);
  if (loaded == nullptr) {
    TRACEVEC_ASSIGN_OR_RETURN(loaded, LoadFromStore(engine, *state, record_.commit));
    engine.snapshot_indexes().Keep(record_.commit, live.number, loaded);
  }
  state->counters = loaded->counters;
  state->index = loaded->index;
  state->loaded = std::move(loaded);
  state->PublishView();
  return state;
}

Result<std::vector<std::string>> SnapshotReader::ListCollections(const Engine& engine) const {
  TRACEVEC_RETURN_IF_ERROR(CheckOpen());
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  const std::string prefix = keys::CollectionNamesPrefix();
  std::vector<std::string> names;
  StoreCursor cursor = engine.store().NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CollectionNumber number,
                              DecodeCollectionNumber(cursor.value()));
    if (number < record_.next_collection) names.emplace_back(cursor.key().substr(prefix.size()));
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return names;
}

Status SnapshotReader::RefuseToWrite() const { return handle_->RefuseToWrite(); }

void SnapshotReader::Close() {
  handle_->closed.store(true);
  const std::lock_guard lock(mutex_);
  open_.clear();
  handle_->pin.reset();
}

Status SnapshotReader::CheckOpen() const { return handle_->CheckOpen(); }

}  // namespace tracevec
