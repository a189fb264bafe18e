#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "retrieval/call_info.h"
#include "retrieval/clock.h"
#include "retrieval/stage.h"
#include "tracevec/status.h"

namespace tracevec {

/// The time by which a callback's stage must be done: the query's deadline, or its own budget.
struct CallTime {
  std::optional<StageContext::TimePoint> end;
  std::string_view name = "deadline";  ///< Which of the two it is.

  bool Passed(const StageContext& context) const { return end && context.clock() > *end; }
};

/// `budget_ms` from now on, or the deadline where that comes first.
CallTime TimeForCalls(const StageContext& context, std::optional<double> budget_ms = {});

/// Calls a user's function, which returns a Result, and notes the call. No lock is held. Errors:
/// the function's; Internal for what it throws.
template <typename Function>
auto CallBack(StageContext& context, std::string_view what, std::size_t texts, StageReport* report,
              const Function& function) -> decltype(function()) {
  StageCall& call = report->calls.emplace_back();
  call.texts = static_cast<std::uint32_t>(texts);
  const Stopwatch watch;
  try {
    auto result = function();
    call.micros = watch.Micros();
    if (const Status asked = AskCallInfo(context.call_info, &call.info); !asked.ok()) return asked;
    return result;
  } catch (const std::exception& error) {
    call.micros = watch.Micros();
    return Status::Internal(fmt::format("the {} threw: {}", what, error.what()));
  } catch (...) {
    call.micros = watch.Micros();
    return Status::Internal(fmt::format("the {} threw something that is no std::exception", what));
  }
}

}  // namespace tracevec
