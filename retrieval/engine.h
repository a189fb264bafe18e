#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/kernels.h"
#include "retrieval/collection_state.h"
#include "retrieval/index_builder.h"
#include "retrieval/index_options.h"
#include "retrieval/routes.h"
#include "retrieval/snapshot_indexes.h"
#include "storage/store.h"
#include "tracevec/database.h"
#include "tracevec/status.h"

namespace tracevec {

/// An open database as its collections use it: the store, the kernels, the commit counter, the
/// writer's lock and the open collections. Shared by every handle, so that a handle used after
/// Close finds something that says so.
///
/// Lock order: the builder's build mutex, writer_mutex_, catalog_mutex_, the builder's queue, a
/// view registry's own mutex. Callbacks of the user run with none of them held.
class Engine {
 public:
  static Result<std::shared_ptr<Engine>> Open(const std::string& path, const OpenOptions& options,
                                              std::shared_ptr<rocksdb::FileSystem> file_system,
                                              const IndexOptions& index = {});
  Status Close();

  /// Closed after Close.
  Status CheckOpen() const;
  /// Closed, or ReadOnly.
  Status CheckWritable() const;

  const std::string& path() const { return path_; }
  Store& store() { return *store_; }
  const Store& store() const { return *store_; }
  const KernelTable& kernels() const { return *kernels_; }
  std::uint64_t timeline() const { return timeline_; }
  bool read_only() const { return options_.mode == OpenMode::kRead; }
  const IndexOptions& index_options() const { return index_options_; }

  /// Held by whoever writes, from reading what it depends on to publishing the view.
  std::mutex& writer_mutex() { return writer_mutex_; }
  /// The next commit's number; never given twice, also when the commit fails.
  /// REQUIRES: writer_mutex() held.
  CommitNumber TakeCommitNumber() { return CommitNumber{++last_taken_commit_}; }
  CommitNumber last_commit() const { return CommitNumber{last_commit_.load()}; }
  /// REQUIRES: writer_mutex() held.
  void SetLastCommit(CommitNumber commit) { last_commit_.store(Raw(commit)); }

  SnapshotHolds& holds() { return *holds_; }
  const SnapshotHolds& holds() const { return *holds_; }
  SnapshotIndexes& snapshot_indexes() { return snapshot_indexes_; }
  RouteCache& route_cache() { return route_cache_; }
  /// Sets a bit of storage/features.h, before its first use. REQUIRES: writer_mutex() held.
  Status EnableFeature(std::uint64_t feature);

  IndexBuilder& builder() { return *builder_; }
  /// Tells the builder that a build is due. REQUIRES: writer_mutex() held.
  void NotifyBuilder(CollectionState& state) { builder_->Notify(state.shared_from_this()); }

  Result<std::shared_ptr<CollectionState>> CreateCollection(std::string_view name,
                                                            const CollectionSchema& schema,
                                                            const CreateOptions& options);
  /// Errors: NotFound with the nearest name of the open collections.
  Result<std::shared_ptr<CollectionState>> FindCollection(std::string_view name);
  Status DropCollection(std::string_view name);
  /// Puts a state in the place of another of the same collection, for all its handles.
  /// REQUIRES: writer_mutex() held.
  void ReplaceCollection(const std::shared_ptr<CollectionState>& before,
                         const std::shared_ptr<CollectionState>& after);
  /// Where handles find the state.
  std::shared_ptr<StateSlot> SlotOf(const std::shared_ptr<CollectionState>& state);
  Result<std::vector<std::string>> ListCollections() const;
  std::vector<std::shared_ptr<CollectionState>> OpenCollections() const;

 private:
  static constexpr std::size_t kMostOpenCollections = 4096;

  Engine(std::string path, OpenOptions options, IndexOptions index);
  Status ReadCounters();
  Status ReadSnapshots();
  void TidyBeforeClose();
  Result<std::shared_ptr<CollectionState>> LoadCollection(std::string_view name);
  void RememberOpen(const std::shared_ptr<CollectionState>& state);

  const std::string path_;
  const OpenOptions options_;
  const IndexOptions index_options_;
  const KernelTable* kernels_ = nullptr;
  std::unique_ptr<Store> store_;
  std::uint64_t timeline_ = 1;
  const std::shared_ptr<SnapshotHolds> holds_ = std::make_shared<SnapshotHolds>();
  SnapshotIndexes snapshot_indexes_;
  RouteCache route_cache_;
  std::atomic<bool> closed_{false};

  std::mutex writer_mutex_;
  std::uint64_t last_taken_commit_ = 0;        // Guarded by writer_mutex_.
  std::atomic<std::uint64_t> last_commit_{0};  // Written under writer_mutex_.
  std::uint64_t features_ = 0;                 // Known to be set. Guarded by writer_mutex_.

  mutable std::mutex catalog_mutex_;
  std::map<std::string, std::shared_ptr<CollectionState>, std::less<>> open_;  // Guarded by it.
  std::size_t drop_idle_at_ = kMostOpenCollections;                            // Likewise.

  std::unique_ptr<IndexBuilder> builder_;  // Last: its thread uses the others.
};

}  // namespace tracevec
