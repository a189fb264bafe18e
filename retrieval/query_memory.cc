#include "retrieval/query_memory.h"

#include <algorithm>
#include <new>

namespace tracevec {
namespace {

constexpr std::uint32_t kOneOf = 8;

/// Whether this thread's query is one of those taken.
bool IsDue() {
  thread_local std::uint32_t asked = 0;
  return ++asked % kOneOf == 0;
}

}  // namespace

void QueryMemory::Offer(const float* query, std::size_t dimension) noexcept {
  if (full_.load(std::memory_order_relaxed) && !IsDue()) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (capacity_ == 0) {
    const std::size_t fit = kMostBytes / (dimension * sizeof(float));
    const std::size_t capacity = std::clamp<std::size_t>(fit, 1, kMost);
    try {
      queries_.reserve(capacity * dimension);
    } catch (const std::bad_alloc&) {
      return;  // A search does not fail for want of memory to remember it.
    }
    capacity_ = capacity;
  }
  if (queries_.size() < capacity_ * dimension) {
    queries_.insert(queries_.end(), query, query + dimension);  // There is room: cannot throw.
    full_.store(queries_.size() == capacity_ * dimension, std::memory_order_relaxed);
    return;
  }
  random_ ^= random_ << 13;  // xorshift64 (Marsaglia 2003).
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  std::copy_n(query, dimension,
              queries_.begin() + static_cast<long>(random_ % capacity_ * dimension));
}

std::vector<float> QueryMemory::Queries() const {
  const std::lock_guard lock(mutex_);
  return queries_;
}

}  // namespace tracevec
