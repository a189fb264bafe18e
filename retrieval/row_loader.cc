#include "retrieval/row_loader.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/chunk_metadata.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Walks the vectors of one field beside the documents: both come in document order.
class VectorWalk {
 public:
  VectorWalk(const Store& store, const CollectionState& state, const BoundField& field)
      : dimension_(field.field.dimension),
        cursor_(store.NewCursor(Table::kVectors, keys::VectorsPrefix(state.number, field.number))) {
  }

  /// Collects the vectors of a document's chunks. Documents must be asked in ascending order.
  Status MoveTo(DocumentNumber document) {
    chunks_.clear();
    floats_.clear();
    for (; cursor_.Valid(); cursor_.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseVector(cursor_.key()));
      if (key.document > document) return Status::Ok();
      if (key.document < document) continue;
      const std::string_view bytes = cursor_.value();
      if (bytes.size() != dimension_ * sizeof(float)) {
        return Status::Corruption(
            fmt::format("vector of document {} chunk {}: {} bytes, expected {}", Raw(key.document),
                        Raw(key.chunk), bytes.size(), dimension_ * sizeof(float)));
      }
      chunks_.push_back(key.chunk);
      floats_.resize(chunks_.size() * dimension_);
      std::memcpy(floats_.data() + (chunks_.size() - 1) * dimension_, bytes.data(), bytes.size());
    }
    return cursor_.status();
  }

  std::span<const float> Of(ChunkNumber chunk) const {
    const auto found = std::lower_bound(chunks_.begin(), chunks_.end(), chunk);
    if (found == chunks_.end() || *found != chunk) return {};
    const auto row = static_cast<std::size_t>(found - chunks_.begin());
    return std::span(floats_).subspan(row * dimension_, dimension_);
  }

 private:
  std::size_t dimension_;
  StoreCursor cursor_;
  std::vector<ChunkNumber> chunks_;  // Of the document, ascending as their keys are,
  std::vector<float> floats_;        // and their vectors, one after the other.
};

/// The same for the chunks' own metadata: the newest record at or before the commit counts.
class MetadataWalk {
 public:
  MetadataWalk(const Store& store, const CollectionState& state, CommitNumber commit)
      : commit_(commit),
        cursor_(store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state.number))) {}

  Status MoveTo(DocumentNumber document) {
    records_.clear();
    for (; cursor_.Valid(); cursor_.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseChunkMetadata(cursor_.key()));
      if (key.document > document) return Status::Ok();
      if (key.document < document || key.commit > commit_) continue;
      if (records_.contains(Raw(key.chunk))) continue;  // Newest first.
      TRACEVEC_ASSIGN_OR_RETURN(records_[Raw(key.chunk)], DecodeChunkMetadata(cursor_.value()));
    }
    return cursor_.status();
  }

  OwnMetadata Of(ChunkNumber chunk, const Metadata& document) const {
    const auto found = records_.find(Raw(chunk));
    return found == records_.end() ? OwnMetadata() : CombineOwn(document, found->second);
  }

 private:
  CommitNumber commit_;
  StoreCursor cursor_;
  std::unordered_map<std::uint32_t, ChunkMetadataRecord> records_;
};

}  // namespace

std::shared_ptr<const DocumentState> MakeDocumentState(DocumentNumber number,
                                                       const VersionRecord& version) {
  auto state = std::make_shared<DocumentState>();
  state->number = number;
  state->id = version.document_id;
  state->version = version.version;
  state->chunk_count = static_cast<std::uint32_t>(version.entries.size());
  state->loose = version.loose;
  state->expires_at = version.expires_at;
  state->metadata = version.metadata;
  return state;
}

Status LoadRows(const Store& store, const CollectionState& state, CommitNumber commit,
                std::optional<std::size_t> only_field,
                const std::function<Status(NewRow)>& consume) {
  std::vector<std::optional<VectorWalk>> vectors(state.fields.size());
  for (std::size_t f = 0; f < state.fields.size(); ++f) {
    if (!only_field || *only_field == f) vectors[f].emplace(store, state, state.fields[f]);
  }
  MetadataWalk metadata(store, state, commit);
  StoreCursor versions = store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number));
  std::optional<DocumentNumber> done;
  for (; versions.Valid(); versions.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(versions.key()));
    if (done == key.document) continue;  // Newest first: the rest of this document is older.
    TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(versions.value()));
    if (version.commit > commit) continue;
    done = key.document;
    if (version.deleted || version.entries.empty()) continue;

    TRACEVEC_RETURN_IF_ERROR(metadata.MoveTo(key.document));
    for (auto& walk : vectors) {
      if (walk) TRACEVEC_RETURN_IF_ERROR(walk->MoveTo(key.document));
    }
    const auto document = MakeDocumentState(key.document, version);
    for (const VersionEntry& entry : version.entries) {
      NewRow row;
      row.document = key.document;
      row.chunk = entry.chunk;
      row.created = version.commit;
      row.id = ChunkId(version, entry);
      for (const auto& walk : vectors) {
        row.vectors.push_back(walk ? walk->Of(entry.chunk) : std::span<const float>());
      }
      const OwnMetadata own = metadata.Of(entry.chunk, version.metadata);
      row.document_state = document;
      row.own = own.fields;
      row.own_is_complete = own.complete;
      TRACEVEC_RETURN_IF_ERROR(consume(std::move(row)));
    }
  }
  return versions.status();
}

Result<std::shared_ptr<CollectionIndex>> LoadIndex(const Store& store, const CollectionState& state,
                                                   bool* may_expire) {
  auto index = std::make_shared<CollectionIndex>(state.Layouts());
  *may_expire = false;
  TRACEVEC_RETURN_IF_ERROR(
      LoadRows(store, state, state.counters.commit, std::nullopt, [&](NewRow row) {
        *may_expire = *may_expire || row.document_state->expires_at.has_value();
        index->Append(std::move(row));
        return Status::Ok();
      }));
  if (index->live_rows() != state.counters.chunks) {
    return Status::Corruption(fmt::format("collection '{}': {} chunks were found, {} were counted",
                                          state.name, index->live_rows(), state.counters.chunks));
  }
  return index;
}

Result<IndexView> RowsOf(const Store& store, const CollectionState& state,
                         const CollectionView& view, std::optional<std::size_t> only_field) {
  if (view.in_memory) return view.index;
  // Exactly as many rows as the view counts: a block of the usual size would cost more to clear
  // than twenty rows cost to read.
  std::vector<FieldLayout> layouts = state.Layouts();
  for (std::size_t f = 0; f < layouts.size(); ++f) {
    if (only_field && *only_field != f) layouts[f].dimension = 0;
  }
  auto block =
      std::make_shared<RowBlock>(static_cast<std::uint32_t>(view.chunks), std::move(layouts));
  TRACEVEC_RETURN_IF_ERROR(
      LoadRows(store, state, view.commit, only_field, [&](NewRow row) -> Status {
        if (block->size() == block->capacity()) {
          return Status::Corruption(fmt::format("collection '{}': more chunks than the {} counted",
                                                state.name, view.chunks));
        }
        block->Append(std::move(row));
        return Status::Ok();
      }));
  IndexView rows;
  rows.commit = view.commit;
  rows.may_expire = view.may_expire;
  if (block->size() > 0) {
    rows.sizes.push_back(block->size());
    rows.sets.push_back(std::move(block));
  }
  return rows;
}

}  // namespace tracevec
