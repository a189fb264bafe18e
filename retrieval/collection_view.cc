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
    std::erase_if(published_, [](const Published& published) { return !published.in_use(); });
    forget_at_ = std::max<std::size_t>(64, 2 * published_.size());
  }
  published_.push_back({view->commit, view->ended});
  current_.swap(view);
  // The former view is released after the lock, by the caller's pointer: freeing its blocks may
  // take a while.
}

CommitNumber ViewRegistry::Oldest() const {
  const std::lock_guard lock(mutex_);
  while (!published_.empty() && !published_.front().in_use()) published_.pop_front();
  return published_.empty() ? CommitNumber{0} : published_.front().commit;
}

}  // namespace tracevec
