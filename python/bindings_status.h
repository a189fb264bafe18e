#pragma once

#include <type_traits>
#include <utility>

#include "python/bindings_casters.h"
#include "tracevec/status.h"

namespace tracevec::python {

/// Throws the exception of tracevec.errors that stands for the status. REQUIRES: the GIL; !ok().
[[noreturn]] void Raise(const Status& status);

inline void Check(const Status& status) {
  if (!status.ok()) Raise(status);
}

template <typename T>
T Unwrap(Result<T> result) {
  if (!result.ok()) Raise(result.status());
  return *std::move(result);
}

/// Runs `work`, which returns a Status or a Result and touches no Python object, without the GIL;
/// then gives its value, or raises.
template <typename Work>
auto WithoutGil(Work&& work) {
  auto outcome = [&work] {
    nanobind::gil_scoped_release release;
    return work();
  }();
  if constexpr (std::is_same_v<decltype(outcome), Status>) {
    Check(outcome);
  } else {
    return Unwrap(std::move(outcome));
  }
}

}  // namespace tracevec::python
