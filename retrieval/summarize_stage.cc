#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/utf8.h"
#include "retrieval/callback_call.h"
#include "retrieval/candidate_text.h"
#include "retrieval/stage_functions.h"

namespace tracevec {
namespace {

Result<std::string> SummaryOf(const SummarizeStage& stage, StageContext& context,
                              const CallTime& time, const Passage& passage, StageReport* report) {
  if (time.Passed(context)) {
    return Status::DeadlineExceeded("the deadline passed before the summarizer was called");
  }
  TRACEVEC_ASSIGN_OR_RETURN(std::string summary, CallBack(context, "summarizer", 1, report, [&] {
                              return stage.callback(context.query, passage);
                            }));
  if (time.Passed(context)) {
    return Status::DeadlineExceeded("the deadline passed during a call of the summarizer");
  }
  if (summary.empty()) return Status::InvalidArgument("the summarizer gave an empty text");
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(summary, "the summary"));
  return summary;
}

}  // namespace

Status Summarize(const SummarizeStage& stage, StageContext& context,
                 std::vector<PassageCandidate>* candidates, StageReport* report) {
  if (stage.callback == nullptr) {
    return Status::InvalidArgument("summarize: no callback is given");
  }
  const CallTime time = TimeForCalls(context);
  std::size_t failed = 0;
  Status first_failure;
  for (PassageCandidate& candidate : *candidates) {
    TRACEVEC_RETURN_IF_ERROR(FillPassage(*context.reader, &candidate));
    Result<std::string> summary = SummaryOf(stage, context, time, candidate.passage, report);
    if (summary.ok()) {
      candidate.text = *std::move(summary);
      candidate.summarized = true;
      continue;
    }
    if (context.raise_on_error) return summary.status();
    if (failed++ == 0) first_failure = summary.status();
  }
  if (failed == 0) return Status::Ok();
  if (failed == candidates->size()) {
    report->skipped = first_failure.ToString();
  } else {
    report->degraded = fmt::format("{} of {} keep their text: {}", failed, candidates->size(),
                                   first_failure.ToString());
  }
  return Status::Ok();
}

}  // namespace tracevec
