#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "tracevec/status.h"

// Keys as storage/FORMAT.md defines them: a kind byte, the collection, then the rest, big-endian so
// that byte order is number order. Versions and metadata commits are stored inverted: newest first.

namespace tracevec {

/// Column families. Stored by name; see FORMAT.md.
enum class Table : std::uint8_t { kRecords = 0, kVectors = 1 };

namespace keys {

std::string Format();
std::string Commit();
std::string CleanShutdown();
std::string NextCollection();
std::string CollectionByName(std::string_view name);
std::string CollectionNamesPrefix();
std::string Collection(CollectionNumber collection);
std::string Counters(CollectionNumber collection);
std::string Document(CollectionNumber collection, std::string_view id);
std::string DocumentsPrefix(CollectionNumber collection);
std::string Version(CollectionNumber collection, DocumentNumber document, std::uint32_t version);
std::string VersionsPrefix(CollectionNumber collection, DocumentNumber document);
std::string VersionsPrefix(CollectionNumber collection);
std::string Source(CollectionNumber collection, DocumentNumber document, std::uint32_t version);
std::string SourcesPrefix(CollectionNumber collection, DocumentNumber document);
std::string Body(CollectionNumber collection, DocumentNumber document, ChunkNumber chunk);
std::string BodiesPrefix(CollectionNumber collection, DocumentNumber document);
std::string BodiesPrefix(CollectionNumber collection);
std::string ChunkMetadata(CollectionNumber collection, DocumentNumber document, ChunkNumber chunk,
                          CommitNumber commit);
std::string ChunkMetadataPrefix(CollectionNumber collection, DocumentNumber document,
                                ChunkNumber chunk);
std::string ChunkMetadataPrefix(CollectionNumber collection, DocumentNumber document);
std::string ChunkMetadataPrefix(CollectionNumber collection);
std::string ChunkId(CollectionNumber collection, std::string_view id);
std::string Journal(CommitNumber commit);
std::string JournalPrefix();
/// Of a kept receipt: its time and what tells it from others of that time.
struct ReceiptKey {
  std::uint64_t micros = 0;
  std::uint64_t random = 0;
  friend auto operator<=>(const ReceiptKey&, const ReceiptKey&) = default;
};
std::string Receipt(const ReceiptKey& key);
std::string ReceiptsPrefix();
std::string Annotation(const ReceiptKey& key);
std::string AnnotationsPrefix();
std::string ReceiptPolicy();
/// Whether it is the key of a receipt or an annotation.
bool IsOfReceipt(std::string_view key);
std::string Snapshot(std::string_view name);
std::string SnapshotsPrefix();
std::string Pipeline(std::string_view name);
std::string PipelinesPrefix();
std::string Routes(std::string_view name);
std::string RoutesPrefix();
std::string Garbage(CollectionNumber collection, CommitNumber commit, std::uint32_t index);
std::string GarbagePrefix(CollectionNumber collection);
std::string Tuning(CollectionNumber collection);
std::string Migration(CollectionNumber collection);
std::string IndexCheckpoint(CollectionNumber collection);
/// Of every collection.
std::string IndexCheckpointsPrefix();
std::string IndexChange(CollectionNumber collection, CommitNumber commit);
std::string IndexChangesPrefix(CollectionNumber collection);

/// In Table::kVectors.
std::string Vector(CollectionNumber collection, FieldNumber field, DocumentNumber document,
                   ChunkNumber chunk);
std::string VectorsPrefix(CollectionNumber collection, FieldNumber field);
std::string VectorsPrefix(CollectionNumber collection, FieldNumber field, DocumentNumber document);

/// Every kind byte whose keys continue with a collection number: what dropping one must remove.
std::string_view CollectionKinds();
std::string KindAndCollectionPrefix(char kind, CollectionNumber collection);
/// The table that holds the keys of a kind.
Table TableOf(char kind);

struct VersionKey {
  DocumentNumber document{};
  std::uint32_t version = 0;
};
struct ChunkKey {
  DocumentNumber document{};
  ChunkNumber chunk{};
  CommitNumber commit{};  ///< Of a chunk metadata key; else 0.
};
/// Whose content a record is: nothing for keys of other kinds than versions, sources, bodies, chunk
/// metadata and vectors.
struct Owner {
  CollectionNumber collection{};
  DocumentNumber document{};
  friend bool operator==(const Owner&, const Owner&) = default;
};
std::optional<Owner> OwnerOf(std::string_view key);
/// Errors: Corruption (length or kind).
Result<VersionKey> ParseVersion(std::string_view key);
Result<ChunkKey> ParseBody(std::string_view key);
Result<ChunkKey> ParseChunkMetadata(std::string_view key);
Result<ChunkKey> ParseVector(std::string_view key);
Result<CommitNumber> ParseGarbage(std::string_view key);
Result<CommitNumber> ParseJournal(std::string_view key);
/// Of a receipt or an annotation.
Result<ReceiptKey> ParseReceipt(std::string_view key);

}  // namespace keys
}  // namespace tracevec
