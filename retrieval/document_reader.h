#pragma once

#include <optional>
#include <string>
#include <string_view>

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

/// A chunk's text: apart from its body, or the slice of its version's source.
Result<std::string> ReadChunkText(const Store& store, CollectionNumber collection,
                                  DocumentNumber document, const VersionRecord& version,
                                  const VersionEntry& entry);

/// A chunk's vector as given, or nothing.
Result<std::optional<std::vector<float>>> ReadVector(const Store& store,
                                                     CollectionNumber collection,
                                                     const BoundField& field,
                                                     DocumentNumber document, ChunkNumber chunk);

/// Everything of a chunk. REQUIRES: ordinal < version.entries.size().
Result<Chunk> ReadChunk(const Store& store, const CollectionState& state, DocumentNumber document,
                        const VersionRecord& version, std::size_t ordinal, CommitNumber commit,
                        bool with_vectors);

/// Whether the version is served at `now`.
bool Expired(const VersionRecord& version, Timestamp now);

DocumentVersion DescribeVersion(const VersionRecord& version);

}  // namespace tracevec
