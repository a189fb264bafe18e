#include "storage/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "core/return_if_error.h"

namespace tracevec::keys {
namespace {

// Kind bytes. Stored: do not renumber, never use one again. FORMAT.md lists what follows each.
constexpr char kFormat = 'F';
constexpr char kCommit = 'M';
constexpr char kCleanShutdown = 'S';
constexpr char kNextCollection = 'N';
constexpr char kCollectionByName = 'n';
constexpr char kJournal = 'J';
constexpr char kSnapshot = 'H';
constexpr char kReceipt = 'R';
constexpr char kAnnotation = 'A';
constexpr char kReceiptPolicy = 'P';
constexpr char kPipeline = 'Q';
constexpr char kRoutes = 'O';
constexpr char kCollection = 'c';
constexpr char kCounters = 'k';
constexpr char kDocument = 'd';
constexpr char kVersion = 'v';
constexpr char kSource = 't';
constexpr char kBody = 'b';
constexpr char kChunkMetadata = 'a';
constexpr char kChunkId = 'i';
constexpr char kGarbage = 'g';
constexpr char kMigration = 'm';
constexpr char kTuning = 'w';
constexpr char kIndexCheckpoint = 'p';
constexpr char kIndexChange = 'h';
constexpr char kVector = 'x';

constexpr std::size_t kKindAndCollection = 1 + 4;

/// Builds a key: a kind, then parts, big-endian.
class KeyBuilder {
 public:
  explicit KeyBuilder(char kind) { key_.push_back(kind); }
  KeyBuilder(char kind, CollectionNumber collection) : KeyBuilder(kind) { Add(Raw(collection)); }

  template <typename Unsigned>
  KeyBuilder& Add(Unsigned part) {
    static_assert(std::is_unsigned_v<Unsigned>);
    for (int shift = (sizeof(Unsigned) - 1) * 8; shift >= 0; shift -= 8) {
      key_.push_back(static_cast<char>(part >> shift));
    }
    return *this;
  }
  KeyBuilder& Add(std::string_view bytes) {
    key_.append(bytes);
    return *this;
  }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

template <typename Unsigned>
Unsigned ReadBigEndian(std::string_view key, std::size_t offset) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>((value << 8) | static_cast<std::uint8_t>(key[offset + i]));
  }
  return value;
}

Status CheckKey(std::string_view key, char kind, std::size_t size) {
  if (key.size() != size) {
    return Status::Corruption(
        fmt::format("a key of kind '{}': expected {} bytes, got {}", kind, size, key.size()));
  }
  if (key[0] == kind) return Status::Ok();
  return Status::Corruption(fmt::format("a key: expected kind '{}', got byte {:#04x}", kind,
                                        static_cast<std::uint8_t>(key[0])));
}

}  // namespace

std::string Format() { return {kFormat}; }
std::string Commit() { return {kCommit}; }
std::string CleanShutdown() { return {kCleanShutdown}; }
std::string NextCollection() { return {kNextCollection}; }
std::string CollectionByName(std::string_view name) {
  return KeyBuilder(kCollectionByName).Add(name).Take();
}
std::string CollectionNamesPrefix() { return {kCollectionByName}; }

std::string Collection(CollectionNumber collection) {
  return KeyBuilder(kCollection, collection).Take();
}
std::string Counters(CollectionNumber collection) {
  return KeyBuilder(kCounters, collection).Take();
}
std::string Document(CollectionNumber collection, std::string_view id) {
  return KeyBuilder(kDocument, collection).Add(id).Take();
}
std::string DocumentsPrefix(CollectionNumber collection) {
  return KeyBuilder(kDocument, collection).Take();
}

std::string Version(CollectionNumber collection, DocumentNumber document, std::uint32_t version) {
  return KeyBuilder(kVersion, collection).Add(Raw(document)).Add(~version).Take();
}
std::string VersionsPrefix(CollectionNumber collection, DocumentNumber document) {
  return KeyBuilder(kVersion, collection).Add(Raw(document)).Take();
}
std::string VersionsPrefix(CollectionNumber collection) {
  return KeyBuilder(kVersion, collection).Take();
}
std::string Source(CollectionNumber collection, DocumentNumber document, std::uint32_t version) {
  return KeyBuilder(kSource, collection).Add(Raw(document)).Add(~version).Take();
}
std::string SourcesPrefix(CollectionNumber collection, DocumentNumber document) {
  return KeyBuilder(kSource, collection).Add(Raw(document)).Take();
}

std::string Body(CollectionNumber collection, DocumentNumber document, ChunkNumber chunk) {
  return KeyBuilder(kBody, collection).Add(Raw(document)).Add(Raw(chunk)).Take();
}
std::string BodiesPrefix(CollectionNumber collection, DocumentNumber document) {
  return KeyBuilder(kBody, collection).Add(Raw(document)).Take();
}
std::string BodiesPrefix(CollectionNumber collection) {
  return KeyBuilder(kBody, collection).Take();
}

std::string ChunkMetadata(CollectionNumber collection, DocumentNumber document, ChunkNumber chunk,
                          CommitNumber commit) {
  return KeyBuilder(kChunkMetadata, collection)
      .Add(Raw(document))
      .Add(Raw(chunk))
      .Add(~Raw(commit))
      .Take();
}
std::string ChunkMetadataPrefix(CollectionNumber collection, DocumentNumber document,
                                ChunkNumber chunk) {
  return KeyBuilder(kChunkMetadata, collection).Add(Raw(document)).Add(Raw(chunk)).Take();
}
std::string ChunkMetadataPrefix(CollectionNumber collection, DocumentNumber document) {
  return KeyBuilder(kChunkMetadata, collection).Add(Raw(document)).Take();
}
std::string ChunkMetadataPrefix(CollectionNumber collection) {
  return KeyBuilder(kChunkMetadata, collection).Take();
}

std::string ChunkId(CollectionNumber collection, std::string_view id) {
  return KeyBuilder(kChunkId, collection).Add(id).Take();
}
std::string Journal(CommitNumber commit) { return KeyBuilder(kJournal).Add(Raw(commit)).Take(); }
std::string JournalPrefix() { return {kJournal}; }
std::string Receipt(const ReceiptKey& key) {
  return KeyBuilder(kReceipt).Add(~key.micros).Add(key.random).Take();
}
std::string ReceiptsPrefix() { return {kReceipt}; }
std::string Annotation(const ReceiptKey& key) {
  return KeyBuilder(kAnnotation).Add(~key.micros).Add(key.random).Take();
}
std::string AnnotationsPrefix() { return {kAnnotation}; }
std::string ReceiptPolicy() { return {kReceiptPolicy}; }
bool IsOfReceipt(std::string_view key) {
  return key.starts_with(kReceipt) || key.starts_with(kAnnotation);
}
std::string Snapshot(std::string_view name) { return KeyBuilder(kSnapshot).Add(name).Take(); }
std::string SnapshotsPrefix() { return {kSnapshot}; }
std::string Pipeline(std::string_view name) { return KeyBuilder(kPipeline).Add(name).Take(); }
std::string PipelinesPrefix() { return {kPipeline}; }
std::string Routes(std::string_view name) { return KeyBuilder(kRoutes).Add(name).Take(); }
std::string RoutesPrefix() { return {kRoutes}; }
std::string Garbage(CollectionNumber collection, CommitNumber commit, std::uint32_t index) {
  return KeyBuilder(kGarbage, collection).Add(Raw(commit)).Add(index).Take();
}
std::string GarbagePrefix(CollectionNumber collection) {
  return KeyBuilder(kGarbage, collection).Take();
}

std::string Migration(CollectionNumber collection) {
  return KeyBuilder(kMigration, collection).Take();
}
std::string Tuning(CollectionNumber collection) { return KeyBuilder(kTuning, collection).Take(); }
std::string IndexCheckpoint(CollectionNumber collection) {
  return KeyBuilder(kIndexCheckpoint, collection).Take();
}
std::string IndexCheckpointsPrefix() { return {kIndexCheckpoint}; }
std::string IndexChange(CollectionNumber collection, CommitNumber commit) {
  return KeyBuilder(kIndexChange, collection).Add(Raw(commit)).Take();
}
std::string IndexChangesPrefix(CollectionNumber collection) {
  return KeyBuilder(kIndexChange, collection).Take();
}

std::string Vector(CollectionNumber collection, FieldNumber field, DocumentNumber document,
                   ChunkNumber chunk) {
  return KeyBuilder(kVector, collection).Add(Raw(field)).Add(Raw(document)).Add(Raw(chunk)).Take();
}
std::string VectorsPrefix(CollectionNumber collection, FieldNumber field) {
  return KeyBuilder(kVector, collection).Add(Raw(field)).Take();
}

std::string VectorsPrefix(CollectionNumber collection, FieldNumber field, DocumentNumber document) {
  return KeyBuilder(kVector, collection).Add(Raw(field)).Add(Raw(document)).Take();
}

std::string_view CollectionKinds() {
  static constexpr char kKinds[] = {
      kCollection, kCounters, kDocument,  kVersion, kSource,          kBody,        kChunkMetadata,
      kChunkId,    kGarbage,  kMigration, kTuning,  kIndexCheckpoint, kIndexChange, kVector};
  return {kKinds, sizeof(kKinds)};
}
std::string KindAndCollectionPrefix(char kind, CollectionNumber collection) {
  return KeyBuilder(kind, collection).Take();
}

Table TableOf(char kind) { return kind == kVector ? Table::kVectors : Table::kRecords; }

Result<VersionKey> ParseVersion(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kVersion, kKindAndCollection + 8 + 4));
  VersionKey parsed;
  parsed.document = DocumentNumber{ReadBigEndian<std::uint64_t>(key, kKindAndCollection)};
  parsed.version = ~ReadBigEndian<std::uint32_t>(key, kKindAndCollection + 8);
  return parsed;
}

Result<ChunkKey> ParseBody(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kBody, kKindAndCollection + 8 + 4));
  ChunkKey parsed;
  parsed.document = DocumentNumber{ReadBigEndian<std::uint64_t>(key, kKindAndCollection)};
  parsed.chunk = ChunkNumber{ReadBigEndian<std::uint32_t>(key, kKindAndCollection + 8)};
  return parsed;
}

Result<ChunkKey> ParseChunkMetadata(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kChunkMetadata, kKindAndCollection + 8 + 4 + 8));
  ChunkKey parsed;
  parsed.document = DocumentNumber{ReadBigEndian<std::uint64_t>(key, kKindAndCollection)};
  parsed.chunk = ChunkNumber{ReadBigEndian<std::uint32_t>(key, kKindAndCollection + 8)};
  parsed.commit = CommitNumber{~ReadBigEndian<std::uint64_t>(key, kKindAndCollection + 8 + 4)};
  return parsed;
}

Result<ChunkKey> ParseVector(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kVector, kKindAndCollection + 2 + 8 + 4));
  ChunkKey parsed;
  parsed.document = DocumentNumber{ReadBigEndian<std::uint64_t>(key, kKindAndCollection + 2)};
  parsed.chunk = ChunkNumber{ReadBigEndian<std::uint32_t>(key, kKindAndCollection + 2 + 8)};
  return parsed;
}

Result<CommitNumber> ParseGarbage(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kGarbage, kKindAndCollection + 8 + 4));
  return CommitNumber{ReadBigEndian<std::uint64_t>(key, kKindAndCollection)};
}

std::optional<Owner> OwnerOf(std::string_view key) {
  static constexpr char kOwned[] = {kVersion, kSource, kBody, kChunkMetadata, kVector};
  if (key.empty() || std::find(std::begin(kOwned), std::end(kOwned), key[0]) == std::end(kOwned)) {
    return std::nullopt;
  }
  const std::size_t at = key[0] == kVector ? kKindAndCollection + 2 : kKindAndCollection;
  if (key.size() < at + 8) return std::nullopt;
  return Owner{CollectionNumber{ReadBigEndian<std::uint32_t>(key, 1)},
               DocumentNumber{ReadBigEndian<std::uint64_t>(key, at)}};
}

Result<CommitNumber> ParseJournal(std::string_view key) {
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kJournal, 1 + 8));
  return CommitNumber{ReadBigEndian<std::uint64_t>(key, 1)};
}

Result<ReceiptKey> ParseReceipt(std::string_view key) {
  const char kind = key.starts_with(kAnnotation) ? kAnnotation : kReceipt;
  TRACEVEC_RETURN_IF_ERROR(CheckKey(key, kind, 1 + 8 + 8));
  return ReceiptKey{~ReadBigEndian<std::uint64_t>(key, 1), ReadBigEndian<std::uint64_t>(key, 9)};
}

}  // namespace tracevec::keys
