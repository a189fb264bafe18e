#include "retrieval/garbage.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/document_reader.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

Status DeleteKeys(const Store& store, Table table, const std::string& prefix, StoreBatch* batch) {
  StoreCursor cursor = store.NewCursor(table, prefix);
  for (; cursor.Valid(); cursor.Next()) batch->Delete(table, cursor.key());
  return cursor.status();
}

/// Takes a document off the owners of a chunk id.
Status ReleaseChunkId(const Store& store, CollectionNumber collection, const std::string& id,
                      DocumentNumber document, StoreBatch* batch) {
  const std::string key = keys::ChunkId(collection, id);
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store.Get(Table::kRecords, key));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<DocumentNumber> owners, DecodeChunkOwners(*bytes));
  std::erase(owners, document);
  if (owners.empty()) {
    batch->Delete(Table::kRecords, key);
  } else {
    batch->Put(Table::kRecords, key, EncodeChunkOwners(owners));
  }
  return Status::Ok();
}

Status DeleteChunk(const Store& store, const CollectionState& state, DocumentNumber document,
                   ChunkNumber chunk, StoreBatch* batch) {
  batch->Delete(Table::kRecords, keys::Body(state.number, document, chunk));
  for (const BoundField& field : state.fields) {
    batch->Delete(Table::kVectors, keys::Vector(state.number, field.number, document, chunk));
  }
  return DeleteKeys(store, Table::kRecords,
                    keys::ChunkMetadataPrefix(state.number, document, chunk), batch);
}

/// Whether two entries of one document's versions have the same chunk id.
bool SameId(const VersionRecord& a, const VersionEntry& x, const VersionRecord& b,
            const VersionEntry& y) {
  if (a.loose || b.loose) return a.loose && b.loose;
  return x.given_id == y.given_id &&
         (!x.given_id.empty() || (x.text_hash == y.text_hash && x.repeat == y.repeat));
}

/// A version that is neither current nor to be kept: its list and source go, and of its chunks
/// those the next version did not take over. Chunk numbers do not come back, so what the next
/// version lacks is gone for good; an id can outlive its chunk (the same text embedded anew), so
/// ids ask the newest version.
Status DeleteVersion(const Store& store, const CollectionState& state, DocumentNumber document,
                     std::uint32_t number, StoreBatch* batch) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto version, ReadVersion(store, state.number, document, number));
  if (!version) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const auto next,
                            ReadVersion(store, state.number, document, number + 1));
  TRACEVEC_ASSIGN_OR_RETURN(const auto newest, NewestVersion(store, state.number, document));
  std::unordered_set<std::uint32_t> taken_over;
  for (const auto* later : {&next, &newest}) {
    if (!*later) continue;
    for (const VersionEntry& entry : (*later)->entries) taken_over.insert(Raw(entry.chunk));
  }
  for (const VersionEntry& entry : version->entries) {
    if (taken_over.contains(Raw(entry.chunk))) continue;
    TRACEVEC_RETURN_IF_ERROR(DeleteChunk(store, state, document, entry.chunk, batch));
    const bool id_lives = newest && std::any_of(newest->entries.begin(), newest->entries.end(),
                                                [&](const VersionEntry& later) {
                                                  return SameId(*version, entry, *newest, later);
                                                });
    if (id_lives) continue;
    TRACEVEC_RETURN_IF_ERROR(
        ReleaseChunkId(store, state.number, ChunkId(*version, entry), document, batch));
  }
  batch->Delete(Table::kRecords, keys::Version(state.number, document, number));
  batch->Delete(Table::kRecords, keys::Source(state.number, document, number));
  return Status::Ok();
}

/// A document that was deleted and did not come back: its last record of a deletion and its id.
Status DeleteDocumentRecords(const Store& store, const CollectionState& state,
                             const GarbageRecord& garbage, StoreBatch* batch) {
  const std::string key = keys::Document(state.number, garbage.document_id);
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store.Get(Table::kRecords, key));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const DocumentRecord document, DecodeDocument(*bytes));
  const bool came_back = document.version != garbage.version + 1;
  if (came_back || !document.deleted || document.number != garbage.document) return Status::Ok();
  batch->Delete(Table::kRecords, key);
  batch->Delete(Table::kRecords, keys::Version(state.number, document.number, document.version));
  return Status::Ok();
}

Status SweepOne(Store& store, const CollectionState& state, const std::string& key) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store.Get(Table::kRecords, key));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const GarbageRecord garbage, DecodeGarbage(*bytes));
  StoreBatch batch;
  TRACEVEC_RETURN_IF_ERROR(DeleteVersion(store, state, garbage.document, garbage.version, &batch));
  if (garbage.whole_document) {
    TRACEVEC_RETURN_IF_ERROR(DeleteDocumentRecords(store, state, garbage, &batch));
  }
  batch.Delete(Table::kRecords, key);
  return store.Write(batch, /*sync=*/false);
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

Status DropOldMetadata(const Store& store, const CollectionState& state, DocumentNumber document,
                       ChunkNumber chunk, StoreBatch* batch) {
  const CommitNumber oldest = state.views.Oldest();
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

Status SweepGarbage(Store& store, CollectionState& state, std::size_t most) {
  const CommitNumber oldest = state.views.Oldest();
  for (std::size_t i = 0; i < most && !state.garbage.empty(); ++i) {
    if (state.garbage.front().commit > oldest) break;
    TRACEVEC_RETURN_IF_ERROR(SweepOne(store, state, state.garbage.front().key));
    state.garbage.pop_front();
  }
  return Status::Ok();
}

}  // namespace tracevec
