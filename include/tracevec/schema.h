#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/export.h"
#include "tracevec/status.h"

namespace tracevec {

/// How two vectors are compared. Larger scores are better everywhere. Stored: do not renumber.
enum class Metric : std::uint8_t {
  kCosine = 0,  ///< score = cosine; zero vectors are rejected
  kIp = 1,      ///< score = dot product
  kL2 = 2,      ///< score = minus the squared Euclidean distance
};
TRACEVEC_EXPORT std::string_view MetricName(Metric metric);
/// "cosine", "ip" or "l2". Errors: InvalidArgument with the nearest name.
TRACEVEC_EXPORT Result<Metric> ParseMetric(std::string_view name);

/// Which model made a vector. Two declared, unequal spaces never mix: EmbeddingSpaceMismatch.
struct EmbeddingSpace {
  std::string model;            ///< Name of the model. Empty: not declared.
  std::string revision;         ///< Its revision or checksum.
  std::string normalization;    ///< As the model card says it: "l2", "none".
  std::string document_prompt;  ///< Prefix put before documents.
  std::string query_prompt;     ///< Prefix put before queries.

  bool declared() const { return !model.empty(); }
  friend bool operator==(const EmbeddingSpace&, const EmbeddingSpace&) = default;
};

/// What searches compare before they score the best again with float32. Stored: do not renumber.
enum class CodeChoice : std::uint8_t {
  kAuto = 0,  ///< 4 bits where rows then take fewer cache lines and searches find as much; else 8.
  kInt8 = 1,  ///< A byte a component.
  kInt4 = 2,  ///< Half a byte, of randomly rotated vectors. Vectors that just came have 8 bits.
};
TRACEVEC_EXPORT std::string_view CodeChoiceName(CodeChoice codes);
/// "auto", "int8" or "int4". Errors: InvalidArgument with the nearest name.
TRACEVEC_EXPORT Result<CodeChoice> ParseCodeChoice(std::string_view name);

/// One vector per chunk under a name.
struct VectorField {
  std::uint32_t dimension = 0;  ///< 1 to 65,536.
  Metric metric = Metric::kCosine;
  EmbeddingSpace space;  ///< May be left undeclared.
  /// What is handed to an embedder for a chunk; {title}, {section} and {text} are replaced. Its
  /// result decides, by hash, whether a chunk is unchanged.
  std::string embed_template = "{text}";
  CodeChoice codes = CodeChoice::kAuto;

  friend bool operator==(const VectorField&, const VectorField&) = default;
};

/// A vector of which only the entries that are not zero are given: weights of words or tokens, as
/// SPLADE, BGE-M3 or a TF-IDF make them. In any order, no index twice, values finite, at most
/// 65,536 entries. One without entries is like none: what has it has no vector, and a query finds
/// nothing.
struct SparseVector {
  std::vector<std::uint32_t> indices;
  std::vector<float> values;  ///< One an index.

  friend bool operator==(const SparseVector&, const SparseVector&) = default;
};

/// One sparse vector per chunk under a name. Its score is the inner product: products are added in
/// double by ascending index, so that equal vectors tie. Rows without an index in common with the
/// query are not found.
struct SparseField {
  friend bool operator==(const SparseField&, const SparseField&) = default;
};

/// The text of chunks, for lexical search by BM25 (Robertson and Zaragoza, "The Probabilistic
/// Relevance Framework: BM25 and Beyond", 2009). Stored; opening a collection with another is an
/// error. docs/lexical.md says what an analyzer does.
struct TextField {
  /// "simple": words as they are, case folded. A language of Snowball ("english", "german", ...):
  /// stems of words.
  std::string analyzer = "english";
  /// Words that are neither indexed nor searched for, at most 1,000 of 255 bytes. None by default:
  /// BM25 gives words that are everywhere next to no weight.
  std::vector<std::string> stop_words = {};
  double k1 = 1.2;  ///< How much a term's further occurrences count, 0 to 100.
  double b = 0.75;  ///< How much long texts are discounted, 0 to 1.
  friend bool operator==(const TextField&, const TextField&) = default;
};

/// Lucene's 33 English stop words ("a", "an", "and", ...), for TextField::stop_words.
TRACEVEC_EXPORT const std::vector<std::string>& EnglishStopWords();

/// The type of a declared metadata field. Stored: do not renumber.
enum class MetadataType : std::uint8_t {
  kBool = 0,
  kInt = 1,
  kDouble = 2,
  kString = 3,
  kTimestamp = 4,
  kBoolList = 5,
  kIntList = 6,
  kDoubleList = 7,
  kStringList = 8,
  kTimestampList = 9,
};
/// "bool", "int", "float", "string", "timestamp", "list[string]", ...
TRACEVEC_EXPORT std::string_view MetadataTypeName(MetadataType type);
/// The inverse of MetadataTypeName; also "str" and "datetime". Errors: InvalidArgument.
TRACEVEC_EXPORT Result<MetadataType> ParseMetadataType(std::string_view name);

/// What a collection holds. Fields not declared in `metadata` are stored as given and can be
/// filtered too; declared ones are checked for their type (null is always allowed; an int is
/// accepted where a float is declared).
struct CollectionSchema {
  std::map<std::string, VectorField, std::less<>> vectors;  ///< 0 to 16 fields.
  /// 0 to 16 fields, named otherwise than those of `vectors`.
  std::map<std::string, SparseField, std::less<>> sparse_vectors = {};
  std::optional<TextField> text;
  std::map<std::string, MetadataType, std::less<>> metadata;

  friend bool operator==(const CollectionSchema&, const CollectionSchema&) = default;
};

}  // namespace tracevec
