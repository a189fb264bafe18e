#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retrieval/collection_state.h"
#include "storage/byte_patterns.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"
#include "tracevec/erasure.h"

namespace tracevec {

/// Everything that is stored of one document, taken down before it is erased.
struct ErasureEvidence {
  std::uint32_t versions = 0;
  std::uint32_t chunks = 0;
  std::uint32_t vectors = 0;
  std::vector<std::string> chunk_ids;  ///< Sorted, each once.
  BytePatterns patterns;               ///< Its texts, metadata and vectors.
  /// For each pattern the one that tells, when a record of another document has it, that this is no
  /// trace: itself, or for a normalised vector, which images alone have, the vector as given.
  std::vector<std::size_t> shared_with;
  /// For each pattern whether it is a text or a vector: what no receipt may have either.
  std::vector<bool> is_content;
  std::uint32_t short_patterns = 0;
};

/// Reads all versions of a document that are stored, kept or not. Errors: IOError, Corruption.
Result<ErasureEvidence> CollectEvidence(const Store& store, const CollectionState& state,
                                        DocumentNumber document);

/// Reads all files for the patterns of what was erased. What another record has too is no trace;
/// anything else is a finding. Fills the certificate's figures.
Status VerifyErasure(const Store& store, const ErasureEvidence& evidence, keys::Owner erased,
                     ErasureCertificate* certificate);

}  // namespace tracevec
