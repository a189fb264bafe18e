#include "retrieval/document_reader.h"

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

Result<std::string> SliceSource(const Store& store, CollectionNumber collection,
                                DocumentNumber document, const VersionRecord& version, Span bytes) {
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto source,
      store.GetPinned(Table::kRecords, keys::Source(collection, document, version.version)));
  if (!source) return MissingRecord("source text", version);
  const std::string_view text = source->view();
  if (bytes.start > bytes.end || bytes.end > text.size()) {
    return Status::Corruption(
        fmt::format("document '{}' version {}: bytes {} to {} of a source of {}",
                    version.document_id, version.version, bytes.start, bytes.end, text.size()));
  }
  return std::string(text.substr(bytes.start, bytes.end - bytes.start));
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

Result<std::string> ReadChunkText(const Store& store, CollectionNumber collection,
                                  DocumentNumber document, const VersionRecord& version,
                                  const VersionEntry& entry) {
  if (!entry.text_apart) {
    if (!entry.span) return std::string();
    return SliceSource(store, collection, document, version, entry.bytes);
  }
  TRACEVEC_ASSIGN_OR_RETURN(
      const auto bytes,
      store.GetPinned(Table::kRecords, keys::Body(collection, document, entry.chunk)));
  if (!bytes) return MissingRecord(fmt::format("chunk {}", Raw(entry.chunk)), version);
  TRACEVEC_ASSIGN_OR_RETURN(BodyRecord body, DecodeBody(bytes->view()));
  return std::move(body.text);
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

Result<Chunk> ReadChunk(const Store& store, const CollectionState& state, DocumentNumber document,
                        const VersionRecord& version, std::size_t ordinal, CommitNumber commit,
                        bool with_vectors) {
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
  chunk.embed_micros = body.embed_micros;
  if (entry.text_apart) {
    chunk.text = std::move(body.text);
  } else {
    TRACEVEC_ASSIGN_OR_RETURN(chunk.text,
                              ReadChunkText(store, state.number, document, version, entry));
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
  return chunk;
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
