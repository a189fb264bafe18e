#include "retrieval/engine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/kernel_dispatch.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "core/schema_check.h"
#include "core/utf8.h"
#include "retrieval/clock.h"
#include "retrieval/garbage.h"
#include "retrieval/guard.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/index_loader.h"
#include "retrieval/migration.h"
#include "retrieval/tune.h"
#include "storage/features.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

constexpr std::size_t kLongestCollectionName = 255;
constexpr std::uint32_t kMostKeptVersions = 1'000'000;
constexpr std::uint64_t kLeastStoreMemoryBytes = std::uint64_t{8} << 20;
/// A collection's share of a close: about 50 us each.
constexpr std::size_t kMostSweptAtClose = 1024;

Status CheckCollectionName(std::string_view name) {
  if (name.empty() || name.size() > kLongestCollectionName) {
    return Status::InvalidArgument(fmt::format("collection name: {} bytes, expected 1 to {}",
                                               name.size(), kLongestCollectionName));
  }
  return CheckUtf8(name, "collection name");
}

std::string EncodeNumber(CollectionNumber number) {
  std::string bytes(4, '\0');
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(Raw(number) >> (8 * i));
  return bytes;
}

Result<CollectionNumber> DecodeNumber(std::string_view bytes, std::string_view what) {
  if (bytes.size() != 4) {
    return Status::Corruption(fmt::format("{}: {} bytes, expected 4", what, bytes.size()));
  }
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return CollectionNumber{value};
}

}  // namespace

Engine::Engine(std::string path, OpenOptions options, IndexOptions index)
    : path_(std::move(path)),
      options_(options),
      index_options_(index),
      builder_(std::make_unique<IndexBuilder>(*this)) {}

Result<std::shared_ptr<Engine>> Engine::Open(const std::string& path, const OpenOptions& options,
                                             std::shared_ptr<rocksdb::FileSystem> file_system,
                                             const IndexOptions& index) {
  if (options.store_memory_bytes < kLeastStoreMemoryBytes) {
    return Status::InvalidArgument(fmt::format("store_memory_bytes: {}, expected at least {}",
                                               options.store_memory_bytes, kLeastStoreMemoryBytes));
  }
  std::shared_ptr<Engine> engine(new Engine(path, options, index));
  TRACEVEC_ASSIGN_OR_RETURN(engine->kernels_, SelectKernels());
  StoreOptions store_options;
  store_options.read_only = options.mode == OpenMode::kRead;
  store_options.create_if_missing = options.create_if_missing;
  store_options.memory_bytes = options.store_memory_bytes;
  store_options.file_system = std::move(file_system);
  store_options.created_by = Version();
  TRACEVEC_ASSIGN_OR_RETURN(engine->store_, Store::Open(path, store_options));
  TRACEVEC_RETURN_IF_ERROR(engine->ReadCounters());
  TRACEVEC_RETURN_IF_ERROR(engine->ReadSnapshots());
  if (!engine->read_only()) {
    RemoveStrayImages(*engine->store_)
        .IgnoreError("they take space, and the next open tries again");
  }
  return engine;
}

Status Engine::ReadCounters() {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored, store_->Get(Table::kRecords, keys::Commit()));
  CommitRecord record;
  if (stored) {
    TRACEVEC_ASSIGN_OR_RETURN(record, DecodeCommit(*stored));
  }
  last_taken_commit_ = Raw(record.commit);
  last_commit_.store(last_taken_commit_);
  timeline_ = std::max<std::uint64_t>(record.timeline, 1);
  const bool new_timeline = stored && store_->recovered_unclean();
  if (read_only() || (stored && !new_timeline)) return Status::Ok();
  // Commits that `async` lost with the power may be numbered again: the timeline tells them apart.
  if (new_timeline) ++timeline_;
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Commit(), EncodeCommit({record.commit, timeline_}));
  return store_->Write(batch, /*sync=*/true);
}

Status Engine::ReadSnapshots() {
  const std::string prefix = keys::SnapshotsPrefix();
  StoreCursor cursor = store_->NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const SnapshotRecord record, DecodeSnapshot(cursor.value()));
    holds_->Add(std::string(cursor.key().substr(prefix.size())), record);
  }
  return cursor.status();
}

Status Engine::EnableFeature(std::uint64_t feature) {
  if ((features_ & feature) == feature) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored, store_->Get(Table::kRecords, keys::Format()));
  if (!stored) return Status::Corruption("the format record is missing");
  TRACEVEC_ASSIGN_OR_RETURN(FormatRecord record, DecodeFormat(*stored));
  features_ = record.feature_flags;
  if ((features_ & feature) == feature) return Status::Ok();
  record.feature_flags |= feature;
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Format(), EncodeFormat(record));
  TRACEVEC_RETURN_IF_ERROR(store_->Write(batch, /*sync=*/true));
  features_ = record.feature_flags;
  return Status::Ok();
}

Status Engine::Close() {
  Status usable = store_->CheckUsable();
  closed_.store(true);
  // In a forked child the writer's lock may be held by a thread that is not there.
  if (usable.code() == StatusCode::kUnavailable) return usable;
  builder_->Stop();
  snapshot_indexes_.Clear();
  const std::lock_guard lock(writer_mutex_);  // A commit in flight ends first.
  if (usable.ok()) TidyBeforeClose();
  return store_->Close();
}

void Engine::TidyBeforeClose() {
  if (read_only()) return;
  const std::lock_guard catalog(catalog_mutex_);
  for (const auto& entry : open_) {
    CollectionState& state = *entry.second;
    SweepGarbage(*store_, state, kMostSweptAtClose)
        .IgnoreError("garbage is invisible; the next writer goes on with it");
    Guard([&] {
      return PersistIndex(*store_, state, index_options_);
    }).IgnoreError("the next open reads from the store what is in no file");
  }
}

Status Engine::CheckOpen() const {
  if (closed_.load()) return Status::Closed("database '" + path_ + "' was closed");
  return store_->CheckUsable();
}

Status Engine::CheckWritable() const {
  TRACEVEC_RETURN_IF_ERROR(CheckOpen());
  if (read_only()) return Status::ReadOnly("database '" + path_ + "' was opened for reading");
  return Status::Ok();
}

Result<std::shared_ptr<CollectionState>> Engine::CreateCollection(std::string_view name,
                                                                  const CollectionSchema& schema,
                                                                  const CreateOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckCollectionName(name));
  TRACEVEC_RETURN_IF_ERROR(CheckSchema(schema));
  if (options.keep_versions > kMostKeptVersions) {
    return Status::InvalidArgument(fmt::format("keep_versions: {}, expected 0 to {}",
                                               options.keep_versions, kMostKeptVersions));
  }
  const std::lock_guard writer(writer_mutex_);
  TRACEVEC_ASSIGN_OR_RETURN(const auto taken,
                            store_->Get(Table::kRecords, keys::CollectionByName(name)));
  if (taken) return Status::AlreadyExists(fmt::format("collection '{}' already exists", name));

  CollectionNumber number{1};
  TRACEVEC_ASSIGN_OR_RETURN(const auto next, store_->Get(Table::kRecords, keys::NextCollection()));
  if (next) {
    TRACEVEC_ASSIGN_OR_RETURN(number, DecodeNumber(*next, "next collection number"));
  }
  CollectionRecord record;
  record.name = name;
  record.schema = schema;
  for (const auto& [field, unused] : schema.vectors) {
    record.field_numbers[field] =
        FieldNumber{static_cast<std::uint16_t>(record.field_numbers.size())};
  }
  for (const auto& [field, unused] : schema.sparse_vectors) {
    record.field_numbers[field] =
        FieldNumber{static_cast<std::uint16_t>(record.field_numbers.size())};
  }
  if (!schema.sparse_vectors.empty()) {
    TRACEVEC_RETURN_IF_ERROR(EnableFeature(kSparseFieldsFeature));
  }
  if (options.durability) record.sync = *options.durability == Durability::kSync;
  record.kept_versions = options.keep_versions;
  if (record.kept_versions != CollectionRecord::kDefaultKeptVersions) {
    TRACEVEC_RETURN_IF_ERROR(EnableFeature(kKeptVersionsFeature));
  }
  for (const auto& [field, vector] : schema.vectors) {
    if (vector.codes == CodeChoice::kAuto) continue;
    TRACEVEC_RETURN_IF_ERROR(EnableFeature(kCodeChoiceFeature));
  }
  if (schema.text && *schema.text != TextField{schema.text->analyzer}) {
    TRACEVEC_RETURN_IF_ERROR(EnableFeature(kTextOptionsFeature));
  }
  const bool default_sync = options_.durability == Durability::kSync;
  auto state = BindCollection(number, record, default_sync);
  state->holds = holds_;

  StoreBatch batch;
  CollectionCounters counters;
  counters.commit = TakeCommitNumber();
  JournalRecord journal;
  journal.time = Now();
  journal.collection = number;
  journal.kind = "create";
  batch.Put(Table::kRecords, keys::NextCollection(),
            EncodeNumber(CollectionNumber{Raw(number) + 1}));
  batch.Put(Table::kRecords, keys::CollectionByName(name), EncodeNumber(number));
  batch.Put(Table::kRecords, keys::Collection(number), EncodeCollection(record));
  batch.Put(Table::kRecords, keys::Counters(number), EncodeCounters(counters));
  batch.Put(Table::kRecords, keys::Journal(counters.commit), EncodeJournal(journal));
  batch.Put(Table::kRecords, keys::Commit(), EncodeCommit({counters.commit, timeline_}));
  TRACEVEC_RETURN_IF_ERROR(store_->Write(batch, state->sync));
  SetLastCommit(counters.commit);

  state->counters = counters;
  state->PublishView();
  RememberOpen(state);
  return state;
}

Result<std::shared_ptr<CollectionState>> Engine::FindCollection(std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(CheckOpen());
  {
    const std::lock_guard catalog(catalog_mutex_);
    const auto found = open_.find(name);
    if (found != open_.end()) return found->second;
  }
  const std::lock_guard writer(writer_mutex_);
  return LoadCollection(name);
}

Result<std::shared_ptr<CollectionState>> Engine::LoadCollection(std::string_view name) {
  {
    const std::lock_guard catalog(catalog_mutex_);
    const auto found = open_.find(name);  // Another thread may have loaded it meanwhile.
    if (found != open_.end()) return found->second;
  }
  TRACEVEC_RETURN_IF_ERROR(CheckCollectionName(name));
  TRACEVEC_ASSIGN_OR_RETURN(const auto number_bytes,
                            store_->Get(Table::kRecords, keys::CollectionByName(name)));
  if (!number_bytes) {
    TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::string> known, ListCollections());
    return Status::NotFound(
        fmt::format("collection '{}' does not exist{}", name, DidYouMean(name, known)));
  }
  TRACEVEC_ASSIGN_OR_RETURN(const CollectionNumber number,
                            DecodeNumber(*number_bytes, "collection number"));
  TRACEVEC_ASSIGN_OR_RETURN(const auto record_bytes,
                            store_->Get(Table::kRecords, keys::Collection(number)));
  TRACEVEC_ASSIGN_OR_RETURN(const auto counter_bytes,
                            store_->Get(Table::kRecords, keys::Counters(number)));
  if (!record_bytes || !counter_bytes) {
    return Status::Corruption(fmt::format("collection '{}': its {} record is missing", name,
                                          record_bytes ? "counters" : "schema"));
  }
  TRACEVEC_ASSIGN_OR_RETURN(CollectionRecord record, DecodeCollection(*record_bytes));
  auto state = BindCollection(number, std::move(record), options_.durability == Durability::kSync);
  state->holds = holds_;
  TRACEVEC_ASSIGN_OR_RETURN(state->counters, DecodeCounters(*counter_bytes));
  TRACEVEC_ASSIGN_OR_RETURN(state->garbage, ListGarbage(*store_, number));
  TRACEVEC_RETURN_IF_ERROR(LoadTuning(*store_, *state));
  TRACEVEC_ASSIGN_OR_RETURN(const auto migration,
                            store_->Get(Table::kRecords, keys::Migration(number)));
  if (migration) {
    TRACEVEC_ASSIGN_OR_RETURN(state->migration, DecodeMigration(*migration));
    TRACEVEC_RETURN_IF_ERROR(CheckMigration(state->record, *state->migration));
  }
  // Whether a document has a time to live is known only after reading them all: assume so.
  state->may_expire = true;
  if (state->counters.chunks >= index_options_.least_chunks) {
    TRACEVEC_RETURN_IF_ERROR(LoadIndex(*store_, *state));
  } else {
    TRACEVEC_RETURN_IF_ERROR(LoadStoredIndex(*store_, *state));
    state->PublishView();
  }
  RememberOpen(state);
  if (builder_->HasWork(*state)) builder_->Notify(state);
  return state;
}

/// Small collections that nobody has a handle of are forgotten when many are open: reading one
/// again takes some 30 us, keeping it some 30 KB (4 KB of its own, and the heap that it splits up).
/// REQUIRES: writer_mutex() held.
void Engine::RememberOpen(const std::shared_ptr<CollectionState>& state) {
  const std::lock_guard catalog(catalog_mutex_);
  if (open_.size() >= drop_idle_at_) {
    std::erase_if(open_, [](const auto& entry) {
      const CollectionState& open = *entry.second;
      const bool small = open.index == nullptr && open.garbage.empty();
      return small && entry.second.use_count() == 1 && open.asserted_vectors == 0;
    });
    // Where most have handles, looking at them all must stay rare.
    drop_idle_at_ = std::max(kMostOpenCollections, 2 * open_.size());
  }
  open_[state->name] = state;
}

Status Engine::DropCollection(std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(CheckWritable());
  const std::lock_guard writer(writer_mutex_);
  TRACEVEC_ASSIGN_OR_RETURN(const auto state, LoadCollection(name));
  if (const auto holder = holds_->HolderOf(state->number)) {
    return Status::Conflict(fmt::format(
        "collection '{}': {} holds its data; release it before dropping", name, *holder));
  }
  const CommitNumber commit = TakeCommitNumber();
  JournalRecord journal;
  journal.time = Now();
  journal.collection = state->number;
  journal.kind = "drop";
  journal.documents = static_cast<std::uint32_t>(state->counters.documents);
  journal.removed = static_cast<std::uint32_t>(state->counters.chunks);
  StoreBatch batch;
  batch.Delete(Table::kRecords, keys::CollectionByName(name));
  for (const char kind : keys::CollectionKinds()) {
    const Table table = keys::TableOf(kind);
    batch.DeletePrefix(table, keys::KindAndCollectionPrefix(kind, state->number));
  }
  batch.Put(Table::kRecords, keys::Journal(commit), EncodeJournal(journal));
  batch.Put(Table::kRecords, keys::Commit(), EncodeCommit({commit, timeline_}));
  TRACEVEC_RETURN_IF_ERROR(store_->Write(batch, state->sync));
  SetLastCommit(commit);
  state->dropped.store(true);
  state->gone.store(Gone::kAll);
  for (const auto& before : state->EarlierInUse()) before->gone.store(Gone::kAll);
  for (const std::uint64_t image : state->stored_index.images) {
    store_->image_files().Remove(image).IgnoreError("the next open for writing removes it");
  }
  const std::lock_guard catalog(catalog_mutex_);
  open_.erase(state->name);
  return Status::Ok();
}

void Engine::ReplaceCollection(const std::shared_ptr<CollectionState>& before,
                               const std::shared_ptr<CollectionState>& after) {
  std::shared_ptr<StateSlot> slot;
  {
    const std::lock_guard catalog(catalog_mutex_);
    open_[after->name] = after;
    after->slot = before->slot;
    slot = before->slot.lock();
  }
  if (slot != nullptr) slot->Set(after);
  before->superseded.store(true);
  before->dropped.store(true);
  Guard([&] {
    if (builder_->HasWork(*after)) builder_->Notify(after);
    return Status::Ok();
  }).IgnoreError("the next commit tells the builder");
}

std::shared_ptr<StateSlot> Engine::SlotOf(const std::shared_ptr<CollectionState>& state) {
  const std::lock_guard catalog(catalog_mutex_);
  std::shared_ptr<StateSlot> slot = state->slot.lock();
  if (slot == nullptr) {
    slot = std::make_shared<StateSlot>(state);
    state->slot = slot;
  }
  return slot;
}

Result<std::vector<std::string>> Engine::ListCollections() const {
  TRACEVEC_RETURN_IF_ERROR(CheckOpen());
  const std::string prefix = keys::CollectionNamesPrefix();
  std::vector<std::string> names;
  StoreCursor cursor = store_->NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) names.emplace_back(cursor.key().substr(prefix.size()));
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return names;
}

std::vector<std::shared_ptr<CollectionState>> Engine::OpenCollections() const {
  const std::lock_guard catalog(catalog_mutex_);
  std::vector<std::shared_ptr<CollectionState>> open;
  for (const auto& [name, state] : open_) open.push_back(state);
  return open;
}

}  // namespace tracevec
