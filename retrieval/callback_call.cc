#include "retrieval/callback_call.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "core/return_if_error.h"
#include "retrieval/validate.h"

namespace tracevec {

CallTime TimeForCalls(const StageContext& context, std::optional<double> budget_ms) {
  CallTime time = {context.deadline, "deadline"};
  if (!budget_ms) return time;
  // A budget of more than a day is none: it would not fit the clock.
  constexpr double kDayMs = 86'400'000;
  const auto end = context.clock() +
                   std::chrono::duration_cast<StageContext::TimePoint::duration>(
                       std::chrono::duration<double, std::milli>(std::min(*budget_ms, kDayMs)));
  if (!time.end || end < *time.end) time = {end, "budget"};
  return time;
}

Status AskStageCallInfo(const StageContext& context, StageCall* call) {
  if (context.call_info == nullptr) return Status::Ok();
  try {
    call->info = context.call_info();
  } catch (const std::exception& error) {
    return Status::Internal(fmt::format("call_info threw: {}", error.what()));
  } catch (...) {
    return Status::Internal("call_info threw something that is no std::exception");
  }
  if (!call->info) return Status::Ok();
  TRACEVEC_RETURN_IF_ERROR(CheckText(call->info->model, "call_info model"));
  return CheckText(call->info->version, "call_info version");
}

}  // namespace tracevec
