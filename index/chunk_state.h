#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/ids.h"
#include "tracevec/value.h"

namespace tracevec {

/// What the chunks of one document version have in common. Immutable; shared by their rows.
struct DocumentState {
  DocumentNumber number{};
  std::string id;
  std::uint32_t version = 0;
  std::uint32_t chunk_count = 0;
  bool loose = false;
  std::optional<Timestamp> expires_at;
  Metadata metadata;
};

/// What is true of a chunk from a commit on: everything about it that can change without its
/// vector changing. A row keeps its states as a list, newest first.
struct ChunkState {
  CommitNumber commit{};
  std::shared_ptr<const DocumentState> document;
  std::shared_ptr<const Metadata> own;  ///< Own fields; null when there are none.
  /// `own` is everything: the document's fields are not inherited (some were removed).
  bool own_is_complete = false;
  /// The state before, or null. Owned. The writer frees what is older than the oldest view; no
  /// reader gets there, since it stops at the first state that is not newer than its view.
  ChunkState* older = nullptr;
};

/// Frees a state and all before it.
void FreeStates(ChunkState* state);
/// Puts a state in front of a row's list and frees states that no view at or after `oldest_view`
/// can see, or leaves that to a later call. Takes ownership. Writer only.
void PushNewest(std::atomic<ChunkState*>* newest, std::unique_ptr<ChunkState> state,
                CommitNumber oldest_view);

}  // namespace tracevec
