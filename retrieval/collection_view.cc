#include "retrieval/collection_view.h"

#include <algorithm>
#include <utility>

namespace tracevec {

std::shared_ptr<const CollectionView> ViewRegistry::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void ViewRegistry::Publish(std::shared_ptr<const CollectionView> view) {
  const std::lock_guard lock(mutex_);
  if (published_.size() >= forget_at_) {
    std::erase_if(published_, [](const auto& published) { return published.expired(); });
    forget_at_ = std::max<std::size_t>(64, 2 * published_.size());
  }
  published_.push_back(view);
  current_.swap(view);
  // The former view is released after the lock, by the caller's pointer: freeing its blocks may
  // take a while.
}

CommitNumber ViewRegistry::Oldest() const {
  // Collected outside the lock for the same reason.
  std::vector<std::shared_ptr<const CollectionView>> release_later;
  const std::lock_guard lock(mutex_);
  while (!published_.empty()) {
    if (auto view = published_.front().lock()) {
      const CommitNumber commit = view->commit;
      release_later.push_back(std::move(view));
      return commit;
    }
    published_.pop_front();
  }
  return CommitNumber{0};
}

}  // namespace tracevec
