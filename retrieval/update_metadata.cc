#include "retrieval/update_metadata.h"

#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/schema_check.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/commit.h"
#include "retrieval/document_reader.h"
#include "retrieval/garbage.h"
#include "retrieval/row_loader.h"
#include "retrieval/row_selection.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

/// A document version is read once for all its selected chunks.
struct ReadDocument {
  Metadata metadata;
  std::shared_ptr<const DocumentState> state;
  CommitNumber oldest_kept{};  ///< See OldestKeptCommit.
};

Result<ReadDocument> ReadSelectedDocument(const Store& store, const CollectionState& state,
                                          const SelectedChunk& chunk) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                            ReadVersion(store, state.number, chunk.document, chunk.version));
  if (!version) {
    return Status::Corruption(
        fmt::format("document '{}': version {} is missing", chunk.document_id, chunk.version));
  }
  CommitNumber oldest_kept = kNeverDeleted;
  if (!version->loose) {
    TRACEVEC_ASSIGN_OR_RETURN(oldest_kept,
                              OldestKeptCommit(store, state, chunk.document, chunk.version));
  }
  return ReadDocument{version->metadata, MakeDocumentState(chunk.document, *version), oldest_kept};
}

Status AddPatch(const Engine& engine, const CollectionState& state, const SelectedChunk& chunk,
                const ReadDocument& document, const Metadata& patch, Commit* commit) {
  TRACEVEC_ASSIGN_OR_RETURN(const ChunkMetadataRecord before,
                            ReadChunkMetadata(engine.store(), state.number, chunk.document,
                                              chunk.chunk, commit->number()));
  const ChunkMetadataRecord after = MergePatch(before, patch);
  const OwnMetadata own = CombineOwn(document.metadata, after);
  // Many merges could add up to what one would not be allowed.
  TRACEVEC_RETURN_IF_ERROR(CheckMetadata(own.fields != nullptr ? *own.fields : Metadata(),
                                         state.schema, "document '" + chunk.document_id + "'"));
  commit->PutChunkMetadata(chunk.document, chunk.chunk, after);
  if (!before.given.empty() || !before.merged.empty()) {
    TRACEVEC_RETURN_IF_ERROR(DropOldMetadata(engine.store(), state, chunk.document, chunk.chunk,
                                             document.oldest_kept, &commit->batch()));
  }
  if (!state.TracksRows()) return Status::Ok();
  auto pushed = std::make_unique<ChunkState>();
  pushed->commit = commit->number();
  pushed->document = document.state;
  pushed->own = own.fields;
  pushed->own_is_complete = own.complete;
  commit->PushState(chunk.document, chunk.chunk, std::move(pushed));
  return Status::Ok();
}

}  // namespace

Result<WriteResult> UpdateMetadata(Engine& engine, CollectionState& state, const Metadata& patch,
                                   const Selection& selection, std::string_view label) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(label));
  TRACEVEC_RETURN_IF_ERROR(CheckMetadata(patch, state.schema, "patch"));
  const std::lock_guard writer(engine.writer_mutex());
  const auto view = state.views.Current();
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<SelectedChunk> selected,
                            SelectChunks(engine.store(), state, *view, selection));
  WriteResult result;
  if (selected.empty() || patch.empty()) return result;
  Commit commit(engine, state, "update_metadata", std::string(label));
  commit.NoteFields(patch);
  std::map<DocumentNumber, ReadDocument> documents;
  for (const SelectedChunk& chunk : selected) {
    auto found = documents.find(chunk.document);
    if (found == documents.end()) {
      TRACEVEC_ASSIGN_OR_RETURN(ReadDocument document,
                                ReadSelectedDocument(engine.store(), state, chunk));
      found = documents.emplace(chunk.document, std::move(document)).first;
    }
    TRACEVEC_RETURN_IF_ERROR(AddPatch(engine, state, chunk, found->second, patch, &commit));
  }
  commit.journal().documents = static_cast<std::uint32_t>(documents.size());
  commit.journal().kept = static_cast<std::uint32_t>(selected.size());
  TRACEVEC_RETURN_IF_ERROR(commit.Finish(state.sync));
  result.commit = Raw(commit.number());
  result.updated = selected.size();
  return result;
}

}  // namespace tracevec
