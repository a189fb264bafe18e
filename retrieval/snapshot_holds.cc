#include "retrieval/snapshot_holds.h"

#include <algorithm>
#include <utility>

namespace tracevec {

void SnapshotHolds::Add(const std::string& name, const SnapshotRecord& record) {
  const std::lock_guard lock(mutex_);
  named_[name] = record;
}

void SnapshotHolds::Remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = named_.find(name);
  if (found != named_.end()) named_.erase(found);
}

std::optional<SnapshotRecord> SnapshotHolds::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = named_.find(name);
  if (found == named_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::pair<std::string, SnapshotRecord>> SnapshotHolds::List() const {
  const std::lock_guard lock(mutex_);
  return {named_.begin(), named_.end()};
}

SnapshotHolds::Pin SnapshotHolds::PinData(const SnapshotRecord& record) {
  const std::lock_guard lock(mutex_);
  const auto place = pinned_.emplace(record.commit, record.next_collection);
  const auto unpin = [self = shared_from_this(), place](const void* /*nothing*/) {
    const std::lock_guard unlock(self->mutex_);
    self->pinned_.erase(place);
  };
  return {static_cast<const void*>(this), unpin};
}

CommitNumber SnapshotHolds::Oldest() const {
  const std::lock_guard lock(mutex_);
  CommitNumber oldest = pinned_.empty() ? kNeverDeleted : pinned_.begin()->first;
  for (const auto& [name, record] : named_) oldest = std::min(oldest, record.commit);
  return oldest;
}

std::vector<std::pair<std::string, CommitNumber>> SnapshotHolds::Commits() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, CommitNumber>> commits;
  for (const auto& [name, record] : named_) commits.emplace_back(name, record.commit);
  for (const auto& [commit, next_collection] : pinned_) commits.emplace_back("", commit);
  return commits;
}

std::optional<std::string> SnapshotHolds::HolderOf(CollectionNumber collection) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, record] : named_) {
    if (collection < record.next_collection) return "snapshot '" + name + "'";
  }
  for (const auto& [commit, next_collection] : pinned_) {
    if (collection < next_collection) return std::string("an open handle of a released snapshot");
  }
  return std::nullopt;
}

}  // namespace tracevec
