#include "retrieval/row_loader.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/document_reader.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Keys of other documents that a walk steps over one by one before it seeks: a seek costs some
/// twenty steps.
constexpr std::size_t kStepsBeforeSeek = 16;

/// Moves a cursor to the first key of a document, or past it. `first_key` is that key.
Status StepTo(StoreCursor& cursor, Result<keys::ChunkKey> (*parse)(std::string_view),
              DocumentNumber document, const std::string& first_key) {
  for (std::size_t steps = 0; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, parse(cursor.key()));
    if (key.document >= document) return Status::Ok();
    if (++steps < kStepsBeforeSeek) continue;
    cursor.Seek(first_key);
    break;
  }
  return cursor.status();
}

/// Walks the vectors of one field beside the documents: both come in document order.
class VectorWalk {
 public:
  VectorWalk(const Store& store, const CollectionState& state, const BoundField& field)
      : collection_(state.number),
        field_(field.number),
        dimension_(field.field.dimension),
        cursor_(store.NewCursor(Table::kVectors, keys::VectorsPrefix(state.number, field.number))) {
  }

  /// Collects the vectors of a document's chunks. Documents must be asked in ascending order.
  Status MoveTo(DocumentNumber document) {
    chunks_.clear();
    floats_.clear();
    TRACEVEC_RETURN_IF_ERROR(StepTo(cursor_, keys::ParseVector, document,
                                    keys::Vector(collection_, field_, document, ChunkNumber{0})));
    for (; cursor_.Valid(); cursor_.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseVector(cursor_.key()));
      if (key.document > document) return Status::Ok();
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
  const CollectionNumber collection_;
  const FieldNumber field_;
  const std::size_t dimension_;
  StoreCursor cursor_;
  std::vector<ChunkNumber> chunks_;  // Of the document, ascending as their keys are,
  std::vector<float> floats_;        // and their vectors, one after the other.
};

/// The same for a sparse field.
class SparseWalk {
 public:
  SparseWalk(const Store& store, const CollectionState& state, const BoundSparseField& field)
      : collection_(state.number),
        field_(field.number),
        cursor_(store.NewCursor(Table::kVectors, keys::VectorsPrefix(state.number, field.number))) {
  }

  Status MoveTo(DocumentNumber document) {
    vectors_.clear();
    TRACEVEC_RETURN_IF_ERROR(StepTo(cursor_, keys::ParseVector, document,
                                    keys::Vector(collection_, field_, document, ChunkNumber{0})));
    for (; cursor_.Valid(); cursor_.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseVector(cursor_.key()));
      if (key.document > document) return Status::Ok();
      TRACEVEC_ASSIGN_OR_RETURN(SparseVector vector, DecodeSparseVector(cursor_.value()));
      vectors_[Raw(key.chunk)] = std::make_shared<const SparseVector>(std::move(vector));
    }
    return cursor_.status();
  }

  std::shared_ptr<const SparseVector> Of(ChunkNumber chunk) const {
    const auto found = vectors_.find(Raw(chunk));
    return found == vectors_.end() ? nullptr : found->second;
  }

 private:
  const CollectionNumber collection_;
  const FieldNumber field_;
  StoreCursor cursor_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const SparseVector>> vectors_;
};

/// The same for the chunks' own metadata: the newest record at or before the commit counts.
class MetadataWalk {
 public:
  MetadataWalk(const Store& store, const CollectionState& state, CommitNumber commit)
      : collection_(state.number),
        commit_(commit),
        cursor_(store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(state.number))) {}

  Status MoveTo(DocumentNumber document) {
    records_.clear();
    TRACEVEC_RETURN_IF_ERROR(StepTo(cursor_, keys::ParseChunkMetadata, document,
                                    keys::ChunkMetadataPrefix(collection_, document)));
    for (; cursor_.Valid(); cursor_.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseChunkMetadata(cursor_.key()));
      if (key.document > document) return Status::Ok();
      if (key.commit > commit_) continue;
      if (records_.contains(Raw(key.chunk))) continue;  // Newest first.
      Found& found = records_[Raw(key.chunk)];
      TRACEVEC_ASSIGN_OR_RETURN(found.record, DecodeChunkMetadata(cursor_.value()));
      found.commit = key.commit;
    }
    return cursor_.status();
  }

  OwnMetadata Of(ChunkNumber chunk, const Metadata& document) const {
    const auto found = records_.find(Raw(chunk));
    return found == records_.end() ? OwnMetadata() : CombineOwn(document, found->second.record);
  }
  /// The commit that wrote the chunk's own metadata; 0: it has none.
  CommitNumber CommitOf(ChunkNumber chunk) const {
    const auto found = records_.find(Raw(chunk));
    return found == records_.end() ? CommitNumber{} : found->second.commit;
  }

 private:
  const CollectionNumber collection_;
  const CommitNumber commit_;
  StoreCursor cursor_;
  struct Found {
    ChunkMetadataRecord record;
    CommitNumber commit{};
  };

  std::unordered_map<std::uint32_t, Found> records_;
};

/// Puts the rows of documents together. Documents must be asked in ascending order.
class RowWalk {
 public:
  RowWalk(const Store& store, const CollectionState& state, CommitNumber commit,
          const RowParts& parts)
      : store_(store),
        state_(state),
        with_terms_(parts.terms && state.analyzer != nullptr),
        vectors_(state.fields.size()),
        metadata_(store, state, commit) {
    for (std::size_t f = 0; f < state.fields.size(); ++f) {
      const bool wanted = !parts.only_field || *parts.only_field == f;
      if (wanted) vectors_[f].emplace(store, state, state.fields[f]);
    }
    if (!parts.sparse) return;
    for (const BoundSparseField& field : state.sparse_fields) {
      sparse_.emplace_back(store, state, field);
    }
  }

  /// Of a version that is not a deletion. Vectors are valid until the next call.
  Result<std::vector<NewRow>> RowsOf(DocumentNumber document, const VersionRecord& version) {
    TRACEVEC_RETURN_IF_ERROR(metadata_.MoveTo(document));
    for (auto& walk : vectors_) {
      if (walk) TRACEVEC_RETURN_IF_ERROR(walk->MoveTo(document));
    }
    for (SparseWalk& walk : sparse_) TRACEVEC_RETURN_IF_ERROR(walk.MoveTo(document));
    const auto shared = MakeDocumentState(document, version);
    std::vector<NewRow> rows;
    for (const VersionEntry& entry : version.entries) {
      NewRow row;
      row.document = document;
      row.chunk = entry.chunk;
      row.created = version.commit;
      row.id = ChunkId(version, entry);
      for (const auto& walk : vectors_) {
        row.vectors.push_back(walk ? walk->Of(entry.chunk) : std::span<const float>());
      }
      for (const SparseWalk& walk : sparse_) row.sparse.push_back(walk.Of(entry.chunk));
      const OwnMetadata own = metadata_.Of(entry.chunk, version.metadata);
      row.document_state = shared;
      row.own = own.fields;
      row.own_is_complete = own.complete;
      row.stated = std::max(version.commit, metadata_.CommitOf(entry.chunk));
      rows.push_back(std::move(row));
    }
    if (with_terms_) TRACEVEC_RETURN_IF_ERROR(AddTerms(document, version, &rows));
    return rows;
  }

 private:
  Status AddTerms(DocumentNumber document, const VersionRecord& version,
                  std::vector<NewRow>* rows) const {
    VersionReader reader(store_, state_.number, document, version);
    for (std::size_t i = 0; i < rows->size(); ++i) {
      TRACEVEC_ASSIGN_OR_RETURN(const std::string text, reader.ChunkText(i));
      (*rows)[i].terms = state_.TermsOf(text);
    }
    return Status::Ok();
  }

  const Store& store_;
  const CollectionState& state_;
  const bool with_terms_;
  std::vector<std::optional<VectorWalk>> vectors_;
  std::vector<SparseWalk> sparse_;
  MetadataWalk metadata_;
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

Status LoadAllDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                        const RowParts& parts, const DocumentConsumer& consume) {
  RowWalk walk(store, state, commit, parts);
  StoreCursor versions = store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number));
  std::optional<DocumentNumber> done;
  for (; versions.Valid(); versions.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(versions.key()));
    if (done == key.document) continue;  // Newest first: the rest of this document is older.
    TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(versions.value()));
    if (version.commit > commit) continue;
    done = key.document;
    if (version.deleted || version.entries.empty()) continue;
    TRACEVEC_ASSIGN_OR_RETURN(std::vector<NewRow> rows, walk.RowsOf(key.document, version));
    TRACEVEC_RETURN_IF_ERROR(consume(key.document, std::move(rows)));
  }
  return versions.status();
}

Status LoadDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                     std::span<const DocumentNumber> documents, const DocumentConsumer& consume) {
  RowWalk walk(store, state, commit, RowParts::All());
  StoreCursor versions = store.NewCursor(Table::kRecords, keys::VersionsPrefix(state.number));
  for (const DocumentNumber document : documents) {
    std::vector<NewRow> rows;
    for (versions.Seek(keys::VersionsPrefix(state.number, document)); versions.Valid();
         versions.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(versions.key()));
      if (key.document != document) break;
      TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(versions.value()));
      if (version.commit > commit) continue;
      if (!version.deleted) {
        TRACEVEC_ASSIGN_OR_RETURN(rows, walk.RowsOf(document, version));
      }
      break;
    }
    TRACEVEC_RETURN_IF_ERROR(versions.status());
    TRACEVEC_RETURN_IF_ERROR(consume(document, std::move(rows)));
  }
  return Status::Ok();
}

Result<IndexView> RowsOf(const Store& store, const CollectionState& state,
                         const CollectionView& view, const RowParts& parts) {
  if (view.in_memory) return view.index;
  // Exactly as many rows as the view counts: a block of the usual size would cost more to clear
  // than twenty rows cost to read.
  std::vector<FieldLayout> layouts = state.Layouts();
  for (std::size_t f = 0; f < layouts.size(); ++f) {
    if (parts.only_field && *parts.only_field != f) layouts[f].dimension = 0;
  }
  auto block =
      std::make_shared<RowBlock>(static_cast<std::uint32_t>(view.chunks), std::move(layouts),
                                 parts.terms ? BlockTexts::kTerms : BlockTexts::kNone,
                                 parts.sparse ? state.sparse_fields.size() : 0);
  TRACEVEC_RETURN_IF_ERROR(LoadAllDocuments(
      store, state, view.commit, parts,
      [&](DocumentNumber /*document*/, std::vector<NewRow> added) -> Status {
        if (block->capacity() - block->size() < added.size()) {
          return Status::Corruption(fmt::format("collection '{}': more chunks than the {} counted",
                                                state.name, view.chunks));
        }
        for (NewRow& row : added) block->Append(std::move(row));
        return Status::Ok();
      }));
  IndexView rows;
  rows.commit = view.commit;
  rows.may_expire = view.may_expire;
  rows.text.rows = block->size();
  for (std::uint32_t row = 0; row < block->size(); ++row) {
    rows.text.terms += block->text_length(row);
  }
  if (block->size() > 0) {
    rows.sizes.push_back(block->size());
    rows.sets.push_back(std::move(block));
  }
  return rows;
}

}  // namespace tracevec
