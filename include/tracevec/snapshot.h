#pragma once

#include <cstdint>
#include <string>

#include "tracevec/value.h"

namespace tracevec {

/// A commit whose data is held under a name, over restarts, until it is released.
struct SnapshotInfo {
  std::string name;
  std::uint64_t commit = 0;
  Timestamp created;
};

}  // namespace tracevec
