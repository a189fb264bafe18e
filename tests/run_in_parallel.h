#pragma once

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tracevec {

/// Calls a function with 0 to count - 1, on several threads, until one fails. For tests that mostly
/// wait: after a failed flush RocksDB sleeps for a second.
inline void RunInParallel(std::uint64_t count, const std::function<void(std::uint64_t)>& function) {
  constexpr int kThreads = 8;
  for (const auto priority : {rocksdb::Env::Priority::HIGH, rocksdb::Env::Priority::LOW}) {
    // One pool serves all stores of a process.
    rocksdb::Env::Default()->SetBackgroundThreads(kThreads, priority);
  }
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = next++; i < count && !testing::Test::HasFailure(); i = next++) {
        SCOPED_TRACE("run " + std::to_string(i));
        function(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace tracevec
