#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "storage/records.h"

namespace tracevec {

/// Which commits are held, by snapshots and by handles that read them. Safe for concurrent use.
class SnapshotHolds : public std::enable_shared_from_this<SnapshotHolds> {
 public:
  /// Holds the data of a snapshot as long as it exists, also when the snapshot is released.
  using Pin = std::shared_ptr<const void>;

  void Add(const std::string& name, const SnapshotRecord& record);
  void Remove(std::string_view name);
  /// Nothing when there is no snapshot of the name.
  std::optional<SnapshotRecord> Find(std::string_view name) const;
  std::vector<std::pair<std::string, SnapshotRecord>> List() const;
  Pin PinData(const SnapshotRecord& record);

  /// The oldest commit that is held; kNeverDeleted when none is.
  CommitNumber Oldest() const;
  /// The commits that are held, each with the snapshot's name, or "" for a handle's.
  std::vector<std::pair<std::string, CommitNumber>> Commits() const;
  /// The name of a snapshot that has this collection, or "an open handle"; nothing: none has.
  std::optional<std::string> HolderOf(CollectionNumber collection) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, SnapshotRecord, std::less<>> named_;
  std::multimap<CommitNumber, CollectionNumber> pinned_;  // Commit -> next collection.
};

}  // namespace tracevec
