#include "retrieval/upsert.h"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "core/schema_check.h"
#include "retrieval/chunk_ids.h"
#include "retrieval/commit.h"
#include "retrieval/document_reader.h"
#include "retrieval/row_loader.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Rows of one commit. At 384-d it writes 7 MB, long past the size where a commit's own cost shows.
constexpr std::size_t kRowsPerCommit = 4096;

/// A vector field with the rows given for it.
struct GivenField {
  const BoundField* field = nullptr;
  std::span<const float> rows;

  std::span<const float> Row(std::size_t i) const {
    return rows.subspan(i * field->field.dimension, field->field.dimension);
  }
};

/// A sparse field likewise.
struct GivenSparse {
  const BoundSparseField* field = nullptr;
  std::vector<std::shared_ptr<const SparseVector>> rows;  ///< Null: without entries.
};

struct CheckedUpsert {
  const UpsertRequest* request = nullptr;
  std::vector<GivenField> fields;
  std::vector<GivenSparse> sparse;
  std::uint64_t asserted_fields = 0;

  std::string_view Text(std::size_t i) const {
    return request->texts.empty() ? std::string_view() : request->texts[i];
  }
  const Metadata* Fields(std::size_t i) const {
    return request->metadata.empty() ? nullptr : &request->metadata[i];
  }
};

Status CheckCount(std::size_t got, std::size_t ids, std::string_view what) {
  if (got == 0 || got == ids) return Status::Ok();
  return Status::InvalidArgument(fmt::format("{}: {} for {} ids", what, got, ids));
}

Status CheckRow(const CollectionState& state, const CheckedUpsert& upsert, std::size_t i) {
  const UpsertRequest& request = *upsert.request;
  if (Status status = CheckId(request.ids[i], kLongestDocumentId, "id"); !status.ok()) {
    return CheckId(request.ids[i], kLongestDocumentId, fmt::format("id of row {}", i));
  }
  if (!CheckText(upsert.Text(i), "text").ok()) {
    return CheckText(upsert.Text(i), fmt::format("text of row {}", i));
  }
  if (upsert.Fields(i) == nullptr || upsert.Fields(i)->empty()) return Status::Ok();
  return CheckMetadata(*upsert.Fields(i), state.schema,
                       fmt::format("row {} ('{}')", i, request.ids[i]));
}

Result<CheckedUpsert> CheckUpsert(const CollectionState& state, const UpsertRequest& request) {
  CheckedUpsert upsert;
  upsert.request = &request;
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(request.label));
  TRACEVEC_RETURN_IF_ERROR(CheckCount(request.texts.size(), request.ids.size(), "texts"));
  TRACEVEC_RETURN_IF_ERROR(CheckCount(request.metadata.size(), request.ids.size(), "metadata"));
  for (const auto& [name, rows] : request.vectors) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, name));
    TRACEVEC_RETURN_IF_ERROR(CheckRows(*field, rows, request.ids.size(), request.space));
    upsert.fields.push_back({field, rows});
    if (!request.space.declared()) upsert.asserted_fields |= std::uint64_t{1} << field->index;
  }
  for (const auto& [name, rows] : request.sparse_vectors) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundSparseField* field, FindSparseField(state, name));
    TRACEVEC_ASSIGN_OR_RETURN(auto taken, TakeSparseRows(*field, rows, request.ids.size()));
    upsert.sparse.push_back({field, std::move(taken)});
  }
  std::unordered_set<std::string_view> ids;
  ids.reserve(request.ids.size());
  for (std::size_t i = 0; i < request.ids.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(CheckRow(state, upsert, i));
    if (!ids.insert(request.ids[i]).second) {
      return Status::InvalidArgument(
          fmt::format("id '{}' is given twice; row {} repeats an earlier one", request.ids[i], i));
    }
  }
  return upsert;
}

ContentHash HashRow(const CheckedUpsert& upsert, std::size_t i) {
  ContentHasher hasher;
  hasher.Add(upsert.Text(i));
  if (const Metadata* fields = upsert.Fields(i)) {
    Encoder encoder;
    encoder.PutMetadata(*fields);
    hasher.Add(encoder.Take());
  }
  for (const GivenField& given : upsert.fields) {
    const std::span<const float> row = given.Row(i);
    hasher.Add(given.field->name);
    hasher.Add({reinterpret_cast<const char*>(row.data()), row.size_bytes()});
  }
  for (const GivenSparse& given : upsert.sparse) {
    if (given.rows[i] == nullptr) continue;
    hasher.Add(given.field->name);
    hasher.Add(EncodeSparseVector(*given.rows[i]));
  }
  hasher.Add(upsert.asserted_fields);
  return hasher.Finish();
}

Status IsDocument(const std::string& id) {
  return Status::InvalidArgument(
      fmt::format("id '{}' is a document with chunks; use put_document, or delete it first", id));
}

/// Writes rows [first, last) in one commit.
class UpsertWriter {
 public:
  /// `terms`: of the texts of the rows from `first` on.
  UpsertWriter(Engine& engine, CollectionState& state, const CheckedUpsert& upsert,
               std::size_t first, std::vector<std::shared_ptr<const RowTerms>> terms)
      : engine_(engine),
        state_(state),
        upsert_(upsert),
        first_(first),
        terms_(std::move(terms)),
        commit_(engine, state, "upsert", upsert.request->label),
        claims_(engine.store(), state) {}

  Status AddRow(std::size_t i, WriteResult* result);
  Status Finish(WriteResult* result);

 private:
  void PutRow(std::size_t i, const DocumentRecord& record);
  void ReplaceVersion(const DocumentRecord& before);

  Engine& engine_;
  CollectionState& state_;
  const CheckedUpsert& upsert_;
  const std::size_t first_;
  const std::vector<std::shared_ptr<const RowTerms>> terms_;
  Commit commit_;
  ChunkIdClaims claims_;
  bool anything_ = false;
};

Status UpsertWriter::AddRow(std::size_t i, WriteResult* result) {
  const std::string& id = upsert_.request->ids[i];
  TRACEVEC_ASSIGN_OR_RETURN(auto stored, ReadDocumentRecord(engine_.store(), state_.number, id));
  const bool exists = stored && !stored->deleted;
  if (exists && !stored->loose) {
    return IsDocument(id);
  }
  const ContentHash hash = HashRow(upsert_, i);
  ++(exists ? result->updated : result->inserted);
  if (exists && stored->content_hash == hash) {
    // What is there stays unless UpdateMetadata changed it since: an upsert replaces whole.
    TRACEVEC_ASSIGN_OR_RETURN(
        const ChunkMetadataRecord merged,
        ReadChunkMetadata(engine_.store(), state_.number, stored->number,
                          ChunkNumber{stored->next_chunk - 1}, commit_.number()));
    if (merged.merged.empty()) return Status::Ok();
  }
  anything_ = true;
  DocumentRecord record;
  if (stored) {
    record = *stored;
    ReplaceVersion(*stored);
  } else {
    record.number = DocumentNumber{commit_.counters().next_document++};
  }
  record.version += 1;
  record.deleted = false;
  record.loose = true;
  record.commit = commit_.number();
  record.next_chunk += 1;
  record.content_hash = hash;
  TRACEVEC_RETURN_IF_ERROR(claims_.Claim(id, record.number, &commit_.batch()));
  PutRow(i, record);
  commit_.counters().documents += exists ? 0 : 1;
  commit_.counters().chunks += exists ? 0 : 1;
  ++commit_.journal().documents;
  ++commit_.journal().added;
  return Status::Ok();
}

void UpsertWriter::ReplaceVersion(const DocumentRecord& before) {
  // Old versions of loose vectors are not kept: the one replaced, which may be a deletion, goes
  // once no view needs it.
  commit_.AddGarbage({before.number, before.version, false, ""});
  if (before.deleted) return;
  commit_.RemoveRow(before.number, ChunkNumber{before.next_chunk - 1});
  ++commit_.journal().removed;
}

void UpsertWriter::PutRow(std::size_t i, const DocumentRecord& record) {
  const std::string& id = upsert_.request->ids[i];
  const std::string_view text = upsert_.Text(i);
  VersionRecord version;
  version.document_id = id;
  version.version = record.version;
  version.commit = commit_.number();
  version.created = commit_.time();
  version.loose = true;
  version.label = upsert_.request->label;
  version.content_hash = record.content_hash;
  version.added = 1;
  if (const Metadata* fields = upsert_.Fields(i)) {
    version.metadata = *fields;
    commit_.NoteFields(*fields);
  }
  VersionEntry entry;
  entry.chunk = ChunkNumber{record.next_chunk - 1};
  entry.text_apart = !text.empty();
  version.entries.push_back(entry);

  BodyRecord body;
  body.text = text;
  body.asserted_fields = upsert_.asserted_fields;
  StoreBatch& batch = commit_.batch();
  batch.Put(Table::kRecords, keys::Document(state_.number, id), EncodeDocument(record));
  batch.Put(Table::kRecords, keys::Version(state_.number, record.number, record.version),
            EncodeVersion(version));
  batch.Put(Table::kRecords, keys::Body(state_.number, record.number, entry.chunk),
            EncodeBody(body));

  NewRow row;
  row.document = record.number;
  row.chunk = entry.chunk;
  row.created = commit_.number();
  row.id = id;
  row.vectors.resize(state_.fields.size());
  for (const GivenField& given : upsert_.fields) {
    const std::span<const float> vector = given.Row(i);
    row.vectors[given.field->index] = vector;
    batch.Put(Table::kVectors,
              keys::Vector(state_.number, given.field->number, record.number, entry.chunk),
              {reinterpret_cast<const char*>(vector.data()), vector.size_bytes()});
  }
  row.sparse.resize(state_.sparse_fields.size());
  for (const GivenSparse& given : upsert_.sparse) {
    if (given.rows[i] == nullptr) continue;
    row.sparse[given.field->index] = given.rows[i];
    batch.Put(Table::kVectors,
              keys::Vector(state_.number, given.field->number, record.number, entry.chunk),
              EncodeSparseVector(*given.rows[i]));
  }
  row.document_state = MakeDocumentState(record.number, version);
  row.terms = terms_[i - first_];
  commit_.CountAsserted(std::popcount(upsert_.asserted_fields));
  commit_.AddRow(std::move(row));
}

Status UpsertWriter::Finish(WriteResult* result) {
  if (!anything_) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(commit_.Finish(upsert_.request->sync.value_or(state_.sync)));
  result->commit = Raw(commit_.number());
  return Status::Ok();
}

/// What AddRow would refuse, found before the first of several commits.
Status CheckStored(const Engine& engine, const CollectionState& state,
                   const UpsertRequest& request) {
  ChunkIdClaims claims(engine.store(), state);
  StoreBatch unused;
  for (const std::string& id : request.ids) {
    TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                              ReadDocumentRecord(engine.store(), state.number, id));
    if (stored && !stored->deleted && !stored->loose) return IsDocument(id);
    if (stored) continue;
    TRACEVEC_RETURN_IF_ERROR(claims.Claim(id, DocumentNumber{0}, &unused));
    unused.Clear();
  }
  return Status::Ok();
}

}  // namespace

Result<WriteResult> Upsert(Engine& engine, CollectionState& state, const UpsertRequest& request) {
  TRACEVEC_ASSIGN_OR_RETURN(const CheckedUpsert upsert, CheckUpsert(state, request));
  WriteResult result;
  if (request.ids.size() > kRowsPerCommit) {
    const std::lock_guard writer(engine.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(CheckStored(engine, state, request));
  }
  for (std::size_t first = 0; first < request.ids.size(); first += kRowsPerCommit) {
    const std::size_t last = std::min(first + kRowsPerCommit, request.ids.size());
    std::vector<std::shared_ptr<const RowTerms>> terms;
    for (std::size_t i = first; i < last; ++i) terms.push_back(state.TermsOf(upsert.Text(i)));
    engine.builder().WaitForRoom(state);
    const std::lock_guard writer(engine.writer_mutex());
    UpsertWriter rows(engine, state, upsert, first, std::move(terms));
    for (std::size_t i = first; i < last; ++i) TRACEVEC_RETURN_IF_ERROR(rows.AddRow(i, &result));
    TRACEVEC_RETURN_IF_ERROR(rows.Finish(&result));
  }
  return result;
}

}  // namespace tracevec
