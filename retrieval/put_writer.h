#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "retrieval/chunk_ids.h"
#include "retrieval/commit.h"
#include "retrieval/put_document.h"

namespace tracevec {

/// Turns ready puts into one commit.
/// REQUIRES: Engine::writer_mutex() held from construction to the end of Finish.
class PutWriter {
 public:
  PutWriter(Engine& engine, CollectionState& state, std::string label);

  /// With the deletion of the document that it was moved from, if there is one. Errors: Conflict,
  /// AlreadyExists; the commit must then be abandoned. `put` must live until Finish.
  Status Add(ReadyPut* put);
  /// What embedders were called for, for the journal.
  Status AddCalls(std::span<const EmbedCall> calls);
  Status Finish(bool sync);

 private:
  Status CheckNotMoved(const PutPlan& plan) const;
  Status AddChanged(ReadyPut* put);
  Status RemoveMoved(const ReadyPut& put);
  VersionRecord MakeVersion(const PutPlan& plan, std::uint32_t* next_chunk) const;
  BodyRecord MakeBody(const ReadyPut& put, std::size_t position, const PreparedChunk& chunk) const;
  Status PutAddedChunks(const ReadyPut& put, DocumentNumber number, const VersionRecord& version,
                        const std::shared_ptr<const DocumentState>& document);
  Status PutKeptChunks(const PutPlan& plan, DocumentNumber number, const VersionRecord& version,
                       const std::shared_ptr<const DocumentState>& document);
  /// Writes what a kept chunk's body now has to say: its text when that is no longer a slice of the
  /// source (`newly_apart`), its token count when one is given.
  Status RefreshBody(DocumentNumber number, ChunkNumber chunk, const PreparedChunk& prepared,
                     bool newly_apart);
  /// Of a kept chunk, the vector of a migration's other space, where that embeds a title or a
  /// section that changed: it is filled anew.
  void DropStaleVector(DocumentNumber number, const VersionRecord& before,
                       const VersionEntry& entry_before, const VersionRecord& version,
                       const VersionEntry& entry);
  void Count(const PutPlan& plan);

  Engine& engine_;
  CollectionState& state_;
  std::string label_;
  Commit commit_;
  ChunkIdClaims claims_;
  std::vector<ReadyPut*> puts_;
};

}  // namespace tracevec
