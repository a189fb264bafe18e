#include "retrieval/chunk_ids.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/document_reader.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

/// Owners that a reader of an older view or of a snapshot may still need. The sweeper takes off
/// those that none does.
constexpr std::size_t kMostOwners = 64;

Status Taken(const std::string& id, const std::string& owner) {
  return Status::AlreadyExists(fmt::format(
      "chunk id '{}' belongs to document '{}'; ids are unique in a collection", id, owner));
}

}  // namespace

Status ChunkIdClaims::Claim(const std::string& id, DocumentNumber document, StoreBatch* batch) {
  const auto [claim, fresh] = claimed_.emplace(id, document);
  if (!fresh && claim->second != document) return Taken(id, "written by the same call");

  const std::string key = keys::ChunkId(state_.number, id);
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.Get(Table::kRecords, key));
  std::vector<DocumentNumber> owners;
  if (bytes) {
    TRACEVEC_ASSIGN_OR_RETURN(owners, DecodeChunkOwners(*bytes));
  }
  if (!owners.empty() && owners.front() == document) return Status::Ok();
  for (const DocumentNumber owner : owners) {
    if (owner == document || owner == released_) continue;
    TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                              VersionAt(store_, state_.number, owner, state_.counters.commit));
    if (!version) continue;
    for (const VersionEntry& entry : version->entries) {
      if (ChunkId(*version, entry) == id) return Taken(id, version->document_id);
    }
  }
  std::erase(owners, document);
  owners.insert(owners.begin(), document);
  owners.resize(std::min(owners.size(), kMostOwners));
  batch->Put(Table::kRecords, key, EncodeChunkOwners(owners));
  return Status::Ok();
}

}  // namespace tracevec
