#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

/// The name of the score that was given last, "" for whatever candidates have.
std::string LastScore(const StageContext& context,
                      const std::vector<PassageCandidate>& candidates) {
  const bool reranked =
      FindSkipped(context, "rerank") != nullptr ||
      std::any_of(candidates.begin(), candidates.end(),
                  [](const PassageCandidate& each) { return ScoreOf(each, "rerank").has_value(); });
  return reranked ? "rerank" : "";
}

}  // namespace

Status ApplyThreshold(const ThresholdStage& stage, StageContext& context,
                      std::vector<PassageCandidate>* candidates, StageReport* report) {
  const std::string on = stage.on.empty() ? LastScore(context, *candidates) : stage.on;
  if (const SkippedScore* skipped = FindSkipped(context, on)) {
    report->skipped = fmt::format("there is no score '{}': {}", on, skipped->reason);
    return Status::Ok();
  }
  std::erase_if(*candidates, [&](const PassageCandidate& candidate) {
    const std::optional<float> score =
        on.empty() ? std::optional(candidate.score) : ScoreOf(candidate, on);
    if (!score) {
      ReportDropped(context, candidate, "no_score", nullptr, report);
    } else if (*score < stage.score) {
      ReportDropped(context, candidate, "threshold", nullptr, report, *score, stage.score);
    } else {
      return false;
    }
    return true;
  });
  return Status::Ok();
}

}  // namespace tracevec
