#include "retrieval/put_moved.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/document_reader.h"
#include "retrieval/validate.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Hands out the chunks of a version by what embedders see, in order; the last of equal ones again
/// and again.
class ChunksByText {
 public:
  explicit ChunksByText(const VersionRecord& version) {
    for (const VersionEntry& entry : version.entries) {
      chunks_[entry.embed_hash].chunks.push_back(entry.chunk);
    }
  }
  std::optional<ChunkNumber> Next(const ContentHash& embed_hash) {
    const auto found = chunks_.find(embed_hash);
    if (found == chunks_.end()) return std::nullopt;
    Equal& equal = found->second;
    const std::size_t at = std::min(equal.taken++, equal.chunks.size() - 1);
    return equal.chunks[at];
  }

 private:
  struct Equal {
    std::vector<ChunkNumber> chunks;
    std::size_t taken = 0;
  };
  std::map<ContentHash, Equal> chunks_;
};

Status TakeChunk(const Store& store, const CollectionState& state, DocumentNumber document,
                 ChunkNumber chunk, std::size_t position, ReadyPut* put) {
  MovedChunk moved;
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto bytes,
      store.GetPinned(Table::kRecords, keys::Body(state.number, document, chunk)));
  if (!bytes) return Status::Conflict("a chunk was removed while it was moved");
  TRACEVEC_ASSIGN_OR_RETURN(moved.body, DecodeBody(bytes->view()));
  TRACEVEC_ASSIGN_OR_RETURN(
      ChunkMetadataRecord metadata,
      ReadChunkMetadata(store, state.number, document, chunk, state.views.Current()->commit));
  moved.merged = std::move(metadata.merged);
  for (const BoundField& field : state.fields) {
    if (put->vectors[field.index][position] != nullptr) continue;
    TRACEVEC_ASSIGN_OR_RETURN(auto vector, ReadVector(store, state.number, field, document, chunk));
    if (!vector) continue;
    put->moved_vectors.push_back(*std::move(vector));
    put->vectors[field.index][position] = put->moved_vectors.back().data();
    moved.fields |= std::uint64_t{1} << field.index;
  }
  for (const BoundSparseField& field : state.sparse_fields) {
    auto& vector = put->sparse[field.index][position];
    if (vector != nullptr) continue;
    TRACEVEC_ASSIGN_OR_RETURN(auto stored,
                              ReadSparseVector(store, state.number, field, document, chunk));
    if (stored) vector = std::make_shared<const SparseVector>(*std::move(stored));
  }
  if (moved.fields != 0) {
    put->embed_micros[position] = moved.body.embed_micros;
    ++put->result.moved;
  }
  put->moved[position] = std::move(moved);
  return Status::Ok();
}

}  // namespace

Status TakeMoved(const Store& store, const CollectionState& state, const std::string& from,
                 ReadyPut* put) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(from, kLongestDocumentId, "moved_from"));
  TRACEVEC_ASSIGN_OR_RETURN(const auto record, ReadDocumentRecord(store, state.number, from));
  if (!record || record->deleted) {
    return Status::NotFound(fmt::format("moved_from: document '{}' does not exist", from));
  }
  if (record->loose) {
    return Status::InvalidArgument(
        fmt::format("moved_from: '{}' is a vector without a document; delete it instead", from));
  }
  put->moved_from = from;
  put->moved_record = *record;
  const PutPlan& plan = put->plan;
  put->moved.resize(plan.to_embed.size());
  if (plan.unchanged) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                            ReadVersion(store, state.number, record->number, record->version));
  if (!version) {
    return Status::Conflict(fmt::format("document '{}' was replaced while it was read", from));
  }
  ChunksByText chunks(*version);
  for (std::size_t i = 0; i < plan.to_embed.size(); ++i) {
    const auto chunk = chunks.Next(plan.prepared.chunks[plan.to_embed[i]].entry.embed_hash);
    if (!chunk) continue;
    TRACEVEC_RETURN_IF_ERROR(TakeChunk(store, state, record->number, *chunk, i, put));
  }
  return Status::Ok();
}

}  // namespace tracevec
