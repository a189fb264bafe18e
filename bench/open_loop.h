#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tracevec::bench {

/// Moves this thread to one processor; throws where that is refused.
void PinThread(int processor);

/// Latencies of an open loop, in microseconds. From the intended start: a call that is late because
/// the one before it took long counts as slow, as its user would have it.
struct OpenLoopRun {
  std::vector<double> from_intended;
  std::vector<double> from_actual;

  void Append(const OpenLoopRun& other);
};

/// Calls `work` (with 0, 1, ...) `rate` times a second, at times fixed beforehand, for so many
/// seconds; a call that is late is made at once, none is left out.
OpenLoopRun RunOpenLoop(double rate, double seconds, const std::function<void(std::size_t)>& work);

}  // namespace tracevec::bench
