#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/analyzer.h"
#include "core/content_hash.h"
#include "core/ids.h"
#include "index/collection_index.h"
#include "retrieval/collection_view.h"
#include "retrieval/query_memory.h"
#include "retrieval/snapshot_holds.h"
#include "retrieval/snapshot_indexes.h"
#include "storage/records.h"

namespace tracevec {

/// A vector field as the engine uses it: its place in the index and in the keys.
struct BoundField {
  std::string name;
  FieldNumber number{};
  std::size_t index = 0;  ///< In the index's columns and in `fields`.
  VectorField field;
};

/// A sparse field, likewise.
struct BoundSparseField {
  std::string name;
  FieldNumber number{};
  std::size_t index = 0;  ///< In `sparse_fields`, and in the index.
};

/// Where a garbage record is stored.
struct GarbageKey {
  CommitNumber commit{};  ///< Views at or after it cannot see the garbage.
  std::string key;
};

/// What of a collection's index is in files. Of the writer.
struct StoredIndex {
  /// A checkpoint is stored, so that commits record which documents they touch.
  bool has_checkpoint = false;
  /// It misses something: an image that is new, gone or changed on disk.
  bool checkpoint_is_due = false;
  std::uint64_t changed_documents = 0;  ///< Recorded since the checkpoint; one may count twice.
  /// Numbers of the files that the checkpoint names, and of those written since: the next one
  /// removes what it does not name.
  std::vector<std::uint64_t> images;
  std::set<std::uint64_t> damaged;   ///< Of them, those found to be damaged while open,
  std::set<std::uint64_t> verified;  ///< and those found to be whole.
  /// Segments whose files were not read whole at opening, since their stamps told it.
  std::vector<std::shared_ptr<const Segment>> unverified;
};

/// What a user should know of a collection and nobody asked for. Safe for concurrent use.
class Warnings {
 public:
  /// Keeps the last few different ones.
  void Add(std::string warning);
  std::vector<std::string> List() const;

 private:
  static constexpr std::size_t kMost = 16;

  mutable std::mutex mutex_;
  std::deque<std::string> list_;
};

/// What the collections read at a snapshot share with whoever opened it.
struct SnapshotHandle {
  std::string name;
  SnapshotHolds::Pin pin;
  std::atomic<bool> closed{false};

  Status CheckOpen() const;
  Status RefuseToWrite() const;
};

/// Which documents commits touched. Of the writer.
struct ChangeLog {
  std::vector<std::pair<CommitNumber, DocumentNumber>> entries;
};

struct CollectionState;

/// Where the handles of a collection find its state: another one after a migration was cut over.
/// Safe for concurrent use.
class StateSlot {
 public:
  explicit StateSlot(std::shared_ptr<CollectionState> state) : state_(std::move(state)) {}
  std::shared_ptr<CollectionState> Get() const;
  void Set(std::shared_ptr<CollectionState> state);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<CollectionState> state_;
};

/// What readers of a state can no longer read.
enum class Gone : std::uint8_t { kNothing, kVectors, kAll };

/// An open collection. The first group never changes; the second belongs to the writer and is
/// guarded by Engine::writer_mutex(); readers use `views` alone.
struct CollectionState : std::enable_shared_from_this<CollectionState> {
  /// Names beyond this many are no longer told apart from misspelt ones: the list is part of the
  /// collection's record and is written when it grows.
  static constexpr std::size_t kMostKnownFields = 10'000;

  CollectionNumber number{};
  std::string name;
  CollectionSchema schema;
  std::vector<BoundField> fields;                 ///< In name order.
  std::vector<BoundSparseField> sparse_fields;    ///< In name order.
  std::unique_ptr<QueryMemory[]> query_memories;  ///< One a field. Of readers.
  /// Of the text field; null: there is none, or this build does not have it.
  std::shared_ptr<const Analyzer> analyzer;
  ContentHash fields_hash;  ///< Over names, templates and spaces: part of chunk identity.
  bool sync = false;
  std::shared_ptr<const SnapshotHolds> holds;      ///< Of the database; null: none.
  std::shared_ptr<const SnapshotHandle> snapshot;  ///< Of a collection read at a snapshot,
  std::shared_ptr<const LoadedCollection> loaded;  ///< which may have this with others.

  CollectionRecord record;  ///< With the known fields of the last commit.
  CollectionCounters counters;
  std::shared_ptr<CollectionIndex> index;  ///< Null for a small collection.
  StoredIndex stored_index;
  std::shared_ptr<const TuningRecord> tuning;  ///< Null: nothing was tuned.
  std::deque<GarbageKey> garbage;              ///< Stored garbage records, oldest first.
  bool may_expire = false;
  /// Whether chunks may have metadata records of their own; empty: not looked yet.
  std::optional<bool> has_chunk_metadata;
  std::optional<MigrationRecord> migration;
  /// Of those that prepare another state beside this one.
  std::vector<std::shared_ptr<ChangeLog>> change_logs;
  /// What this took the place of, one after the other: calls in flight, and scans, may still read
  /// their views. One that nobody reads is forgotten at the next switch. Constant once published.
  std::vector<std::weak_ptr<CollectionState>> earlier;
  std::weak_ptr<StateSlot> slot;  ///< Of the handles; guarded by the engine's catalog.

  ViewRegistry views;
  std::atomic<bool> dropped{false};     ///< Nothing is built of it, or written, any more;
  std::atomic<bool> superseded{false};  ///< for there is another state in its place.
  std::atomic<Gone> gone{Gone::kNothing};
  /// Times that records or vectors were taken away which a view before may have read: by erasures,
  /// and where a vector of a migration's other space went stale. An index made of them is to be
  /// given up.
  std::atomic<std::uint64_t> withdrawals{0};
  std::atomic<std::uint64_t> asserted_vectors{0};  ///< Written without a space since this open.

  Warnings warnings;

  // Of the index, for statistics and back-pressure.
  std::atomic<std::uint64_t> unbuilt_rows{0};   ///< Rows of sealed blocks that wait for a segment.
  std::atomic<std::uint64_t> appended_rows{0};  ///< To the head since this open.
  mutable std::atomic<std::uint64_t> write_stalls{0};  ///< Writes that waited for the builder.
  std::atomic<std::uint64_t> builds{0};                ///< Segments built since this open.
  std::atomic<std::uint64_t> graph_insertions{0};      ///< Rows inserted into graphs by them.

  /// Whether a commit must say what it did to which rows: for the index, for the one that is made
  /// of files later, or for one that is made beside it.
  bool TracksRows() const {
    return index != nullptr || stored_index.has_checkpoint || !change_logs.empty();
  }
  /// The oldest commit whose data a view may read, of this or of what it took the place of.
  CommitNumber OldestInUse() const;
  /// The same, or a snapshot: garbage of later ones stays.
  CommitNumber OldestReadable() const;
  /// NotFound once it was dropped; Conflict once its vectors were, since a migration ended.
  Status CheckNotDropped() const;
  /// The same for who writes; and Conflict when another state took its place. Call again then.
  Status CheckCurrent() const;
  /// Numbers of all fields, sparse ones too, that have vectors: a migration has two of one field.
  std::vector<FieldNumber> StoredFields() const;
  std::vector<FieldLayout> Layouts() const;
  /// Names of the declared metadata fields: those get columns first.
  std::vector<std::string> DeclaredFields() const;
  /// An empty index of its fields and texts.
  std::shared_ptr<CollectionIndex> NewIndex() const;
  /// The terms of a chunk's text as the index wants them; null: texts are not indexed, or it has
  /// none. Cost: some 20 us for 500 bytes. Any thread.
  std::shared_ptr<const RowTerms> TermsOf(std::string_view text) const;
  /// Those it took the place of that are still read.
  std::vector<std::shared_ptr<CollectionState>> EarlierInUse() const;
  /// Tells readers of earlier states that vectors of a field are not what they were. Call it before
  /// they change.
  void WarnReadersOf(FieldNumber field) const;
  /// Makes the state as of the counters' commit visible.
  void PublishView();
};

/// Binds a stored collection. Pure.
std::shared_ptr<CollectionState> BindCollection(CollectionNumber number, CollectionRecord record,
                                                bool default_sync);

/// The field of this name; "" stands for the only one. Errors: InvalidArgument with the nearest
/// name.
Result<const BoundField*> FindField(const CollectionState& state, std::string_view name);

/// The same for sparse fields.
Result<const BoundSparseField*> FindSparseField(const CollectionState& state,
                                                std::string_view name);

/// Of the text field. Errors: InvalidArgument when there is none, Unsupported when this build does
/// not have its analyzer.
Result<const Analyzer*> FindAnalyzer(const CollectionState& state);

/// Errors: EmbeddingSpaceMismatch when both are declared and differ.
Status CheckSpace(const BoundField& field, const EmbeddingSpace& given);

}  // namespace tracevec
