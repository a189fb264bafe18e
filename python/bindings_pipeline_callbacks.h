#pragma once

#include <exception>
#include <optional>
#include <utility>

#include "python/bindings_casters.h"
#include "python/bindings_status.h"
#include "tracevec/query.h"

namespace tracevec::python {

namespace nb = nanobind;

/// The Python functions of one query, and what one of them raised. They are borrowed for the call,
/// and captured without a reference because the library copies callbacks without the GIL.
class PipelineCalls {
 public:
  /// `callbacks`: role -> name -> callable that gives (value, CallInfo or None).
  void Install(const nb::dict& callbacks, QueryOptions* options);

  /// The result; or, where a function's exception ended the query, that exception.
  template <typename T>
  T Finish(Result<T> result) {
    if (raised_ != nullptr && (must_leave_ || !result.ok())) std::rethrow_exception(raised_);
    return Unwrap(std::move(result));
  }

 private:
  void InstallOne(std::string_view role, const std::string& name, nb::handle function,
                  PipelineCallbacks* callbacks);
  /// Calls `body` with the GIL, which gives a value; what it raises becomes a Status.
  template <typename Value, typename Body>
  Result<Value> Call(const Body& body);
  /// `function(arguments...)`, whose CallInfo is noted.
  template <typename... Arguments>
  nb::object Ask(nb::handle function, const Arguments&... arguments);
  Status StatusOf(const nb::python_error& error);

  bool raise_on_error_ = false;
  std::optional<CallInfo> info_;  // Of the last call.
  std::exception_ptr raised_;
  bool must_leave_ = false;  // KeyboardInterrupt and the like are not for the library to pass over.
};

}  // namespace tracevec::python
