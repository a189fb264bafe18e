#include "retrieval/snapshot_indexes.h"

namespace tracevec {

std::shared_ptr<const LoadedCollection> SnapshotIndexes::Find(CommitNumber commit,
                                                              CollectionNumber collection) {
  const Key key{commit, collection};
  const std::lock_guard lock(mutex_);
  const auto found = in_use_.find(key);
  if (found == in_use_.end()) return nullptr;
  auto loaded = found->second.lock();
  if (loaded != nullptr) KeepLocked(key, loaded);
  return loaded;
}

void SnapshotIndexes::Keep(CommitNumber commit, CollectionNumber collection,
                           std::shared_ptr<const LoadedCollection> loaded) {
  const Key key{commit, collection};
  const std::lock_guard lock(mutex_);
  std::erase_if(in_use_, [](const auto& entry) { return entry.second.expired(); });
  in_use_[key] = loaded;
  KeepLocked(key, std::move(loaded));
}

void SnapshotIndexes::Forget(CommitNumber commit) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& entry) { return entry.first.first == commit; });
}

void SnapshotIndexes::Clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

void SnapshotIndexes::KeepLocked(const Key& key, std::shared_ptr<const LoadedCollection> loaded) {
  std::erase_if(kept_, [&](const auto& entry) { return entry.first.first != key.first; });
  kept_[key] = std::move(loaded);
}

}  // namespace tracevec
