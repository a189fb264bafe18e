#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/database.h"

namespace tracevec {

/// One write to a database, as a value: it can be done to a database and to its model alike, in
/// another process, and again.
struct Operation {
  enum class Kind : std::uint8_t {
    kCreateCollection,
    kDropCollection,
    kUpsert,
    kPutDocument,
    kPutDocuments,
    kDeleteDocument,
    kDelete,
    kUpdateMetadata,
    kRebuild,  ///< Of the index, on one thread: changes no answer.
  };

  Kind kind = Kind::kUpsert;
  std::string collection;
  CollectionSchema schema;         ///< kCreateCollection.
  std::vector<std::string> ids;    ///< Of a selection without `where`, too.
  std::string where;               ///< kDelete, kUpdateMetadata.
  Metadata patch;                  ///< kUpdateMetadata.
  std::vector<std::string> texts;  ///< kUpsert.
  std::vector<Metadata> metadata;  ///< kUpsert.
  std::vector<Document> documents;
  /// Fields that get vectors: kUpsert, kPutDocument, kPutDocuments.
  std::vector<std::string> fields;
  /// Vectors are TestVector of the embedded text (of an upsert: of the id) and this.
  std::uint64_t salt = 0;
  /// kPutDocument: the caller plans, and hands in the vectors; else an embedder is called.
  bool with_plan = false;

  /// One line for a log.
  std::string Describe() const;
};

/// What one put did.
struct PutOutcome {
  std::uint32_t version = 0;  ///< 0: not known.
  bool unchanged = false;
  std::uint32_t kept = 0;
  std::uint32_t added = 0;
  std::uint32_t removed = 0;
};

/// What a write answered.
struct Outcome {
  Status status;
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  std::vector<PutOutcome> puts;
};

/// How two outcomes differ, "" if not at all. Messages are not compared, nor versions not known.
std::string DifferenceOf(const Outcome& expected, const Outcome& actual);

/// Does the operation to a database.
Outcome Execute(Database& database, const Operation& operation);

/// A vector that depends on nothing but the arguments; never zero. Some are equal, for ties.
std::vector<float> TestVector(std::string_view text, std::uint64_t salt, std::uint32_t dimension);

}  // namespace tracevec
