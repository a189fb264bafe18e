#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "index/row_block.h"
#include "retrieval/collection_state.h"
#include "retrieval/engine.h"
#include "storage/records.h"
#include "storage/store.h"

namespace tracevec {

/// One atomic change of one collection while it is being put together: what goes into the store,
/// and what the index must do once it is there. Nothing is changed before Finish.
/// REQUIRES: Engine::writer_mutex() held from construction to the end of Finish.
class Commit {
 public:
  Commit(Engine& engine, CollectionState& state, std::string kind, std::string label);

  CommitNumber number() const { return number_; }
  Timestamp time() const { return journal_.time; }
  StoreBatch& batch() { return batch_; }
  CollectionCounters& counters() { return counters_; }
  JournalRecord& journal() { return journal_; }

  /// Remembers undeclared top-level names, so that filters on them are known to mean something.
  void NoteFields(const Metadata& metadata);
  void NoteExpiry() { may_expire_ = true; }
  /// Writes a chunk's metadata as of this commit.
  void PutChunkMetadata(DocumentNumber document, ChunkNumber chunk,
                        const ChunkMetadataRecord& record);
  void CountAsserted(std::uint64_t vectors) { asserted_vectors_ += vectors; }
  /// What no view at or after this commit can see.
  void AddGarbage(const GarbageRecord& garbage);

  // What the index does after the store has the batch. Vectors of rows must live until Finish.
  void AddRow(NewRow row) { added_.push_back(std::move(row)); }
  void RemoveRow(DocumentNumber document, ChunkNumber chunk) {
    removed_.push_back({document, chunk});
  }
  void PushState(DocumentNumber document, ChunkNumber chunk, std::unique_ptr<ChunkState> state) {
    pushed_.push_back({{document, chunk}, std::move(state)});
  }

  /// Writes, applies, publishes. After an error the collection is as it was; the write is wholly
  /// absent, or, where the file system gave way, may be found whole at the next open.
  Status Finish(bool sync);
  /// Whether the store has it: Finish may run out of memory after that, too.
  bool is_stored() const { return is_stored_; }

 private:
  struct PushedState {
    ChunkKey key;
    std::unique_ptr<ChunkState> state;
  };

  void PutBookkeeping();
  std::vector<DocumentNumber> ChangedDocuments() const;
  void NoteChanges();
  void RecordChanges();
  void DropCheckpoint();
  void UpdateIndex();
  void ApplyToIndex();
  Status LoadIndexWhenLarge();

  Engine& engine_;
  CollectionState& state_;
  const CommitNumber number_;
  StoreBatch batch_;
  CollectionCounters counters_;
  JournalRecord journal_;
  std::vector<std::string> new_fields_;
  bool may_expire_ = false;
  std::uint64_t asserted_vectors_ = 0;
  std::vector<GarbageKey> garbage_;
  std::vector<NewRow> added_;
  std::vector<ChunkKey> removed_;
  std::vector<PushedState> pushed_;
  std::uint64_t recorded_changes_ = 0;
  bool drops_checkpoint_ = false;
  bool is_stored_ = false;
};

}  // namespace tracevec
