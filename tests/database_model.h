#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model_operation.h"
#include "tracevec/database.h"

namespace tracevec {

// What a database should hold, written a second time in the plainest way: std::map, whole copies,
// no versions but the newest, no index. Shares the chunkers and the embed template with what it
// checks (each has tests of its own) and nothing else.

/// A chunk as it should be stored.
struct ModelChunk {
  std::string id;
  std::string given_id;
  std::string embedded;  ///< All that embedders see of it: equal means unchanged.
  std::string text;
  std::uint32_t nth = 0;  ///< Among the document's chunks of the same text: part of a default id.
  std::optional<Span> span;
  std::string section;
  std::optional<std::uint32_t> page;
  std::optional<std::uint32_t> parent;
  std::optional<std::uint32_t> token_count;
  Metadata given;   ///< With the chunk.
  Metadata merged;  ///< By update_metadata; a null removes.
  std::map<std::string, std::vector<float>> vectors;
};

struct ModelDocument {
  Document put;  ///< As put last; of a loose vector the id and the metadata.
  bool loose = false;
  /// 0: not known, since the document came back after a deletion, and whether the records of its
  /// former life were swept meanwhile is the store's business.
  std::uint32_t version = 0;
  PutOutcome last;  ///< Of the newest version.
  std::vector<ModelChunk> chunks;

  bool expired() const { return put.expires_at.has_value(); }  ///< Tests use the past only.
  Metadata EffectiveMetadata(const ModelChunk& chunk) const;
};

/// A chunk and the document it is in.
struct ModelRow {
  const ModelDocument* document = nullptr;
  std::size_t ordinal = 0;

  const ModelChunk& chunk() const { return document->chunks[ordinal]; }
};

class ModelCollection {
 public:
  explicit ModelCollection(CollectionSchema schema) : schema_(std::move(schema)) {}

  /// Does the operation; after an error nothing is changed.
  Outcome Apply(const Operation& operation);

  const CollectionSchema& schema() const { return schema_; }
  const std::map<std::string, ModelDocument>& documents() const { return documents_; }
  const ModelDocument* Find(const std::string& document) const;
  /// What a compaction does: documents whose time to live has passed are deleted.
  void DropExpired();
  void LearnVersion(const std::string& document, std::uint32_t version);
  std::uint64_t chunks() const { return owners_.size(); }  ///< Expired ones included.
  std::uint64_t visible_chunks() const;

  /// What readers see, by chunk id.
  std::map<std::string, ModelRow> Visible() const;
  /// The same, those that match. Errors: InvalidArgument for a field that was never written.
  Result<std::map<std::string, ModelRow>> Matching(const Filter& filter) const;

 private:
  Outcome Upsert(const Operation& operation);
  Outcome Put(const Operation& operation);
  Outcome Delete(const Operation& operation);
  Outcome DeleteDocument(const std::string& id);
  Outcome UpdateMetadata(const Operation& operation);

  /// The rows a delete or an update is for.
  Result<std::vector<ModelRow>> Select(const Operation& operation) const;
  Result<ModelDocument> PreparePut(const Operation& operation, const Document& document) const;
  /// Takes over what an unchanged chunk keeps; false when there is none. `used` marks those taken.
  bool Keep(const ModelDocument& before, std::vector<bool>* used, const Metadata& put,
            ModelChunk* chunk) const;
  Status CheckUnclaimed(const ModelDocument& document) const;
  void Replace(ModelDocument document);
  void Erase(const std::string& id);
  void NoteFields(const Metadata& metadata);

  CollectionSchema schema_;
  std::map<std::string, ModelDocument> documents_;
  std::map<std::string, std::string> owners_;  // Chunk id -> document id.
  std::set<std::string> once_used_;            // Ids of documents that were deleted.
  std::set<std::string> known_fields_;
};

/// The collections of a database by name.
struct DatabaseModel {
  std::map<std::string, ModelCollection> collections;

  Outcome Apply(const Operation& operation);
};

}  // namespace tracevec
