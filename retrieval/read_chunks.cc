#include "retrieval/read_chunks.h"

#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "retrieval/row_loader.h"
#include "retrieval/row_selection.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// The newest version and one old one are kept; what is older waits to be swept.
constexpr std::size_t kKeptVersions = 2;

Status NoDocument(std::string_view id) {
  return Status::NotFound(fmt::format("document '{}' does not exist", id));
}

}  // namespace

Result<std::vector<Chunk>> GetChunks(const Engine& engine, const CollectionState& state,
                                     std::span<const std::string> ids, const GetOptions& options) {
  const auto view = state.views.Current();
  const Timestamp now = Now();
  std::vector<Chunk> chunks;
  for (const std::string& id : ids) {
    TRACEVEC_ASSIGN_OR_RETURN(auto found,
                              FindChunk(engine.store(), state.number, id, view->commit));
    if (!found || Expired(found->version, now)) continue;
    VersionReader reader(engine.store(), state.number, found->document, std::move(found->version));
    TRACEVEC_ASSIGN_OR_RETURN(Chunk chunk, ReadChunk(engine.store(), state, reader, found->ordinal,
                                                     view->commit, options.with_vectors));
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

Result<std::uint64_t> CountChunks(const Engine& engine, const CollectionState& state,
                                  const Filter& where) {
  const auto view = state.views.Current();
  TRACEVEC_RETURN_IF_ERROR(where.status());
  if (where.empty() && !view->may_expire) return view->chunks;
  TRACEVEC_ASSIGN_OR_RETURN(const IndexView rows, RowsOf(engine.store(), state, *view, kNoField));
  TRACEVEC_ASSIGN_OR_RETURN(const auto filter, BindFilter(state, *view, rows, where));
  return CountMatching(engine.store(), state, rows, *filter);
}

Result<StoredDocument> GetDocument(const Engine& engine, const CollectionState& state,
                                   std::string_view id, const GetOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(id, kLongestDocumentId, "document id"));
  const auto view = state.views.Current();
  TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                            ReadDocumentRecord(engine.store(), state.number, id));
  if (!record) return NoDocument(id);
  TRACEVEC_ASSIGN_OR_RETURN(auto version,
                            VersionAt(engine.store(), state.number, record->number, view->commit));
  if (!version || Expired(*version, Now())) return NoDocument(id);
  StoredDocument document;
  document.info = DescribeVersion(*version);
  VersionReader reader(engine.store(), state.number, record->number, *std::move(version));
  TRACEVEC_ASSIGN_OR_RETURN(document.text, reader.Source());
  for (std::size_t i = 0; i < reader.version().entries.size(); ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(Chunk chunk, ReadChunk(engine.store(), state, reader, i, view->commit,
                                                     options.with_vectors));
    document.chunks.push_back(std::move(chunk));
  }
  return document;
}

Result<std::vector<DocumentVersion>> History(const Engine& engine, const CollectionState& state,
                                             std::string_view id) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(id, kLongestDocumentId, "document id"));
  const auto view = state.views.Current();
  TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                            ReadDocumentRecord(engine.store(), state.number, id));
  if (!record) return NoDocument(id);
  std::vector<DocumentVersion> versions;
  StoreCursor cursor =
      engine.store().NewCursor(Table::kRecords, keys::VersionsPrefix(state.number, record->number));
  for (; cursor.Valid() && versions.size() < kKeptVersions; cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(cursor.value()));
    if (version.commit <= view->commit) versions.push_back(DescribeVersion(version));
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  if (versions.empty()) return NoDocument(id);
  return versions;
}

}  // namespace tracevec
