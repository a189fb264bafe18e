#include "bench/open_loop.h"

#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cmath>
#include <ctime>
#include <stdexcept>

namespace tracevec::bench {
namespace {

double Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void SleepUntil(double time) {
  timespec until{};
  until.tv_sec = static_cast<time_t>(time);
  until.tv_nsec = static_cast<long>((time - std::floor(time)) * 1e9);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {}
}

}  // namespace

void PinThread(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  if (sched_setaffinity(0, sizeof(one), &one) != 0) {
    throw std::runtime_error("this thread cannot be pinned to the processor asked for");
  }
}

void OpenLoopRun::Append(const OpenLoopRun& other) {
  from_intended.insert(from_intended.end(), other.from_intended.begin(), other.from_intended.end());
  from_actual.insert(from_actual.end(), other.from_actual.begin(), other.from_actual.end());
}

OpenLoopRun RunOpenLoop(double rate, double seconds, const std::function<void(std::size_t)>& work) {
  prctl(PR_SET_TIMERSLACK, 1UL);  // Else each sleep ends up to 50 us late.
  OpenLoopRun run;
  const auto calls = static_cast<std::size_t>(rate * seconds);
  const double start = Now();
  for (std::size_t i = 0; i < calls; ++i) {
    const double intended = start + static_cast<double>(i) / rate;
    SleepUntil(intended);
    const double began = Now();
    work(i);
    const double ended = Now();
    run.from_intended.push_back((ended - intended) * 1e6);
    run.from_actual.push_back((ended - began) * 1e6);
  }
  return run;
}

}  // namespace tracevec::bench
