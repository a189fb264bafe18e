#include "retrieval/delete.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/commit.h"
#include "retrieval/document_reader.h"
#include "retrieval/row_selection.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// The documents of a selection. Errors: InvalidArgument when only some chunks of one are in it.
Result<std::map<DocumentNumber, std::string>> WholeDocuments(
    const std::vector<SelectedChunk>& selected) {
  std::map<DocumentNumber, std::string> documents;
  std::map<DocumentNumber, std::uint32_t> counts;
  for (const SelectedChunk& chunk : selected) {
    documents.emplace(chunk.document, chunk.document_id);
    ++counts[chunk.document];
  }
  for (const SelectedChunk& chunk : selected) {
    const std::uint32_t count = counts[chunk.document];
    if (count == chunk.chunks_of_document) continue;
    return Status::InvalidArgument(fmt::format(
        "{} of the {} chunks of document '{}' are selected; delete the document, or put "
        "it without them; nothing was deleted",
        count, chunk.chunks_of_document, chunk.document_id));
  }
  return documents;
}

}  // namespace

Result<std::uint64_t> AddDeletion(const Store& store, const CollectionState& state,
                                  const std::string& id, Commit* commit) {
  TRACEVEC_ASSIGN_OR_RETURN(auto record, ReadDocumentRecord(store, state.number, id));
  if (!record || record->deleted) return std::uint64_t{0};
  TRACEVEC_ASSIGN_OR_RETURN(const auto before,
                            ReadVersion(store, state.number, record->number, record->version));
  if (!before) {
    return Status::Corruption(
        fmt::format("document '{}': version {} is missing", id, record->version));
  }
  // What the deletion hides can go as soon as no view sees it; so can the old versions kept so far.
  const std::uint32_t kept =
      record->loose ? 0 : std::min(state.record.kept_versions, record->version - 1);
  for (std::uint32_t version = record->version - kept; version < record->version; ++version) {
    commit->AddGarbage({record->number, version, false, ""});
  }
  commit->AddGarbage({record->number, record->version, true, id});

  VersionRecord deletion;
  deletion.document_id = id;
  deletion.version = record->version + 1;
  deletion.commit = commit->number();
  deletion.created = commit->time();
  deletion.deleted = true;
  deletion.loose = record->loose;
  deletion.label = commit->journal().label;
  deletion.removed = static_cast<std::uint32_t>(before->entries.size());
  record->version = deletion.version;
  record->deleted = true;
  record->commit = commit->number();
  record->content_hash = {};
  commit->batch().Put(Table::kRecords, keys::Document(state.number, id), EncodeDocument(*record));
  commit->batch().Put(Table::kRecords,
                      keys::Version(state.number, record->number, deletion.version),
                      EncodeVersion(deletion));
  for (const VersionEntry& entry : before->entries) commit->RemoveRow(record->number, entry.chunk);
  commit->counters().documents -= 1;
  commit->counters().chunks -= deletion.removed;
  JournalRecord& journal = commit->journal();
  journal.document = journal.documents == 0 ? id : "";
  journal.documents += 1;
  journal.removed += deletion.removed;
  return std::uint64_t{deletion.removed};
}

Result<WriteResult> DeleteChunks(Engine& engine, CollectionState& state, const Selection& selection,
                                 std::string_view label) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(label));
  const std::lock_guard writer(engine.writer_mutex());
  const auto view = state.views.Current();
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<SelectedChunk> selected,
                            SelectChunks(engine.store(), state, *view, selection));
  TRACEVEC_ASSIGN_OR_RETURN(const auto documents, WholeDocuments(selected));
  WriteResult result;
  if (documents.empty()) return result;
  Commit commit(engine, state, "delete", std::string(label));
  for (const auto& [number, id] : documents) {
    TRACEVEC_ASSIGN_OR_RETURN(const std::uint64_t chunks,
                              AddDeletion(engine.store(), state, id, &commit));
    result.deleted += chunks;
  }
  TRACEVEC_RETURN_IF_ERROR(commit.Finish(state.sync));
  result.commit = Raw(commit.number());
  return result;
}

Status DeleteIfExpired(Engine& engine, CollectionState& state, std::span<const std::string> ids) {
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(state.CheckCurrent());
  const Timestamp now = Now();
  Commit commit(engine, state, "expire", "");
  for (const std::string& id : ids) {
    TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                              ReadDocumentRecord(engine.store(), state.number, id));
    if (!record || record->deleted) continue;
    TRACEVEC_ASSIGN_OR_RETURN(const auto version, ReadVersion(engine.store(), state.number,
                                                              record->number, record->version));
    if (!version || !Expired(*version, now)) continue;  // It was put again meanwhile.
    TRACEVEC_RETURN_IF_ERROR(AddDeletion(engine.store(), state, id, &commit).status());
  }
  if (commit.journal().documents == 0) return Status::Ok();
  return commit.Finish(state.sync);
}

Result<WriteResult> DeleteDocument(Engine& engine, CollectionState& state, std::string_view id,
                                   std::string_view label) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(id, kLongestDocumentId, "document id"));
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(label));
  const std::lock_guard writer(engine.writer_mutex());
  WriteResult result;
  TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                            ReadDocumentRecord(engine.store(), state.number, id));
  if (!record || record->deleted) return result;
  Commit commit(engine, state, "delete", std::string(label));
  TRACEVEC_ASSIGN_OR_RETURN(result.deleted,
                            AddDeletion(engine.store(), state, std::string(id), &commit));
  TRACEVEC_RETURN_IF_ERROR(commit.Finish(state.sync));
  result.commit = Raw(commit.number());
  return result;
}

}  // namespace tracevec
