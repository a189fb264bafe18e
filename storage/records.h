#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/content_hash.h"
#include "core/ids.h"
#include "storage/image_file.h"
#include "tracevec/document.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/routes.h"
#include "tracevec/schema.h"
#include "tracevec/status.h"
#include "tracevec/tune.h"
#include "tracevec/value.h"

// The records of storage/FORMAT.md as values. Encode* and Decode* are the only places that know
// their bytes; decoding checks every length and count and returns Corruption that names the record
// and the offset.

namespace tracevec {

/// What a database is. Checked before anything else.
struct FormatRecord {
  static constexpr std::uint32_t kCurrentVersion = 1;
  std::uint32_t version = kCurrentVersion;
  std::uint64_t feature_flags = 0;  ///< Unknown bits refuse to open.
  std::string created_by;           ///< Library version.
};

/// Written by every commit.
struct CommitRecord {
  CommitNumber commit{};
  std::uint64_t timeline = 0;
};

/// A collection as created. Read on first use.
struct CollectionRecord {
  std::string name;
  CollectionSchema schema;
  std::map<std::string, FieldNumber, std::less<>>
      field_numbers;                      ///< Of vector fields, sparse ones too.
  std::optional<bool> sync;               ///< Durability of its own.
  std::vector<std::string> known_fields;  ///< Undeclared metadata names seen so far, sorted.
  /// Versions of a document that are kept beside its newest.
  std::uint32_t kept_versions = kDefaultKeptVersions;

  /// Of a collection with a migration, now or before: what chunks were identified with before it,
  /// instead of a hash of the fields, which it changes.
  std::optional<ContentHash> chunk_identity;
  std::uint16_t next_field = 0;  ///< With chunk_identity: larger than all field numbers given.

  static constexpr std::uint32_t kDefaultKeptVersions = 1;
};

/// A vector field on its way to another embedding space.
struct MigrationRecord {
  std::string field;
  FieldNumber other_number{};  ///< Of the vectors that are not in force,
  VectorField other;           ///< and what they are.
  bool cut_over = false;
  Timestamp started;
};

/// A collection's counters. Written by every commit that changes one.
struct CollectionCounters {
  std::uint64_t next_document = 1;
  std::uint64_t chunks = 0;     ///< Live.
  std::uint64_t documents = 0;  ///< Live.
  CommitNumber commit{};        ///< The last that changed the collection.
};

/// A document by id: the one mutable record of a document.
struct DocumentRecord {
  DocumentNumber number{};
  std::uint32_t version = 0;  ///< The current one; it may be a deletion.
  bool deleted = false;
  bool loose = false;     ///< A vector written by Upsert: chunk id = document id.
  CommitNumber commit{};  ///< Of the current version.
  std::uint32_t next_chunk = 0;
  ContentHash content_hash;  ///< Over all that was put. Equal: nothing to write.
};

/// One chunk in a version's list.
struct VersionEntry {
  ChunkNumber chunk{};
  ContentHash embed_hash;
  std::uint64_t text_hash = 0;  ///< Of the text alone: the default id's 16 digits.
  std::uint32_t repeat = 0;     ///< 0 for the first equal text, n - 1 for the n-th.
  std::string given_id;         ///< Empty: the default id.
  std::optional<Span> span;     ///< Code points.
  Span bytes;                   ///< The same in bytes; only with a span.
  std::string section;
  std::optional<std::uint32_t> page;
  std::optional<std::uint32_t> parent;  ///< Ordinal of the parent chunk.
  bool text_apart = false;              ///< The body holds the text; else it is the slice.
};

/// One version of a document; immutable. Its entries are its chunks in order.
struct VersionRecord {
  std::string document_id;
  std::uint32_t version = 0;
  CommitNumber commit{};
  Timestamp created;
  bool deleted = false;
  bool loose = false;
  std::string title;
  std::string uri;
  std::string parser;
  Chunker chunker;
  Metadata metadata;
  ContentHash content_hash;
  std::optional<Timestamp> expires_at;
  std::string label;
  std::uint32_t kept = 0;
  std::uint32_t added = 0;
  std::uint32_t removed = 0;
  bool has_source = false;  ///< A source record of this version exists.
  std::vector<VersionEntry> entries;
};

/// A vector that a migration's fill made.
struct FilledField {
  FieldNumber number{};
  double embed_micros = 0;
  bool asserted = false;  ///< Its embedder declared no space.
  friend bool operator==(const FilledField&, const FilledField&) = default;
};

/// What of a chunk never changes, apart from what is known of vectors.
struct BodyRecord {
  std::string text;  ///< Only when text_apart.
  std::optional<std::uint32_t> token_count;
  double embed_micros = 0;
  std::uint64_t asserted_fields = 0;  ///< Bit per FieldNumber < 64: vector came without a space.
  /// Of these fields it holds in place of `embed_micros` and `asserted_fields`.
  std::vector<FilledField> filled;
};

/// A chunk's own metadata as of a commit. The newest at or before a view is the one in force; a
/// chunk without one has no fields of its own.
struct ChunkMetadataRecord {
  Metadata given;   ///< With the document.
  Metadata merged;  ///< By UpdateMetadata; a null value removes the field.
};

/// What a commit did.
struct JournalRecord {
  Timestamp time;
  CollectionNumber collection{};
  std::string kind;  ///< JournalEntry::kind has the list.
  std::string label;
  std::string document;  ///< The document's id when it was one.
  std::uint32_t documents = 0;
  std::uint32_t kept = 0;
  std::uint32_t added = 0;
  std::uint32_t removed = 0;
  std::uint32_t embedded = 0;    ///< Texts that embedders were called for.
  std::vector<EmbedCall> calls;  ///< Of embedders, in order.
};

/// A commit whose data is held until the snapshot is released.
struct SnapshotRecord {
  CommitNumber commit{};
  std::uint64_t timeline = 0;
  Timestamp created;
  CollectionNumber next_collection{};  ///< Collections below it existed.
};

/// A pipeline under a name.
struct PipelineRecord {
  Timestamp stored;
  std::string json;  ///< The canonical form.
};

/// A version that no view at or after the commit in its key can see. Swept when no older view is
/// left, with the chunks the next version did not take over.
struct GarbageRecord {
  DocumentNumber document{};
  std::uint32_t version = 0;
  bool whole_document = false;  ///< The next version is a deletion: that goes too.
  std::string document_id;      ///< With whole_document; else empty.
};

/// An image file that belongs to a collection's index, and which of its rows have died.
struct ImageRecord {
  std::uint64_t number = 0;    ///< The file's name.
  std::uint64_t checksum = 0;  ///< Of the image's trailer, which binds every byte of it.
  std::uint32_t rows = 0;
  std::optional<FileStamp> stamp;   ///< Of the file when it was last known to be whole.
  std::vector<std::uint32_t> dead;  ///< Ascending.
};

/// A file of columns that belongs to an image, see index/columns_image.h.
struct ColumnsRecord {
  std::uint64_t image = 0;     ///< Place of the image among the checkpoint's.
  std::uint64_t number = 0;    ///< The file's name.
  std::uint64_t checksum = 0;  ///< Of all of it.
  CommitNumber as_of{};        ///< The commit whose metadata they are; not after the checkpoint's.
};

/// What the image files of a collection held at a commit. With the changes recorded since it says
/// which documents an opened index has to read from the store.
struct IndexCheckpointRecord {
  CommitNumber commit{};
  bool may_expire = false;          ///< Some document has a time to live.
  std::vector<ImageRecord> images;  ///< Oldest rows first.
  /// Ascending: those with rows in no image, or with states newer than their image.
  std::vector<DocumentNumber> stale_documents;
  std::vector<ColumnsRecord> columns;  ///< By ascending image, at most one each.
};

/// The widths of searches that were tuned.
struct TuningRecord {
  std::map<FieldNumber, TuneResult> fields;  ///< Without the fields' names.
};

std::string EncodeFormat(const FormatRecord& record);
Result<FormatRecord> DecodeFormat(std::string_view bytes);
std::string EncodeCommit(const CommitRecord& record);
Result<CommitRecord> DecodeCommit(std::string_view bytes);
/// Of keys::CleanShutdown().
std::string EncodeCleanShutdown(bool clean);
Result<bool> DecodeCleanShutdown(std::string_view bytes);
/// Of keys::CollectionByName() and keys::NextCollection().
std::string EncodeCollectionNumber(CollectionNumber collection);
Result<CollectionNumber> DecodeCollectionNumber(std::string_view bytes);
std::string EncodeCollection(const CollectionRecord& record);
Result<CollectionRecord> DecodeCollection(std::string_view bytes);
/// Of keys::Vector() of a sparse field: by ascending index, at least one entry.
std::string EncodeSparseVector(const SparseVector& vector);
Result<SparseVector> DecodeSparseVector(std::string_view bytes);
std::string EncodeMigration(const MigrationRecord& record);
Result<MigrationRecord> DecodeMigration(std::string_view bytes);
std::string EncodeCounters(const CollectionCounters& record);
Result<CollectionCounters> DecodeCounters(std::string_view bytes);
std::string EncodeDocument(const DocumentRecord& record);
Result<DocumentRecord> DecodeDocument(std::string_view bytes);
std::string EncodeVersion(const VersionRecord& record);
Result<VersionRecord> DecodeVersion(std::string_view bytes);
std::string EncodeBody(const BodyRecord& record);
Result<BodyRecord> DecodeBody(std::string_view bytes);
std::string EncodeChunkMetadata(const ChunkMetadataRecord& record);
Result<ChunkMetadataRecord> DecodeChunkMetadata(std::string_view bytes);
std::string EncodeJournal(const JournalRecord& record);
Result<JournalRecord> DecodeJournal(std::string_view bytes);
/// Without id, time and annotation: those are in keys and in a record of their own. A redacted
/// receipt is written without what it must not have.
std::string EncodeReceipt(const KeptReceipt& receipt);
Result<KeptReceipt> DecodeReceipt(std::string_view bytes);
std::string EncodeAnnotation(const ReceiptAnnotation& annotation);
Result<ReceiptAnnotation> DecodeAnnotation(std::string_view bytes);
std::string EncodeReceiptPolicy(const ReceiptPolicy& policy);
Result<ReceiptPolicy> DecodeReceiptPolicy(std::string_view bytes);
std::string EncodeSnapshot(const SnapshotRecord& record);
Result<SnapshotRecord> DecodeSnapshot(std::string_view bytes);
std::string EncodePipeline(const PipelineRecord& record);
Result<PipelineRecord> DecodePipeline(std::string_view bytes);
std::string EncodeRoutes(const RouteSet& set);
/// The name is the key's.
Result<RouteSet> DecodeRoutes(std::string_view name, std::string_view bytes);
std::string EncodeGarbage(const GarbageRecord& record);
Result<GarbageRecord> DecodeGarbage(std::string_view bytes);
std::string EncodeTuning(const TuningRecord& record);
Result<TuningRecord> DecodeTuning(std::string_view bytes);
std::string EncodeIndexCheckpoint(const IndexCheckpointRecord& record);
Result<IndexCheckpointRecord> DecodeIndexCheckpoint(std::string_view bytes);
/// The documents that a commit touched, ascending. Of keys::IndexChange().
std::string EncodeIndexChange(const std::vector<DocumentNumber>& documents);
Result<std::vector<DocumentNumber>> DecodeIndexChange(std::string_view bytes);
/// The document numbers that use or used a chunk id, newest first.
std::string EncodeChunkOwners(const std::vector<DocumentNumber>& owners);
Result<std::vector<DocumentNumber>> DecodeChunkOwners(std::string_view bytes);

/// The chunk's id: the given one, or document id + "#" + 16 hex digits (+ "-n" from the second
/// equal text on). For a loose document the document's id.
std::string ChunkId(const VersionRecord& version, const VersionEntry& entry);

}  // namespace tracevec
