#include "retrieval/callback_call.h"

#include <algorithm>
#include <chrono>

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

}  // namespace tracevec
