#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/token_estimate.h"
#include "retrieval/callback_call.h"
#include "retrieval/candidate_text.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

/// Asks the callback. Errors: whatever keeps it from counting all of them.
Result<std::vector<std::uint32_t>> CountByCallback(const TokenCounter& count, StageContext& context,
                                                   const std::vector<std::string_view>& texts,
                                                   StageReport* report) {
  const CallTime time = TimeForCalls(context);
  std::vector<std::uint32_t> tokens;
  for (const std::string_view text : texts) {
    if (time.Passed(context)) {
      return Status::DeadlineExceeded(fmt::format("the deadline passed with {} of {} texts counted",
                                                  tokens.size(), texts.size()));
    }
    TRACEVEC_ASSIGN_OR_RETURN(
        const std::uint32_t counted,
        CallBack(context, "token counter", 1, report, [&] { return count(text); }));
    tokens.push_back(counted);
  }
  if (time.Passed(context)) {
    return Status::DeadlineExceeded("the deadline passed during a call of the token counter");
  }
  return tokens;
}

Result<std::vector<std::uint32_t>> CountTokens(const BudgetStage& stage, StageContext& context,
                                               const std::vector<std::string_view>& texts,
                                               StageReport* report) {
  if (stage.count != nullptr) {
    auto counted = CountByCallback(stage.count, context, texts, report);
    if (counted.ok() || context.raise_on_error) return counted;
    report->degraded = fmt::format("tokens are estimated: {}", counted.status().ToString());
  }
  std::vector<std::uint32_t> tokens;
  for (const std::string_view text : texts) tokens.push_back(EstimateTokens(text));
  return tokens;
}

}  // namespace

Status ApplyBudget(const BudgetStage& stage, StageContext& context,
                   std::vector<PassageCandidate>* candidates, StageReport* report) {
  std::vector<std::string_view> texts;
  for (PassageCandidate& candidate : *candidates) {
    TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text, TextOf(*context.reader, &candidate));
    texts.push_back(text);
  }
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<std::uint32_t> tokens,
                            CountTokens(stage, context, texts, report));
  std::uint64_t left = stage.tokens;
  KeptCandidates kept(candidates);
  for (std::size_t i = 0; i < candidates->size(); ++i) {
    PassageCandidate& candidate = (*candidates)[i];
    if (tokens[i] > left) {
      ReportDropped(context, candidate, "budget", nullptr, report, tokens[i],
                    static_cast<double>(left));
      continue;
    }
    left -= tokens[i];
    candidate.tokens = tokens[i];
    kept.Keep(i);
  }
  kept.Finish();
  return Status::Ok();
}

}  // namespace tracevec
