#pragma once

#include <exception>
#include <optional>

namespace tracevec {

/// Runs a function on a thread that the system runs when it has nothing else to do, and waits for
/// it. A thread of its own each time, since the way back from that priority is refused to ordinary
/// users. Who waits for it, or for a lock that it holds, waits until the machine is idle: so it
/// takes no lock of writers and readers, and stops when it is asked to. With
/// TRACEVEC_BUILDER_PRIORITY=normal the thread is one among others: for machines that are never
/// idle, such as one that runs tests on all processors.
void RunOnIdleThread(void (*function)(void*), void* argument);

/// The same for a function that returns something or throws.
template <typename Function>
auto RunIdle(const Function& function) -> decltype(function()) {
  struct Call {
    const Function& function;
    std::optional<decltype(function())> result;
    std::exception_ptr thrown;
  } call{function, {}, {}};
  RunOnIdleThread(
      [](void* argument) {
        auto& run = *static_cast<Call*>(argument);
        try {
          run.result.emplace(run.function());
        } catch (...) {
          run.thrown = std::current_exception();
        }
      },
      &call);
  if (call.thrown) std::rethrow_exception(call.thrown);
  return *std::move(call.result);
}

}  // namespace tracevec
