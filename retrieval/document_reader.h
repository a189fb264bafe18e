#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "retrieval/collection_state.h"
#include "storage/records.h"
#include "storage/store.h"

namespace tracevec {

// Reading documents from the store as of a commit. Versions are immutable and say at which commit
// they came, so no snapshot of the store is needed.

/// The id record: the document's number and its newest version.
Result<std::optional<DocumentRecord>> ReadDocumentRecord(const Store& store,
                                                         CollectionNumber collection,
                                                         std::string_view id);
Result<std::optional<VersionRecord>> ReadVersion(const Store& store, CollectionNumber collection,
                                                 DocumentNumber document, std::uint32_t version);
/// The version in force at a commit; nothing when there was none, or it was a deletion.
Result<std::optional<VersionRecord>> VersionAt(const Store& store, CollectionNumber collection,
                                               DocumentNumber document, CommitNumber commit);
/// The record in force at a commit; an empty one when there is none.
Result<ChunkMetadataRecord> ReadChunkMetadata(const Store& store, CollectionNumber collection,
                                              DocumentNumber document, ChunkNumber chunk,
                                              CommitNumber commit);

/// A chunk found by its id at a commit.
struct FoundChunk {
  DocumentNumber document{};
  VersionRecord version;
  std::size_t ordinal = 0;  ///< Into version.entries.
};
Result<std::optional<FoundChunk>> FindChunk(const Store& store, CollectionNumber collection,
                                            std::string_view chunk_id, CommitNumber commit);

/// One version of a document with what reading several of its chunks needs but once: the source
/// they are slices of, and where each stands. One thread at a time.
class VersionReader {
 public:
  VersionReader(const Store& store, CollectionNumber collection, DocumentNumber document,
                VersionRecord version);
  /// Reads the version. Errors: Corruption when it is missing; IOError.
  static Result<VersionReader> Open(const Store& store, CollectionNumber collection,
                                    const DocumentState& document);
  /// The same, for who knows of one of its chunks: of a loose vector nothing is read.
  static Result<VersionReader> OfChunk(const Store& store, CollectionNumber collection,
                                       const DocumentState& document, ChunkNumber chunk);

  DocumentNumber document() const { return document_; }
  const VersionRecord& version() const { return version_; }
  /// Where a chunk stands in the version; nothing when it is not part of it.
  std::optional<std::size_t> OrdinalOf(ChunkNumber chunk);
  /// The source text; empty where the version has none. Valid as long as this.
  Result<std::string_view> Source();
  /// A chunk's text: apart from its body, or a slice of the source.
  Result<std::string> ChunkText(std::size_t ordinal);

 private:
  const Store* store_;
  CollectionNumber collection_{};
  DocumentNumber document_{};
  VersionRecord version_;
  std::optional<PinnedValue> source_;
  std::vector<std::pair<ChunkNumber, std::uint32_t>> ordinals_;  // Sorted; made when asked for.
};

/// A chunk's vector as given, or nothing.
Result<std::optional<std::vector<float>>> ReadVector(const Store& store,
                                                     CollectionNumber collection,
                                                     const BoundField& field,
                                                     DocumentNumber document, ChunkNumber chunk);

/// The same of a sparse field, by ascending index.
Result<std::optional<SparseVector>> ReadSparseVector(const Store& store,
                                                     CollectionNumber collection,
                                                     const BoundSparseField& field,
                                                     DocumentNumber document, ChunkNumber chunk);

/// Everything of a chunk. REQUIRES: ordinal < reader.version().entries.size().
Result<Chunk> ReadChunk(const Store& store, const CollectionState& state, VersionReader& reader,
                        std::size_t ordinal, CommitNumber commit, bool with_vectors);

/// The time that embedding a chunk took for the fields in force, 0 if not known.
double EmbedMicros(const CollectionState& state, const BodyRecord& body);

/// Whether the version is served at `now`.
bool Expired(const VersionRecord& version, Timestamp now);

DocumentVersion DescribeVersion(const VersionRecord& version);

}  // namespace tracevec
