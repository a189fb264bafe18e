#include "storage/fork_guard.h"

#include <pthread.h>

#include <atomic>

namespace tracevec {
namespace {

std::atomic<std::uint64_t> fork_generation{0};
std::atomic<bool> has_threads{false};
std::atomic<bool> lost_threads{false};

// Runs in the child between fork() and its return: atomics only.
void AfterForkInChild() {
  fork_generation.fetch_add(1, std::memory_order_relaxed);
  if (has_threads.load(std::memory_order_relaxed)) {
    lost_threads.store(true, std::memory_order_relaxed);
  }
}

[[maybe_unused]] const int kRegistered = pthread_atfork(nullptr, nullptr, AfterForkInChild);

}  // namespace

std::uint64_t ForkGeneration() { return fork_generation.load(std::memory_order_relaxed); }

void NoteStoreThreads() { has_threads.store(true, std::memory_order_relaxed); }

bool StoreThreadsWereLost() { return lost_threads.load(std::memory_order_relaxed); }

}  // namespace tracevec
