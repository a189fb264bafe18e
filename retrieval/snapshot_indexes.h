#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/ids.h"
#include "index/collection_index.h"
#include "storage/records.h"

namespace tracevec {

/// A collection as it was at a commit, loaded from the store. Never changes.
struct LoadedCollection {
  CollectionCounters counters;
  std::shared_ptr<CollectionIndex> index;  ///< Null for a small collection.
};

/// Collections that were loaded to be read at snapshots. Loading one takes as long as opening a
/// database without images, so those of the snapshot that was read last are kept when nobody reads
/// them; of one snapshot only, since each takes the memory of its vectors. Safe for concurrent use.
class SnapshotIndexes {
 public:
  /// Null: it is not there.
  std::shared_ptr<const LoadedCollection> Find(CommitNumber commit, CollectionNumber collection);
  void Keep(CommitNumber commit, CollectionNumber collection,
            std::shared_ptr<const LoadedCollection> loaded);
  /// Keeps nothing of a commit any more that nobody reads.
  void Forget(CommitNumber commit);
  /// Of all.
  void Clear();

 private:
  using Key = std::pair<CommitNumber, CollectionNumber>;
  void KeepLocked(const Key& key, std::shared_ptr<const LoadedCollection> loaded);

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const LoadedCollection>> in_use_;
  std::map<Key, std::shared_ptr<const LoadedCollection>> kept_;  // All of one commit.
};

}  // namespace tracevec
