#include "retrieval/erase.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/commit.h"
#include "retrieval/delete.h"
#include "retrieval/document_reader.h"
#include "retrieval/erasure_evidence.h"
#include "retrieval/index_checkpoint.h"
#include "retrieval/receipt_erasure.h"
#include "retrieval/receipt_log.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// A scan that takes longer than this keeps what it reads; the certificate says so.
constexpr std::chrono::seconds kLongestWaitForReaders{2};
constexpr std::chrono::milliseconds kLookAtReaders{5};
constexpr std::size_t kBuildThreads = 2;
/// With so many bytes of 0xff a prefix comes after all its keys.
constexpr std::size_t kBytesPastAnyKey = 64;

/// What the journal calls an erased document: the same for the same id, which it does not tell.
std::string ErasedName(std::string_view id) { return "erased:" + ToHex(HashBytes(id)); }

/// Erases one document, step by step. What is done is done again by the next call where one fails.
class Eraser {
 public:
  Eraser(Engine& engine, CollectionState& state, std::string_view id, const EraseOptions& options)
      : engine_(engine), state_(state), store_(engine.store()), id_(id), options_(options) {
    certificate_.document = id_;
    certificate_.collection = state.name;
    certificate_.label = options.label;
  }

  Result<ErasureCertificate> Run() {
    TRACEVEC_ASSIGN_OR_RETURN(const bool stored, Delete());
    if (!stored) return EraseRests();
    TRACEVEC_RETURN_IF_ERROR(NoteSnapshots());
    if (!certificate_.snapshots.empty()) return Done(false);
    // Before the wait: a build that is under way is a reader too, and ends with this.
    TRACEVEC_RETURN_IF_ERROR(DropDeadRows());
    certificate_.held_by_readers = !WaitForReaders();
    if (certificate_.held_by_readers) return Done(false);
    // Searches that saw it have ended; their receipts may be on the way.
    engine_.receipts().RedactBefore(state_.name, deleted_at_);
    TRACEVEC_RETURN_IF_ERROR(engine_.receipts().Write());
    TRACEVEC_RETURN_IF_ERROR(RemoveRecords());
    TRACEVEC_RETURN_IF_ERROR(store_.CompactAway(Ranges()));
    if (!options_.verify) return Done(true);
    TRACEVEC_RETURN_IF_ERROR(
        VerifyErasure(store_, evidence_, {state_.number, record_.number}, &certificate_));
    return Done(certificate_.findings.empty());
  }

 private:
  /// Of a document whose records went before, bytes may be left: nobody knows which, so that all
  /// deleted records of the collection go, and nothing can be looked for.
  Result<ErasureCertificate> EraseRests() {
    certificate_.nothing_stored = true;
    TRACEVEC_RETURN_IF_ERROR(engine_.receipts().Write());
    {
      const std::lock_guard writer(engine_.writer_mutex());
      TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
      StoreBatch batch;
      TRACEVEC_RETURN_IF_ERROR(RedactJournal(&batch));
      TRACEVEC_RETURN_IF_ERROR(RedactReceipts(&batch));
      ++state_.withdrawals;
      TRACEVEC_RETURN_IF_ERROR(store_.Write(batch, /*sync=*/true));
    }
    TRACEVEC_RETURN_IF_ERROR(DropDeadRows());
    TRACEVEC_RETURN_IF_ERROR(store_.CompactAway(Ranges()));
    return Done(false);
  }

  /// Out of the index, and out of the files of what it was.
  Status DropDeadRows() {
    TRACEVEC_RETURN_IF_ERROR(
        engine_.builder().BuildAll(state_.shared_from_this(), kBuildThreads, /*even_so=*/false));
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
    return RemoveReplacedImages(store_, state_);
  }

  Result<ErasureCertificate> Done(bool complete) {
    certificate_.complete = complete;
    certificate_.time = Now();
    return std::move(certificate_);
  }

  /// Takes down what there is, and deletes the document unless that was done before. False when
  /// nothing of it is stored.
  Result<bool> Delete() {
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_ASSIGN_OR_RETURN(auto record, ReadDocumentRecord(store_, state_.number, id_));
    if (!record) return false;
    TRACEVEC_ASSIGN_OR_RETURN(evidence_, CollectEvidence(store_, state_, record->number));
    vector_fields_ = state_.StoredFields();
    deleted_at_ = record->commit;
    if (!record->deleted) {
      Commit commit(engine_, state_, "erase", options_.label);
      TRACEVEC_RETURN_IF_ERROR(AddDeletion(store_, state_, id_, &commit).status());
      commit.journal().document = ErasedName(id_);
      TRACEVEC_RETURN_IF_ERROR(commit.Finish(state_.sync));
      deleted_at_ = commit.number();
      certificate_.commit = Raw(commit.number());
      ++record->version;
    }
    record_ = *record;
    return true;
  }

  Status NoteSnapshots() {
    std::set<std::string> names;
    for (const auto& [name, commit] : engine_.holds().Commits()) {
      TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                                VersionAt(store_, state_.number, record_.number, commit));
      if (version) names.insert(name);
    }
    certificate_.snapshots.assign(names.begin(), names.end());
    return Status::Ok();
  }

  bool WaitForReaders() const {
    const auto give_up = std::chrono::steady_clock::now() + kLongestWaitForReaders;
    while (state_.OldestInUse() < deleted_at_) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(kLookAtReaders);
    }
    return true;
  }

  /// All records of the document, and its id in the journal, in one atomic write.
  Status RemoveRecords() {
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
    TRACEVEC_ASSIGN_OR_RETURN(const auto now, ReadDocumentRecord(store_, state_.number, id_));
    if (now && (now->version != record_.version || now->number != record_.number)) {
      return Status::Conflict(fmt::format(
          "document '{}': it was put again while it was being erased; erase it again", id_));
    }
    StoreBatch batch;
    for (const KeyRange& prefix : OwnPrefixes()) batch.DeletePrefix(prefix.table, prefix.first);
    batch.Delete(Table::kRecords, keys::Document(state_.number, id_));
    TRACEVEC_RETURN_IF_ERROR(ReleaseChunkIds(&batch));
    std::set<std::string> garbage;
    TRACEVEC_RETURN_IF_ERROR(RemoveGarbage(&batch, &garbage));
    TRACEVEC_RETURN_IF_ERROR(RedactJournal(&batch));
    TRACEVEC_RETURN_IF_ERROR(RedactReceipts(&batch));
    ++state_.withdrawals;  // Before the write: what comes of it may be read from here on.
    TRACEVEC_RETURN_IF_ERROR(store_.Write(batch, /*sync=*/true));
    std::erase_if(state_.garbage, [&](const GarbageKey& key) { return garbage.contains(key.key); });
    certificate_.versions = evidence_.versions;
    certificate_.chunks = evidence_.chunks;
    certificate_.vectors = evidence_.vectors;
    return Status::Ok();
  }

  Status ReleaseChunkIds(StoreBatch* batch) const {
    for (const std::string& chunk_id : evidence_.chunk_ids) {
      const std::string key = keys::ChunkId(state_.number, chunk_id);
      TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.Get(Table::kRecords, key));
      if (!bytes) continue;
      TRACEVEC_ASSIGN_OR_RETURN(std::vector<DocumentNumber> owners, DecodeChunkOwners(*bytes));
      std::erase(owners, record_.number);
      if (owners.empty()) {
        batch->Delete(Table::kRecords, key);
      } else {
        batch->Put(Table::kRecords, key, EncodeChunkOwners(owners));
      }
    }
    return Status::Ok();
  }

  Status RemoveGarbage(StoreBatch* batch, std::set<std::string>* removed) const {
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::GarbagePrefix(state_.number));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const GarbageRecord garbage, DecodeGarbage(cursor.value()));
      if (garbage.document != record_.number) continue;
      batch->Delete(Table::kRecords, cursor.key());
      removed->insert(std::string(cursor.key()));
    }
    return cursor.status();
  }

  Status RedactJournal(StoreBatch* batch) {
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::JournalPrefix());
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(JournalRecord journal, DecodeJournal(cursor.value()));
      if (journal.collection != state_.number || journal.document != id_) continue;
      journal.document = ErasedName(id_);
      batch->Put(Table::kRecords, cursor.key(), EncodeJournal(journal));
      ++certificate_.journal_entries;
    }
    return cursor.status();
  }

  Status RedactReceipts(StoreBatch* batch) {
    const std::string erased = ErasedName(id_);
    TRACEVEC_ASSIGN_OR_RETURN(
        certificate_.receipts,
        EraseFromReceipts(store_, {state_.name, id_, erased}, evidence_, batch));
    return Status::Ok();
  }

  /// What begins the keys of records that are the document's alone.
  std::vector<KeyRange> OwnPrefixes() const {
    const CollectionNumber collection = state_.number;
    const DocumentNumber document = record_.number;
    std::vector<KeyRange> prefixes = {
        {Table::kRecords, keys::VersionsPrefix(collection, document), ""},
        {Table::kRecords, keys::SourcesPrefix(collection, document), ""},
        {Table::kRecords, keys::BodiesPrefix(collection, document), ""},
        {Table::kRecords, keys::ChunkMetadataPrefix(collection, document), ""}};
    for (const FieldNumber field : vector_fields_) {
      prefixes.push_back({Table::kVectors, keys::VectorsPrefix(collection, field, document), ""});
    }
    return prefixes;
  }

  /// Keys in whose files its bytes may lie: those of the whole collection, since the id may have
  /// been another document's before, of which nothing is known any more.
  std::vector<KeyRange> Ranges() const {
    std::vector<KeyRange> ranges = {{Table::kRecords, keys::JournalPrefix(), ""},
                                    {Table::kRecords, keys::ReceiptsPrefix(), ""},
                                    {Table::kRecords, keys::AnnotationsPrefix(), ""}};
    for (const char kind : keys::CollectionKinds()) {
      ranges.push_back(
          {keys::TableOf(kind), keys::KindAndCollectionPrefix(kind, state_.number), ""});
    }
    for (KeyRange& range : ranges) range.last = range.first + std::string(kBytesPastAnyKey, '\xff');
    return ranges;
  }

  Engine& engine_;
  CollectionState& state_;
  Store& store_;
  const std::string id_;
  const EraseOptions& options_;
  DocumentRecord record_;  // As it is once the document is deleted.
  CommitNumber deleted_at_{};
  std::vector<FieldNumber> vector_fields_;
  ErasureEvidence evidence_;
  ErasureCertificate certificate_;
};

}  // namespace

Result<ErasureCertificate> EraseDocument(Engine& engine, CollectionState& state,
                                         std::string_view id, const EraseOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(id, kLongestDocumentId, "document id"));
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(options.label));
  return Eraser(engine, state, id, options).Run();
}

}  // namespace tracevec
