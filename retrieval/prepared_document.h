#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/content_hash.h"
#include "retrieval/collection_state.h"
#include "storage/records.h"
#include "tracevec/document.h"

namespace tracevec {

/// A chunk of a document that is about to be put. Its entry has no chunk number yet.
struct PreparedChunk {
  VersionEntry entry;
  std::string_view text;  ///< Into the document that was prepared.
  std::string id;
  const Metadata* metadata = nullptr;  ///< Own fields as given; null when the chunker cut it.
  std::optional<std::uint32_t> token_count;
};

/// A checked document, cut into chunks, with everything that does not depend on what is stored.
struct PreparedDocument {
  const Document* document = nullptr;
  ContentHash content_hash;
  std::vector<PreparedChunk> chunks;

  /// What to hand to the embedder of a field for a chunk.
  std::string TextToEmbed(const BoundField& field, std::size_t chunk) const;
};

/// Checks what a put says, apart from spans and chunk texts, and hashes all of it. Equal hashes:
/// the put writes nothing. Pure. Errors: InvalidArgument.
Result<ContentHash> CheckAndHash(const CollectionState& state, const Document& document);

/// Cuts a checked document, finds the spans' bytes, and hashes and names the chunks. Pure. The
/// result points into `document`. Errors: InvalidArgument.
Result<PreparedDocument> PrepareDocument(const CollectionState& state, const Document& document,
                                         ContentHash content_hash);

/// Gives each chunk its id. A chunk with kept_from[i] >= 0 keeps the number in the row of equal
/// texts that `before`'s entry has; the others take the numbers left. `kept_from` may be empty.
/// Errors: InvalidArgument when two chunks would have one id.
Status NameChunks(const std::vector<std::int64_t>& kept_from, const VersionRecord* before,
                  PreparedDocument* prepared);

}  // namespace tracevec
