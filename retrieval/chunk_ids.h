#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "retrieval/collection_state.h"
#include "storage/store.h"

namespace tracevec {

/// Claims the chunk ids that a commit adds, so that within a collection an id names one chunk.
/// REQUIRES: Engine::writer_mutex() held.
class ChunkIdClaims {
 public:
  ChunkIdClaims(const Store& store, const CollectionState& state) : store_(store), state_(state) {}

  /// Adds the id's record to the batch. Errors: AlreadyExists when a live chunk of another
  /// document, stored or claimed in this commit, has the id.
  Status Claim(const std::string& id, DocumentNumber document, StoreBatch* batch);
  /// The ids of a document that this commit deletes are free.
  void Release(DocumentNumber document) { released_ = document; }

 private:
  const Store& store_;
  const CollectionState& state_;
  std::unordered_map<std::string, DocumentNumber> claimed_;
  std::optional<DocumentNumber> released_;
};

}  // namespace tracevec
