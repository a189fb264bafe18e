#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "retrieval/callback_call.h"
#include "retrieval/stage.h"
#include "tracevec/status.h"

namespace tracevec {

/// Notes why a step did not run; with raise_on_error that is an error.
inline Status SkipStep(const StageContext& context, StatusCode code, std::string why,
                       StageReport* report) {
  report->skipped = std::move(why);
  return context.raise_on_error ? Status(code, report->skipped) : Status::Ok();
}

/// Calls a user's function before the sources are searched, timed, and checks what it gives. What
/// fails, is late or is not as it must be is nothing, and `report` says why, unless raise_on_error
/// makes an error of it. `who`: "embedder". REQUIRES: no lock held.
template <typename Value, typename Function, typename Check>
Result<std::optional<Value>> CallForSource(StageContext& context, std::string_view who,
                                           std::size_t texts, const Function& function,
                                           const Check& check, StageReport* report) {
  const std::string name = std::string("the ").append(who);
  const auto skip = [&](StatusCode code, const std::string& why) -> Result<std::optional<Value>> {
    const bool complete = why.starts_with(name);  // Of what it threw.
    const Status skipped = SkipStep(context, code, complete ? why : name + why, report);
    if (!skipped.ok()) return skipped;
    return std::optional<Value>();
  };
  const CallTime time = TimeForCalls(context);
  if (time.Passed(context)) {
    return skip(StatusCode::kDeadlineExceeded, " was not called: the deadline had passed");
  }
  Result<Value> made = CallBack(context, who, texts, report, function);
  if (!made.ok()) {
    const std::string& why = made.status().message();
    return skip(made.status().code(), why.starts_with(name) ? why : " failed: " + why);
  }
  if (time.Passed(context)) {
    return skip(StatusCode::kDeadlineExceeded, " answered after the deadline");
  }
  const Status checked = check(*made);
  if (!checked.ok()) {
    return skip(StatusCode::kInvalidArgument, " gave what it must not: " + checked.message());
  }
  return std::optional<Value>(*std::move(made));
}

}  // namespace tracevec
