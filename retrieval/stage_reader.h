#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/stage.h"
#include "storage/records.h"
#include "tracevec/schema.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

/// One version of a document as stages read it. One thread at a time.
class StageDocument {
 public:
  virtual ~StageDocument() = default;
  StageDocument() = default;
  StageDocument(const StageDocument&) = delete;
  StageDocument& operator=(const StageDocument&) = delete;

  virtual const VersionRecord& version() const = 0;
  /// Where a chunk stands in version().entries; nothing when it is not part of it.
  virtual std::optional<std::size_t> OrdinalOf(ChunkNumber chunk) = 0;
  /// The source text; empty where the version has none. Valid as long as this.
  virtual Result<std::string_view> Source() = 0;
  /// A chunk's text: given apart, or a slice of the source.
  virtual Result<std::string> ChunkText(std::size_t ordinal) = 0;
};

/// A chunk's vector of a field as the index compares it: of unit length under cosine.
struct StageVector {
  const float* data = nullptr;  ///< Null: the chunk has none. Valid as long as the reader.
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
};

/// Reads documents and vectors for stages, each document once. One thread at a time.
class StageReader {
 public:
  virtual ~StageReader() = default;
  StageReader() = default;
  StageReader(const StageReader&) = delete;
  StageReader& operator=(const StageReader&) = delete;

  virtual std::string_view CollectionName(std::uint32_t collection) const = 0;
  /// The id of a chunk with a row. Needs no document.
  virtual std::string ChunkIdOf(const CandidateKey& key) = 0;
  /// The version of its document that is in force at the view. Valid as long as this. Errors:
  /// Corruption, IOError.
  virtual Result<StageDocument*> Document(const CandidateKey& key) = 0;
  /// Of a chunk with a row: its document's fields and its own.
  virtual Result<Metadata> MetadataOf(const CandidateKey& key) = 0;
  /// One for each key; a name "" is the only field of its collection. Errors: InvalidArgument when
  /// no collection of the keys has the field.
  virtual Result<std::vector<StageVector>> Vectors(std::string_view field,
                                                   std::span<const CandidateKey> keys) = 0;
};

}  // namespace tracevec
