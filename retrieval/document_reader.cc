#include "retrieval/document_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/chunk_metadata.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

Status MissingRecord(std::string_view what, const VersionRecord& version) {
  return Status::Corruption(fmt::format("document '{}' version {}: its {} is missing",
                                        version.document_id, version.version, what));
}

}  // namespace

Result<std::optional<DocumentRecord>> ReadDocumentRecord(const Store& store,
                                                         CollectionNumber collection,
                                                         std::string_view id) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes,
                            store.Get(Table::kRecords, keys::Document(collection, id)));
  if (!bytes) return std::optional<DocumentRecord>();
  TRACEVEC_ASSIGN_OR_RETURN(const DocumentRecord record, DecodeDocument(*bytes));
  return std::optional(record);
}

Result<std::optional<VersionRecord>> ReadVersion(const Store& store, CollectionNumber collection,
                                                 DocumentNumber document, std::uint32_t version) {
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto bytes,
      store.GetPinned(Table::kRecords, keys::Version(collection, document, version)));
  if (!bytes) return std::optional<VersionRecord>();
  TRACEVEC_ASSIGN_OR_RETURN(VersionRecord record, DecodeVersion(bytes->view()));
  return std::optional(record);
}

Result<std::optional<VersionRecord>> VersionAt(const Store& store, CollectionNumber collection,
                                               DocumentNumber document, CommitNumber commit) {
  StoreCursor cursor = store.NewCursor(Table::kRecords, keys::VersionsPrefix(collection, document));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(VersionRecord record, DecodeVersion(cursor.value()));
    if (record.commit > commit) continue;
    if (record.deleted) return std::optional<VersionRecord>();
    return std::optional(record);
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return std::optional<VersionRecord>();
}

Result<ChunkMetadataRecord> ReadChunkMetadata(const Store& store, CollectionNumber collection,
                                              DocumentNumber document, ChunkNumber chunk,
                                              CommitNumber commit) {
  StoreCursor cursor =
      store.NewCursor(Table::kRecords, keys::ChunkMetadataPrefix(collection, document, chunk));
  cursor.Seek(keys::ChunkMetadata(collection, document, chunk, commit));  // Newest first.
  if (cursor.Valid()) return DecodeChunkMetadata(cursor.value());
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return ChunkMetadataRecord();
}

Result<std::optional<FoundChunk>> FindChunk(const Store& store, CollectionNumber collection,
                                            std::string_view chunk_id, CommitNumber commit) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes,
                            store.Get(Table::kRecords, keys::ChunkId(collection, chunk_id)));
  if (!bytes) return std::optional<FoundChunk>();
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<DocumentNumber> owners, DecodeChunkOwners(*bytes));
  for (const DocumentNumber owner : owners) {
    TRACEVEC_ASSIGN_OR_RETURN(auto version, VersionAt(store, collection, owner, commit));
    if (!version) continue;
    for (std::size_t i = 0; i < version->entries.size(); ++i) {
      if (ChunkId(*version, version->entries[i]) != chunk_id) continue;
      return std::optional(FoundChunk{owner, *std::move(version), i});
    }
  }
  return std::optional<FoundChunk>();
}

VersionReader::VersionReader(const Store& store, CollectionNumber collection,
                             DocumentNumber document, VersionRecord version)
    : store_(&store), collection_(collection), document_(document), version_(std::move(version)) {}

Result<VersionReader> VersionReader::Open(const Store& store, CollectionNumber collection,
                                          const DocumentState& document) {
  TRACEVEC_ASSIGN_OR_RETURN(auto version,
                            ReadVersion(store, collection, document.number, document.version));
  if (!version) {
    return Status::Corruption(
        fmt::format("document '{}': version {} is missing", document.id, document.version));
  }
  return VersionReader(store, collection, document.number, *std::move(version));
}

Result<VersionReader> VersionReader::OfChunk(const Store& store, CollectionNumber collection,
                                             const DocumentState& document, ChunkNumber chunk) {
  if (!document.loose) return Open(store, collection, document);
  // A loose vector's version says of its one chunk that it has this number and, if any, a text in
  // its body.
  VersionRecord version;
  version.document_id = document.id;
  version.version = document.version;
  version.loose = true;
  version.entries.emplace_back();
  version.entries.back().chunk = chunk;
  version.entries.back().text_apart = true;
  return VersionReader(store, collection, document.number, std::move(version));
}

std::optional<std::size_t> VersionReader::OrdinalOf(ChunkNumber chunk) {
  // The chunks of a document's first version have the numbers 0, 1, 2...
  const std::size_t likely = Raw(chunk);
  if (likely < version_.entries.size() && version_.entries[likely].chunk == chunk) return likely;
  if (ordinals_.empty()) {
    for (std::uint32_t i = 0; i < version_.entries.size(); ++i) {
      ordinals_.emplace_back(version_.entries[i].chunk, i);
    }
    std::sort(ordinals_.begin(), ordinals_.end());
  }
  const auto at =
      std::lower_bound(ordinals_.begin(), ordinals_.end(), std::pair(chunk, std::uint32_t{0}));
  if (at == ordinals_.end() || at->first != chunk) return std::nullopt;
  return at->second;
}

Result<std::string_view> VersionReader::Source() {
  if (!version_.has_source) return std::string_view();
  if (!source_) {
    TRACEVEC_ASSIGN_OR_RETURN(
        source_,
        store_->GetPinned(Table::kRecords, keys::Source(collection_, document_, version_.version)));
    if (!source_) return MissingRecord("source text", version_);
  }
  return source_->view();
}

Result<std::string> VersionReader::ChunkText(std::size_t ordinal) {
  const VersionEntry& entry = version_.entries[ordinal];
  if (entry.text_apart) {
    TRACEVEC_ASSIGN_OR_RETURN(
        const auto bytes,
        store_->GetPinned(Table::kRecords, keys::Body(collection_, document_, entry.chunk)));
    if (!bytes) return MissingRecord(fmt::format("chunk {}", Raw(entry.chunk)), version_);
    TRACEVEC_ASSIGN_OR_RETURN(BodyRecord body, DecodeBody(bytes->view()));
    return std::move(body.text);
  }
  if (!entry.span) return std::string();
  TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text, Source());
  const Span& bytes = entry.bytes;
  if (bytes.start > bytes.end || bytes.end > text.size()) {
    return Status::Corruption(
        fmt::format("document '{}' version {}: bytes {} to {} of a source of {}",
                    version_.document_id, version_.version, bytes.start, bytes.end, text.size()));
  }
  return std::string(text.substr(bytes.start, bytes.end - bytes.start));
}

Result<std::optional<std::vector<float>>> ReadVector(const Store& store,
                                                     CollectionNumber collection,
                                                     const BoundField& field,
                                                     DocumentNumber document, ChunkNumber chunk) {
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto bytes,
      store.GetPinned(Table::kVectors, keys::Vector(collection, field.number, document, chunk)));
  if (!bytes) return std::optional<std::vector<float>>();
  const std::string_view view = bytes->view();
  std::vector<float> vector(field.field.dimension);
  if (view.size() != vector.size() * sizeof(float)) {
    return Status::Corruption(
        fmt::format("vector '{}' of document {} chunk {}: {} bytes, expected {}", field.name,
                    Raw(document), Raw(chunk), view.size(), vector.size() * sizeof(float)));
  }
  std::memcpy(vector.data(), view.data(), view.size());
  return std::optional(std::move(vector));
}

Result<std::optional<SparseVector>> ReadSparseVector(const Store& store,
                                                     CollectionNumber collection,
                                                     const BoundSparseField& field,
                                                     DocumentNumber document, ChunkNumber chunk) {
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto bytes,
      store.GetPinned(Table::kVectors, keys::Vector(collection, field.number, document, chunk)));
  if (!bytes) return std::optional<SparseVector>();
  TRACEVEC_ASSIGN_OR_RETURN(SparseVector vector, DecodeSparseVector(bytes->view()));
  return std::optional(std::move(vector));
}

Result<Chunk> ReadChunk(const Store& store, const CollectionState& state, VersionReader& reader,
                        std::size_t ordinal, CommitNumber commit, bool with_vectors) {
  const DocumentNumber document = reader.document();
  const VersionRecord& version = reader.version();
  const VersionEntry& entry = version.entries[ordinal];
  Chunk chunk;
  chunk.id = ChunkId(version, entry);
  chunk.document = version.document_id;
  chunk.version = version.version;
  chunk.ordinal = static_cast<std::uint32_t>(ordinal);
  chunk.span = entry.span;
  chunk.section = entry.section;
  chunk.page = entry.page;
  if (entry.parent && *entry.parent < version.entries.size()) {
    chunk.parent = ChunkId(version, version.entries[*entry.parent]);
  }
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto body_bytes,
      store.GetPinned(Table::kRecords, keys::Body(state.number, document, entry.chunk)));
  if (!body_bytes) return MissingRecord(fmt::format("chunk {}", Raw(entry.chunk)), version);
  TRACEVEC_ASSIGN_OR_RETURN(BodyRecord body, DecodeBody(body_bytes->view()));
  chunk.token_count = body.token_count;
  chunk.embed_micros = EmbedMicros(state, body);
  if (entry.text_apart) {
    chunk.text = std::move(body.text);
  } else {
    TRACEVEC_ASSIGN_OR_RETURN(chunk.text, reader.ChunkText(ordinal));
  }
  TRACEVEC_ASSIGN_OR_RETURN(const ChunkMetadataRecord metadata,
                            ReadChunkMetadata(store, state.number, document, entry.chunk, commit));
  chunk.metadata = EffectiveMetadata(version.metadata, CombineOwn(version.metadata, metadata));
  if (!with_vectors) return chunk;
  for (const BoundField& field : state.fields) {
    TRACEVEC_ASSIGN_OR_RETURN(auto vector,
                              ReadVector(store, state.number, field, document, entry.chunk));
    if (vector) chunk.vectors.emplace(field.name, *std::move(vector));
  }
  for (const BoundSparseField& field : state.sparse_fields) {
    TRACEVEC_ASSIGN_OR_RETURN(auto vector,
                              ReadSparseVector(store, state.number, field, document, entry.chunk));
    if (vector) chunk.sparse_vectors.emplace(field.name, *std::move(vector));
  }
  return chunk;
}

double EmbedMicros(const CollectionState& state, const BodyRecord& body) {
  if (body.filled.empty()) return body.embed_micros;
  double filled_micros = 0;
  std::size_t filled_fields = 0;
  for (const FilledField& filled : body.filled) {
    const bool in_force =
        std::any_of(state.fields.begin(), state.fields.end(),
                    [&](const BoundField& field) { return field.number == filled.number; });
    filled_micros += in_force ? filled.embed_micros : 0;
    filled_fields += in_force ? 1 : 0;
  }
  // The other time is of all fields that the put embedded: no part of it is known.
  return filled_fields == state.fields.size() ? filled_micros : body.embed_micros + filled_micros;
}

bool Expired(const VersionRecord& version, Timestamp now) {
  return version.expires_at && *version.expires_at <= now;
}

DocumentVersion DescribeVersion(const VersionRecord& version) {
  DocumentVersion info;
  info.id = version.document_id;
  info.version = version.version;
  info.commit = Raw(version.commit);
  info.created = version.created;
  info.deleted = version.deleted;
  info.title = version.title;
  info.uri = version.uri;
  info.parser = version.parser;
  info.chunker = version.chunker;
  info.metadata = version.metadata;
  info.content_hash = version.content_hash.ToHex();
  info.expires_at = version.expires_at;
  info.chunk_count = static_cast<std::uint32_t>(version.entries.size());
  info.kept = version.kept;
  info.added = version.added;
  info.removed = version.removed;
  info.label = version.label;
  return info;
}

}  // namespace tracevec
