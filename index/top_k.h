#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace tracevec {

/// Keeps the best `k` of the items offered. `Better(a, b)` says that a comes before b and must be
/// a strict total order, so that the answer does not depend on the order of offers.
/// A heap with the worst on top: an offer that is not kept costs one comparison.
template <typename Item, typename Better>
class TopK {
 public:
  TopK(std::size_t k, Better better) : k_(k), better_(better) { items_.reserve(k + 1); }

  bool full() const { return items_.size() == k_; }
  /// REQUIRES: not empty.
  const Item& worst() const { return items_.front(); }
  std::size_t size() const { return items_.size(); }

  void Offer(const Item& item) {
    if (!full()) {
      items_.push_back(item);
      std::push_heap(items_.begin(), items_.end(), better_);
    } else if (k_ > 0 && better_(item, items_.front())) {
      std::pop_heap(items_.begin(), items_.end(), better_);
      items_.back() = item;
      std::push_heap(items_.begin(), items_.end(), better_);
    }
  }

  /// The items, best first. Empties this.
  std::vector<Item> Take() {
    std::sort_heap(items_.begin(), items_.end(), better_);
    return std::move(items_);
  }

 private:
  std::size_t k_;
  Better better_;
  std::vector<Item> items_;
};

}  // namespace tracevec
