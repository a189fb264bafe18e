#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace tracevec {

/// Calls work(thread, first, last) for ranges of at most `step` that cover 0 to `count`, on this
/// thread and `threads` - 1 others, in no order; on fewer where the system gives no more threads.
/// Rethrows the first exception after all have ended.
template <typename Work>
void ParallelFor(std::size_t threads, std::size_t count, std::size_t step, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&](std::size_t thread) {
    try {
      for (std::size_t first = next.fetch_add(step); first < count; first = next.fetch_add(step)) {
        work(thread, first, std::min(first + step, count));
      }
    } catch (...) {
      next.store(count);
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
    } catch (const std::system_error&) {
      // Those that run do it all.
    }
    run(0);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tracevec
