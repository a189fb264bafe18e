#pragma once

#include <exception>
#include <new>
#include <string>

#include "tracevec/status.h"

namespace tracevec {

/// Calls `body`, which returns a Status or Result, and turns what it throws into a Status: nothing
/// is thrown across the library's boundary or out of its threads.
template <typename Body>
auto Guard(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("out of memory; close what is not needed and try again");
  } catch (const std::exception& error) {
    return Status::Internal(std::string("unexpected: ") + error.what());
  } catch (...) {
    return Status::Internal("unexpected: a callback threw something that is no std::exception");
  }
}

}  // namespace tracevec
