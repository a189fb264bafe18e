#pragma once

#include <chrono>

#include "tracevec/value.h"

namespace tracevec {

/// The wall clock, for stamps and expiry.
inline Timestamp Now() {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

/// Microseconds since it was made, by the monotonic clock.
class Stopwatch {
 public:
  double Micros() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_)
        .count();
  }
  std::chrono::steady_clock::time_point start() const { return start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tracevec
