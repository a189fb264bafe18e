#include "retrieval/garbage.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/document_reader.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

/// ChunkId(a, x) == ChunkId(b, y) for versions of one document, mostly without making the ids.
bool SameId(const VersionRecord& a, const VersionEntry& x, const VersionRecord& b,
            const VersionEntry& y) {
  const bool both_default = !a.loose && !b.loose && x.given_id.empty() && y.given_id.empty();
  if (both_default) return x.text_hash == y.text_hash && x.repeat == y.repeat;
  return ChunkId(a, x) == ChunkId(b, y);
}

/// Those versions of a document after `version` that a view at or after `oldest` can see: that in
/// force at `oldest`, and all after it. Found by the document's record, since reads by key cost a
/// third of a cursor; empty where the id belongs to another document by now.
Result<std::vector<VersionRecord>> LaterVersionsInUse(const Store& store,
                                                      CollectionNumber collection,
                                                      DocumentNumber document,
                                                      const VersionRecord& version,
                                                      CommitNumber oldest) {
  std::vector<VersionRecord> in_use;
  TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                            ReadDocumentRecord(store, collection, version.document_id));
  if (!record || record->number != document) return in_use;
  for (std::uint32_t number = record->version; number > version.version; --number) {
    TRACEVEC_ASSIGN_OR_RETURN(auto later, ReadVersion(store, collection, document, number));
    if (!later) continue;
    in_use.push_back(*std::move(later));
    if (in_use.back().commit <= oldest) break;
  }
  return in_use;
}

bool HasId(const std::vector<VersionRecord>& in_use, const VersionRecord& version,
           const VersionEntry& entry) {
  return std::any_of(in_use.begin(), in_use.end(), [&](const VersionRecord& later) {
    return std::any_of(later.entries.begin(), later.entries.end(), [&](const VersionEntry& other) {
      return SameId(version, entry, later, other);
    });
  });
}

/// Collects the removal of garbage in a batch. One write for many records takes half the time of a
/// write for each.
class Sweep {
 public:
  Sweep(Store& store, CollectionState& state) : store_(store), state_(state) {}

  /// Adds the removal of what a garbage record names, and of the record.
  Status Add(const std::string& key);
  bool full() const { return batch_.size_bytes() >= kMostBatchBytes; }
  Status Write() { return store_.Write(batch_, /*sync=*/false); }

 private:
  static constexpr std::uint64_t kMostBatchBytes = std::uint64_t{1} << 20;

  Status DeleteVersion(DocumentNumber document, std::uint32_t number);
  Status DeleteChunk(DocumentNumber document, ChunkNumber chunk);
  Status ReleaseChunkId(const std::string& id, DocumentNumber document);
  Status DeleteDocumentRecords(const GarbageRecord& garbage);

  Store& store_;
  CollectionState& state_;
  StoreBatch batch_;
  // Owners as this batch leaves them: the store does not know yet.
  std::unordered_map<std::string, std::vector<DocumentNumber>> owners_;
};

Status Sweep::DeleteChunk(DocumentNumber document, ChunkNumber chunk) {
  batch_.Delete(Table::kRecords, keys::Body(state_.number, document, chunk));
  for (const FieldNumber field : state_.StoredFields()) {
    batch_.Delete(Table::kVectors, keys::Vector(state_.number, field, document, chunk));
  }
  TRACEVEC_ASSIGN_OR_RETURN(const bool has_metadata, HasChunkMetadata(store_, state_));
  if (!has_metadata) return Status::Ok();
  StoreCursor cursor =
      store_.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state_.number, document, chunk));
  for (; cursor.Valid(); cursor.Next()) batch_.Delete(Table::kRecords, cursor.key());
  return cursor.status();
}

/// Takes a document off the owners of a chunk id.
Status Sweep::ReleaseChunkId(const std::string& id, DocumentNumber document) {
  const std::string key = keys::ChunkId(state_.number, id);
  auto known = owners_.find(key);
  if (known == owners_.end()) {
    TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.Get(Table::kRecords, key));
    if (!bytes) return Status::Ok();
    TRACEVEC_ASSIGN_OR_RETURN(std::vector<DocumentNumber> stored, DecodeChunkOwners(*bytes));
    known = owners_.emplace(key, std::move(stored)).first;
  }
  std::vector<DocumentNumber>& owners = known->second;
  std::erase(owners, document);
  if (owners.empty()) {
    batch_.Delete(Table::kRecords, key);
  } else {
    batch_.Put(Table::kRecords, key, EncodeChunkOwners(owners));
  }
  return Status::Ok();
}

/// A version that is neither current nor to be kept: its list and source go, and of its chunks
/// those the next version did not take over. Chunk numbers do not come back, so what the next
/// version lacks is gone for good. An id does come back (the same text embedded anew), so it goes
/// only when no later version that a view can see has it.
Status Sweep::DeleteVersion(DocumentNumber document, std::uint32_t number) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                            ReadVersion(store_, state_.number, document, number));
  if (!version) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const auto next,
                            ReadVersion(store_, state_.number, document, number + 1));
  TRACEVEC_ASSIGN_OR_RETURN(
      const std::vector<VersionRecord> in_use,
      LaterVersionsInUse(store_, state_.number, document, *version, state_.OldestReadable()));
  std::vector<ChunkNumber> taken_over;
  const auto take_over = [&](const VersionRecord& later) {
    for (const VersionEntry& entry : later.entries) taken_over.push_back(entry.chunk);
  };
  if (next) take_over(*next);
  for (const VersionRecord& later : in_use) take_over(later);
  std::sort(taken_over.begin(), taken_over.end());
  for (const VersionEntry& entry : version->entries) {
    if (std::binary_search(taken_over.begin(), taken_over.end(), entry.chunk)) continue;
    TRACEVEC_RETURN_IF_ERROR(DeleteChunk(document, entry.chunk));
    if (HasId(in_use, *version, entry)) continue;
    TRACEVEC_RETURN_IF_ERROR(ReleaseChunkId(ChunkId(*version, entry), document));
  }
  batch_.Delete(Table::kRecords, keys::Version(state_.number, document, number));
  batch_.Delete(Table::kRecords, keys::Source(state_.number, document, number));
  return Status::Ok();
}

/// A document that was deleted and did not come back: its last record of a deletion and its id.
Status Sweep::DeleteDocumentRecords(const GarbageRecord& garbage) {
  const std::string key = keys::Document(state_.number, garbage.document_id);
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.Get(Table::kRecords, key));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const DocumentRecord document, DecodeDocument(*bytes));
  const bool came_back = document.version != garbage.version + 1;
  if (came_back || !document.deleted || document.number != garbage.document) return Status::Ok();
  batch_.Delete(Table::kRecords, key);
  batch_.Delete(Table::kRecords, keys::Version(state_.number, document.number, document.version));
  return Status::Ok();
}

Status Sweep::Add(const std::string& key) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.Get(Table::kRecords, key));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const GarbageRecord garbage, DecodeGarbage(*bytes));
  TRACEVEC_RETURN_IF_ERROR(DeleteVersion(garbage.document, garbage.version));
  if (garbage.whole_document) TRACEVEC_RETURN_IF_ERROR(DeleteDocumentRecords(garbage));
  batch_.Delete(Table::kRecords, key);
  return Status::Ok();
}

}  // namespace

Result<std::deque<GarbageKey>> ListGarbage(const Store& store, CollectionNumber collection) {
  std::deque<GarbageKey> found;
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::GarbagePrefix(collection));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const CommitNumber commit, keys::ParseGarbage(cursor.key()));
    found.push_back({commit, std::string(cursor.key())});
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return found;
}

Result<CommitNumber> OldestKeptCommit(const Store& store, const CollectionState& state,
                                      DocumentNumber document, std::uint32_t newest) {
  const std::uint32_t first = newest - std::min(newest - 1, state.record.kept_versions);
  if (first == newest) return kNeverDeleted;
  TRACEVEC_ASSIGN_OR_RETURN(auto version, ReadVersion(store, state.number, document, first));
  if (version) return version->commit;
  // Swept after a deletion: the oldest of those that are left.
  StoreCursor cursor =
      store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number, document));
  CommitNumber oldest = kNeverDeleted;
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(cursor.key()));
    if (key.version < first) break;
    TRACEVEC_ASSIGN_OR_RETURN(version, DecodeVersion(cursor.value()));
    oldest = version->commit;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return oldest;
}

Status DropOldMetadata(const Store& store, const CollectionState& state, DocumentNumber document,
                       ChunkNumber chunk, CommitNumber oldest_kept, StoreBatch* batch) {
  const CommitNumber oldest = std::min(state.OldestReadable(), oldest_kept);
  bool oldest_served = false;
  StoreCursor cursor =
      store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state.number, document, chunk));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseChunkMetadata(cursor.key()));
    if (oldest_served) batch->Delete(Table::kRecords, cursor.key());
    if (key.commit <= oldest) oldest_served = true;
  }
  return cursor.status();
}

Result<bool> HasChunkMetadata(const Store& store, CollectionState& state) {
  if (!state.has_chunk_metadata) {
    const StoreCursor cursor =
        store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state.number));
    const bool any = cursor.Valid();
    if (!any) TRACEVEC_RETURN_IF_ERROR(cursor.status());
    state.has_chunk_metadata = any;
  }
  return *state.has_chunk_metadata;
}

Status SweepGarbage(Store& store, CollectionState& state, std::size_t most) {
  const CommitNumber oldest = state.OldestReadable();
  const auto sweepable = [&](std::size_t at) {
    return at < std::min(most, state.garbage.size()) && state.garbage[at].commit <= oldest;
  };
  while (sweepable(0)) {
    Sweep sweep(store, state);
    std::size_t swept = 0;
    for (; sweepable(swept) && !sweep.full(); ++swept) {
      TRACEVEC_RETURN_IF_ERROR(sweep.Add(state.garbage[swept].key));
    }
    TRACEVEC_RETURN_IF_ERROR(sweep.Write());
    state.garbage.erase(state.garbage.begin(),
                        state.garbage.begin() + static_cast<std::ptrdiff_t>(swept));
    most -= swept;
  }
  return Status::Ok();
}

}  // namespace tracevec
