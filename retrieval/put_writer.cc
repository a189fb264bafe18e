#include "retrieval/put_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "core/embed_template.h"
#include "core/return_if_error.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/delete.h"
#include "retrieval/document_reader.h"
#include "retrieval/garbage.h"
#include "retrieval/row_loader.h"
#include "storage/features.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

using MetadataByChunk = std::unordered_map<std::uint32_t, ChunkMetadataRecord>;

/// The newest metadata records of a document's chunks, by one pass: most documents have none.
Result<MetadataByChunk> ReadNewestMetadata(const Store& store, CollectionNumber collection,
                                           DocumentNumber document) {
  MetadataByChunk found;
  StoreCursor cursor =
      store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(collection, document));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseChunkMetadata(cursor.key()));
    if (found.contains(Raw(key.chunk))) continue;
    TRACEVEC_ASSIGN_OR_RETURN(found[Raw(key.chunk)], DecodeChunkMetadata(cursor.value()));
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return found;
}

std::string_view BytesOf(const float* vector, std::size_t dimension) {
  return {reinterpret_cast<const char*>(vector), dimension * sizeof(float)};
}

const MovedChunk* MovedAt(const ReadyPut& put, std::size_t position) {
  if (put.moved.empty() || !put.moved[position]) return nullptr;
  return &*put.moved[position];
}

const Metadata& GivenMetadata(const PreparedChunk& chunk) {
  static const Metadata none;
  return chunk.metadata != nullptr ? *chunk.metadata : none;
}

}  // namespace

PutWriter::PutWriter(Engine& engine, CollectionState& state, std::string label)
    : engine_(engine),
      state_(state),
      label_(label),
      commit_(engine, state, "put", std::move(label)),
      claims_(engine.store(), state) {}

Status PutWriter::CheckNotMoved(const PutPlan& plan) const {
  const std::string& id = plan.prepared.document->id;
  TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                            ReadDocumentRecord(engine_.store(), state_.number, id));
  const auto version = [](const std::optional<DocumentRecord>& r) { return r ? r->version : 0; };
  // An id that was erased and put again has another number, maybe at the same version.
  const bool is_same = !record || !plan.record || record->number == plan.record->number;
  if (!is_same) {
    return Status::Conflict(fmt::format(
        "document '{}': since the put was planned it was removed whole, and put again", id));
  }
  if (version(record) == version(plan.record)) return Status::Ok();
  return Status::Conflict(
      fmt::format("document '{}': it was at version {} when the put was planned, "
                  "it is at version {}",
                  id, version(plan.record), version(record)));
}

VersionRecord PutWriter::MakeVersion(const PutPlan& plan, std::uint32_t* next_chunk) const {
  const Document& document = *plan.prepared.document;
  VersionRecord version;
  version.document_id = document.id;
  version.version = plan.record ? plan.record->version + 1 : 1;
  version.commit = commit_.number();
  version.created = commit_.time();
  version.title = document.title;
  version.uri = document.uri;
  version.parser = document.parser;
  version.chunker = document.chunker;
  version.metadata = document.metadata;
  version.content_hash = plan.prepared.content_hash;
  version.expires_at = document.expires_at;
  version.label = label_;
  version.kept = plan.diff.kept;
  version.added = plan.diff.added;
  version.removed = static_cast<std::uint32_t>(plan.diff.removed.size());
  version.has_source = !document.text.empty();
  for (std::size_t i = 0; i < plan.prepared.chunks.size(); ++i) {
    VersionEntry entry = plan.prepared.chunks[i].entry;
    const std::int64_t from = plan.diff.kept_from[i];
    if (from == ChunkDiff::kAdded) {
      entry.chunk = ChunkNumber{(*next_chunk)++};
    } else {
      const VersionEntry& before = plan.before->entries[from];
      entry.chunk = before.chunk;
      // A kept chunk whose text was given apart has it in its body; it stays there.
      entry.text_apart = entry.text_apart || before.text_apart;
    }
    version.entries.push_back(std::move(entry));
  }
  return version;
}

Status PutWriter::Add(ReadyPut* put) {
  if (!put->moved_from.empty()) claims_.Release(put->moved_record.number);
  if (!put->plan.unchanged) TRACEVEC_RETURN_IF_ERROR(AddChanged(put));
  return put->moved_from.empty() ? Status::Ok() : RemoveMoved(*put);
}

Status PutWriter::RemoveMoved(const ReadyPut& put) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto now,
                            ReadDocumentRecord(engine_.store(), state_.number, put.moved_from));
  const DocumentRecord& before = put.moved_record;
  if (!now || now->number != before.number || now->version != before.version) {
    return Status::Conflict(fmt::format("document '{}' changed from version {} while it was moved",
                                        put.moved_from, before.version));
  }
  TRACEVEC_RETURN_IF_ERROR(AddDeletion(engine_.store(), state_, put.moved_from, &commit_).status());
  JournalRecord& journal = commit_.journal();
  journal.kind = "rename";
  journal.document = put.plan.unchanged ? put.moved_from : put.plan.prepared.document->id;
  journal.kept += put.result.moved;
  journal.added -= put.result.moved;
  journal.removed -= std::min(journal.removed, put.result.moved);
  return Status::Ok();
}

Status PutWriter::AddChanged(ReadyPut* put) {
  const PutPlan& plan = put->plan;
  const Document& document = *plan.prepared.document;
  TRACEVEC_RETURN_IF_ERROR(CheckNotMoved(plan));

  DocumentRecord record = plan.record.value_or(DocumentRecord());
  if (!plan.record) record.number = DocumentNumber{commit_.counters().next_document++};
  const VersionRecord version = MakeVersion(plan, &record.next_chunk);
  record.version = version.version;
  record.deleted = false;
  record.loose = false;
  record.commit = commit_.number();
  record.content_hash = plan.prepared.content_hash;

  StoreBatch& batch = commit_.batch();
  batch.Put(Table::kRecords, keys::Document(state_.number, document.id), EncodeDocument(record));
  batch.Put(Table::kRecords, keys::Version(state_.number, record.number, version.version),
            EncodeVersion(version));
  if (version.has_source) {
    batch.Put(Table::kRecords, keys::Source(state_.number, record.number, version.version),
              document.text);
  }
  commit_.NoteFields(document.metadata);
  if (document.expires_at) commit_.NoteExpiry();

  const auto document_state = MakeDocumentState(record.number, version);
  TRACEVEC_RETURN_IF_ERROR(PutAddedChunks(*put, record.number, version, document_state));
  TRACEVEC_RETURN_IF_ERROR(PutKeptChunks(plan, record.number, version, document_state));
  for (const std::uint32_t removed : plan.diff.removed) {
    commit_.RemoveRow(record.number, plan.before->entries[removed].chunk);
  }
  // So many old versions are kept: the one before them goes.
  const std::uint32_t kept = 1 + state_.record.kept_versions;
  if (version.version > kept) {
    commit_.AddGarbage({record.number, version.version - kept, false, ""});
  }
  Count(plan);
  put->result.version = version.version;
  put->result.kept = version.kept;
  put->result.added = version.added;
  put->result.removed = version.removed;
  puts_.push_back(put);
  return Status::Ok();
}

BodyRecord PutWriter::MakeBody(const ReadyPut& put, std::size_t position,
                               const PreparedChunk& chunk) const {
  BodyRecord body;
  body.token_count = chunk.token_count;
  body.embed_micros = put.embed_micros[position];
  body.asserted_fields = put.asserted_fields;
  const MovedChunk* moved = MovedAt(put, position);
  if (moved == nullptr) return body;
  if (!body.token_count) body.token_count = moved->body.token_count;
  body.asserted_fields =
      (moved->body.asserted_fields & moved->fields) | (put.asserted_fields & ~moved->fields);
  body.filled = moved->body.filled;
  return body;
}

Status PutWriter::PutAddedChunks(const ReadyPut& put, DocumentNumber number,
                                 const VersionRecord& version,
                                 const std::shared_ptr<const DocumentState>& document) {
  StoreBatch& batch = commit_.batch();
  const PutPlan& plan = put.plan;
  for (std::size_t i = 0; i < plan.to_embed.size(); ++i) {
    const PreparedChunk& chunk = plan.prepared.chunks[plan.to_embed[i]];
    const VersionEntry& entry = version.entries[plan.to_embed[i]];
    TRACEVEC_RETURN_IF_ERROR(claims_.Claim(chunk.id, number, &batch));
    BodyRecord body = MakeBody(put, i, chunk);
    if (entry.text_apart) body.text = chunk.text;
    batch.Put(Table::kRecords, keys::Body(state_.number, number, entry.chunk), EncodeBody(body));

    NewRow row;
    row.document = number;
    row.chunk = entry.chunk;
    row.created = commit_.number();
    row.id = chunk.id;
    for (const BoundField& field : state_.fields) {
      const float* vector = put.vectors[field.index][i];
      const std::size_t dimension = vector != nullptr ? field.field.dimension : 0;
      row.vectors.emplace_back(vector, dimension);
      if (vector == nullptr) continue;
      batch.Put(Table::kVectors, keys::Vector(state_.number, field.number, number, entry.chunk),
                BytesOf(vector, dimension));
    }
    for (const BoundSparseField& field : state_.sparse_fields) {
      const auto& vector = put.sparse[field.index][i];
      row.sparse.push_back(vector);
      if (vector == nullptr) continue;
      batch.Put(Table::kVectors, keys::Vector(state_.number, field.number, number, entry.chunk),
                EncodeSparseVector(*vector));
    }
    ChunkMetadataRecord metadata{GivenMetadata(chunk), {}};
    if (const MovedChunk* moved = MovedAt(put, i)) {
      metadata = CarryMetadata({{}, moved->merged}, version.metadata, metadata.given);
    }
    if (!metadata.given.empty() || !metadata.merged.empty()) {
      commit_.PutChunkMetadata(number, entry.chunk, metadata);
      commit_.NoteFields(metadata.given);
      const OwnMetadata own = CombineOwn(version.metadata, metadata);
      row.own = own.fields;
      row.own_is_complete = own.complete;
    }
    row.document_state = document;
    row.terms = put.terms[i];
    commit_.CountAsserted(std::popcount(body.asserted_fields));
    commit_.AddRow(std::move(row));
  }
  return Status::Ok();
}

Status PutWriter::RefreshBody(DocumentNumber number, ChunkNumber chunk,
                              const PreparedChunk& prepared, bool newly_apart) {
  const std::string key = keys::Body(state_.number, number, chunk);
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, engine_.store().Get(Table::kRecords, key));
  BodyRecord body;
  if (bytes) {
    TRACEVEC_ASSIGN_OR_RETURN(body, DecodeBody(*bytes));
  }
  if (newly_apart) body.text = prepared.text;
  // Without a new count the old one stands: it is a count of the same text.
  if (prepared.token_count) body.token_count = prepared.token_count;
  commit_.batch().Put(Table::kRecords, key, EncodeBody(body));
  return Status::Ok();
}

void PutWriter::DropStaleVector(DocumentNumber number, const VersionRecord& before,
                                const VersionEntry& entry_before, const VersionRecord& version,
                                const VersionEntry& entry) {
  if (!state_.migration) return;
  const std::string& tmpl = state_.migration->other.embed_template;
  // The text is the same: what is left of the template tells.
  if (FillEmbedTemplate(tmpl, before.title, entry_before.section, "") ==
      FillEmbedTemplate(tmpl, version.title, entry.section, "")) {
    return;
  }
  const FieldNumber other = state_.migration->other_number;
  ++state_.withdrawals;
  state_.WarnReadersOf(other);
  commit_.batch().Delete(Table::kVectors, keys::Vector(state_.number, other, number, entry.chunk));
}

Status PutWriter::PutKeptChunks(const PutPlan& plan, DocumentNumber number,
                                const VersionRecord& version,
                                const std::shared_ptr<const DocumentState>& document) {
  if (plan.diff.kept == 0) return Status::Ok();
  MetadataByChunk stored;
  CommitNumber oldest_kept = kNeverDeleted;
  TRACEVEC_ASSIGN_OR_RETURN(const bool any_stored, HasChunkMetadata(engine_.store(), state_));
  if (any_stored) {
    TRACEVEC_ASSIGN_OR_RETURN(stored, ReadNewestMetadata(engine_.store(), state_.number, number));
  }
  if (!stored.empty()) {
    TRACEVEC_ASSIGN_OR_RETURN(oldest_kept,
                              OldestKeptCommit(engine_.store(), state_, number, version.version));
  }
  for (std::size_t i = 0; i < version.entries.size(); ++i) {
    if (plan.diff.kept_from[i] == ChunkDiff::kAdded) continue;
    const ChunkNumber chunk = version.entries[i].chunk;
    const bool newly_apart =
        version.entries[i].text_apart && !plan.before->entries[plan.diff.kept_from[i]].text_apart;
    if (newly_apart || plan.prepared.chunks[i].token_count) {
      TRACEVEC_RETURN_IF_ERROR(RefreshBody(number, chunk, plan.prepared.chunks[i], newly_apart));
    }
    DropStaleVector(number, *plan.before, plan.before->entries[plan.diff.kept_from[i]], version,
                    version.entries[i]);
    const Metadata& given = GivenMetadata(plan.prepared.chunks[i]);
    const auto found = stored.find(Raw(chunk));
    const bool had_record = found != stored.end();
    const ChunkMetadataRecord before = had_record ? found->second : ChunkMetadataRecord();
    const ChunkMetadataRecord after = CarryMetadata(before, version.metadata, given);
    if (after.given != before.given || after.merged != before.merged) {
      commit_.PutChunkMetadata(number, chunk, after);
      commit_.NoteFields(after.given);
      if (had_record) {
        TRACEVEC_RETURN_IF_ERROR(
            DropOldMetadata(engine_.store(), state_, number, chunk, oldest_kept, &commit_.batch()));
      }
    }
    if (!state_.TracksRows()) continue;
    const OwnMetadata own = CombineOwn(version.metadata, after);
    auto state = std::make_unique<ChunkState>();
    state->commit = commit_.number();
    state->document = document;
    state->own = own.fields;
    state->own_is_complete = own.complete;
    commit_.PushState(number, chunk, std::move(state));
  }
  return Status::Ok();
}

void PutWriter::Count(const PutPlan& plan) {
  CollectionCounters& counters = commit_.counters();
  if (!plan.before) ++counters.documents;
  counters.chunks += plan.diff.added;
  counters.chunks -= plan.diff.removed.size();
  JournalRecord& journal = commit_.journal();
  journal.document = journal.documents == 0 ? plan.prepared.document->id : "";
  ++journal.documents;
  journal.kept += plan.diff.kept;
  journal.added += plan.diff.added;
  journal.removed += static_cast<std::uint32_t>(plan.diff.removed.size());
}

Status PutWriter::AddCalls(std::span<const EmbedCall> calls) {
  if (calls.empty()) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(engine_.EnableFeature(kEmbedCallsFeature));
  JournalRecord& journal = commit_.journal();
  for (const EmbedCall& call : calls) journal.embedded += call.texts;
  journal.calls.assign(calls.begin(), calls.end());
  return Status::Ok();
}

Status PutWriter::Finish(bool sync) {
  TRACEVEC_RETURN_IF_ERROR(commit_.Finish(sync));
  for (ReadyPut* put : puts_) put->result.commit = Raw(commit_.number());
  return Status::Ok();
}

}  // namespace tracevec
