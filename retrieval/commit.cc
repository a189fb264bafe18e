#include "retrieval/commit.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/garbage.h"
#include "retrieval/guard.h"
#include "retrieval/index_loader.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Sweeping in bulk keeps its reads and writes next to each other, and holds up the write that does
/// it, the longer the more chunks the versions have: it reads their lists, and those of the
/// versions after them. So rows are swept by the hundred, and pages of 40 chunks two by two.
constexpr std::size_t kChunksBeforeSweep = 96;

/// How many versions have to wait for a sweep, where they are like those of a commit.
std::size_t GarbageBeforeSweep(const JournalRecord& commit) {
  const std::size_t chunks = std::size_t{commit.kept} + commit.added + commit.removed;
  const std::size_t chunks_of_each =
      std::max<std::size_t>(chunks, 1) / std::max<std::size_t>(commit.documents, 1);
  return std::max<std::size_t>(kChunksBeforeSweep / std::max<std::size_t>(chunks_of_each, 1), 1);
}

}  // namespace

Commit::Commit(Engine& engine, CollectionState& state, std::string kind, std::string label)
    : engine_(engine),
      state_(state),
      number_(engine.TakeCommitNumber()),
      counters_(state.counters) {
  counters_.commit = number_;
  journal_.time = Now();
  journal_.collection = state.number;
  journal_.kind = std::move(kind);
  journal_.label = std::move(label);
}

void Commit::NoteFields(const Metadata& metadata) {
  const std::vector<std::string>& known = state_.record.known_fields;
  for (const auto& [name, value] : metadata) {
    if (known.size() + new_fields_.size() >= CollectionState::kMostKnownFields) return;
    if (state_.schema.metadata.contains(name)) continue;
    if (std::binary_search(known.begin(), known.end(), name)) continue;
    const auto at = std::lower_bound(new_fields_.begin(), new_fields_.end(), name);
    if (at == new_fields_.end() || *at != name) new_fields_.insert(at, name);
  }
}

void Commit::PutChunkMetadata(DocumentNumber document, ChunkNumber chunk,
                              const ChunkMetadataRecord& record) {
  batch_.Put(Table::kRecords, keys::ChunkMetadata(state_.number, document, chunk, number_),
             EncodeChunkMetadata(record));
  state_.has_chunk_metadata = true;  // Also where the commit fails: then it costs a look.
}

void Commit::AddGarbage(const GarbageRecord& garbage) {
  GarbageKey stored;
  stored.commit = number_;
  stored.key = keys::Garbage(state_.number, number_, static_cast<std::uint32_t>(garbage_.size()));
  batch_.Put(Table::kRecords, stored.key, EncodeGarbage(garbage));
  garbage_.push_back(std::move(stored));
}

void Commit::PutBookkeeping() {
  batch_.Put(Table::kRecords, keys::Counters(state_.number), EncodeCounters(counters_));
  batch_.Put(Table::kRecords, keys::Commit(), EncodeCommit({number_, engine_.timeline()}));
  batch_.Put(Table::kRecords, keys::Journal(number_), EncodeJournal(journal_));
  NoteChanges();
  if (state_.stored_index.has_checkpoint) {
    const bool is_small = counters_.chunks < engine_.index_options().least_chunks;
    if (state_.index == nullptr && is_small) {
      DropCheckpoint();
    } else {
      RecordChanges();
    }
  }
  if (new_fields_.empty()) return;
  CollectionRecord record = state_.record;
  record.known_fields.insert(record.known_fields.end(), new_fields_.begin(), new_fields_.end());
  std::sort(record.known_fields.begin(), record.known_fields.end());
  batch_.Put(Table::kRecords, keys::Collection(state_.number), EncodeCollection(record));
}

std::vector<DocumentNumber> Commit::ChangedDocuments() const {
  std::vector<DocumentNumber> documents;
  for (const NewRow& row : added_) documents.push_back(row.document);
  for (const ChunkKey& key : removed_) documents.push_back(key.document);
  for (const PushedState& pushed : pushed_) documents.push_back(pushed.key.document);
  std::sort(documents.begin(), documents.end());
  documents.erase(std::unique(documents.begin(), documents.end()), documents.end());
  return documents;
}

/// Before the store has them: there must be no want of memory after it. One that fails has touched
/// nothing, and who reads of it looks in vain.
void Commit::NoteChanges() {
  if (state_.change_logs.empty()) return;
  for (const DocumentNumber document : ChangedDocuments()) {
    for (const auto& log : state_.change_logs) log->entries.emplace_back(number_, document);
  }
}

void Commit::RecordChanges() {
  const std::vector<DocumentNumber> documents = ChangedDocuments();
  if (documents.empty()) return;
  batch_.Put(Table::kRecords, keys::IndexChange(state_.number, number_),
             EncodeIndexChange(documents));
  recorded_changes_ = documents.size();
}

/// A collection that has become small has no use for its files, and nobody to write a checkpoint.
void Commit::DropCheckpoint() {
  batch_.Delete(Table::kRecords, keys::IndexCheckpoint(state_.number));
  batch_.DeletePrefix(Table::kRecords, keys::IndexChangesPrefix(state_.number));
  drops_checkpoint_ = true;
}

Status Commit::Finish(bool sync) {
  TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
  PutBookkeeping();
  // Memory for the vectors comes first: once the store has the batch there is no way back.
  if (state_.index != nullptr) state_.index->Reserve(added_.size());
  TRACEVEC_RETURN_IF_ERROR(engine_.store().Write(batch_, sync));

  is_stored_ = true;
  engine_.SetLastCommit(number_);
  state_.counters = counters_;
  state_.may_expire = state_.may_expire || may_expire_;
  state_.asserted_vectors += asserted_vectors_;
  state_.stored_index.changed_documents += recorded_changes_;
  if (drops_checkpoint_) {
    // Should the power take the batch, the files are missing, and the rows come from the store.
    for (const std::uint64_t image : state_.stored_index.images) {
      engine_.store().image_files().Remove(image).IgnoreError("the next open removes it");
    }
    state_.stored_index = {};
  }
  if (!new_fields_.empty()) {
    std::vector<std::string>& known = state_.record.known_fields;
    known.insert(known.end(), new_fields_.begin(), new_fields_.end());
    std::sort(known.begin(), known.end());
  }
  for (GarbageKey& key : garbage_) state_.garbage.push_back(std::move(key));
  UpdateIndex();
  state_.PublishView();
  const std::size_t before_sweep = GarbageBeforeSweep(journal_);
  if (state_.garbage.size() >= before_sweep) {
    // The commit stands; garbage that could not be removed now is tried again by a later one. Twice
    // as much as came is swept, so that a backlog shrinks.
    SweepGarbage(engine_.store(), state_, 2 * std::max(before_sweep, garbage_.size()))
        .IgnoreError("garbage is invisible");
  }
  return Status::Ok();
}

void Commit::UpdateIndex() {
  // The commit stands, whatever happens here. Without memory for the index the collection is read
  // from the store, as a small one is, until a later commit finds the memory.
  const Status applied = Guard([&] {
    if (state_.index != nullptr) ApplyToIndex();
    return Status::Ok();
  });
  if (!applied.ok()) {
    state_.index = nullptr;
    state_.stored_index.unverified.clear();  // They hold on to memory.
  }
  if (state_.index == nullptr) {
    Guard([&] { return LoadIndexWhenLarge(); }).IgnoreError("tried again by the next commit");
  }
  if (engine_.builder().HasWork(state_)) engine_.NotifyBuilder(state_);
}

void Commit::ApplyToIndex() {
  CollectionIndex& index = *state_.index;
  const CommitNumber oldest = state_.views.Oldest();
  for (const ChunkKey& key : removed_) index.Delete(key, number_);
  for (PushedState& pushed : pushed_) {
    index.PushState(pushed.key, std::move(pushed.state), oldest);
  }
  for (NewRow& row : added_) index.Append(std::move(row));
  state_.appended_rows += added_.size();
}

Status Commit::LoadIndexWhenLarge() {
  if (counters_.chunks < engine_.index_options().least_chunks) return Status::Ok();
  return LoadIndex(engine_.store(), state_);
}

}  // namespace tracevec
