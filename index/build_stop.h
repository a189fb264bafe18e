#pragma once

#include <functional>

namespace tracevec {

/// Asked now and then by whatever a build spends long on; true ends the build with BuildStopped.
/// Empty: never.
using BuildStop = std::function<bool()>;

/// What a build throws when it was asked to stop.
struct BuildStopped {};

/// Throws BuildStopped when it is time to.
inline void CheckStop(const BuildStop& stop) {
  if (stop && stop()) throw BuildStopped();
}

}  // namespace tracevec
