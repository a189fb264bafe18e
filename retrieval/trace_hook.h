#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "retrieval/guard.h"
#include "tracevec/receipt.h"

namespace tracevec {

/// The callback that sees the receipt of each search. Safe for concurrent use.
class TraceHookSlot {
 public:
  void Set(TraceHook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = hook ? std::make_shared<const TraceHook>(std::move(hook)) : nullptr;
    is_set_.store(hook_ != nullptr, std::memory_order_release);
  }
  /// With no lock held. What the hook throws is dropped: a search does not fail for it.
  void Call(const Receipt& receipt) const {
    if (!is_set_.load(std::memory_order_acquire)) return;
    std::shared_ptr<const TraceHook> hook;
    {
      const std::lock_guard lock(mutex_);
      hook = hook_;
    }
    if (hook == nullptr) return;
    Guard([&] {
      (*hook)(receipt);
      return Status::Ok();
    }).IgnoreError("the search was answered");
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TraceHook> hook_;  // Guarded by it.
  std::atomic<bool> is_set_{false};
};

}  // namespace tracevec
