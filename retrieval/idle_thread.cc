#include "retrieval/idle_thread.h"

#include <pthread.h>
#include <sched.h>

#include <cstdlib>
#include <string_view>
#include <system_error>
#include <thread>

namespace tracevec {
namespace {

bool IdleIsWanted() {
  const char* priority = std::getenv("TRACEVEC_BUILDER_PRIORITY");
  return priority == nullptr || std::string_view(priority) != "normal";
}

/// Where that is refused, the thread is one among others.
void BecomeIdle() {
  if (!IdleIsWanted()) return;
#ifdef SCHED_IDLE
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
#endif
}

}  // namespace

void RunOnIdleThread(void (*function)(void*), void* argument) {
  std::jthread thread;
  try {
    thread = std::jthread([=] {
      BecomeIdle();
      function(argument);
    });
  } catch (const std::system_error&) {
    function(argument);  // No more threads: rather in the way than not at all.
  }
}

}  // namespace tracevec
