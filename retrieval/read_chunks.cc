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

Status NoDocument(std::string_view id) {
  return Status::NotFound(fmt::format("document '{}' does not exist", id));
}

/// A version with the commit at which it was last in force.
struct VersionInForce {
  VersionRecord version;
  CommitNumber last_commit{};
};

/// The versions that are kept at a view, newest first: the newest and so many older ones. What is
/// older than these, or than a deletion or a loose vector, waits to be swept, or is gone. None of a
/// document that has expired.
Result<std::vector<VersionInForce>> KeptVersions(const Store& store, const CollectionState& state,
                                                 DocumentNumber document, CommitNumber view) {
  std::vector<VersionInForce> kept;
  CommitNumber last_commit = view;
  StoreCursor cursor =
      store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number, document));
  for (; cursor.Valid() && kept.size() <= state.record.kept_versions; cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(VersionRecord version, DecodeVersion(cursor.value()));
    if (version.commit > view) continue;
    if (kept.empty() && Expired(version, Now())) break;
    const CommitNumber before{Raw(version.commit) - 1};
    const bool is_last = version.deleted || version.loose;
    kept.push_back({std::move(version), last_commit});
    if (is_last) break;
    last_commit = before;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return kept;
}

Result<VersionInForce> FindVersion(const Store& store, const CollectionState& state,
                                   DocumentNumber document, CommitNumber view, std::string_view id,
                                   std::uint32_t wanted) {
  TRACEVEC_ASSIGN_OR_RETURN(auto kept, KeptVersions(store, state, document, view));
  if (kept.empty()) return NoDocument(id);
  for (VersionInForce& each : kept) {
    if (each.version.version != wanted) continue;
    if (!each.version.deleted) return std::move(each);
    return Status::NotFound(fmt::format("document '{}': version {} is its deletion", id, wanted));
  }
  return Status::NotFound(fmt::format("document '{}': version {} is not kept; {} to {} are", id,
                                      wanted, kept.back().version.version,
                                      kept.front().version.version));
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
  TRACEVEC_ASSIGN_OR_RETURN(const IndexView rows,
                            RowsOf(engine.store(), state, *view, RowParts::NoVectors()));
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
  CommitNumber commit = view->commit;
  std::optional<VersionRecord> version;
  if (options.version) {
    TRACEVEC_ASSIGN_OR_RETURN(auto found, FindVersion(engine.store(), state, record->number,
                                                      view->commit, id, *options.version));
    commit = found.last_commit;
    version = std::move(found.version);
  } else {
    TRACEVEC_ASSIGN_OR_RETURN(version,
                              VersionAt(engine.store(), state.number, record->number, commit));
  }
  if (!version || Expired(*version, Now())) return NoDocument(id);
  StoredDocument document;
  document.info = DescribeVersion(*version);
  VersionReader reader(engine.store(), state.number, record->number, *std::move(version));
  TRACEVEC_ASSIGN_OR_RETURN(document.text, reader.Source());
  for (std::size_t i = 0; i < reader.version().entries.size(); ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(
        Chunk chunk, ReadChunk(engine.store(), state, reader, i, commit, options.with_vectors));
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
  TRACEVEC_ASSIGN_OR_RETURN(const auto kept,
                            KeptVersions(engine.store(), state, record->number, view->commit));
  for (const VersionInForce& each : kept) versions.push_back(DescribeVersion(each.version));
  if (versions.empty()) return NoDocument(id);
  return versions;
}

}  // namespace tracevec
