#include "retrieval/stage_report.h"

#include <algorithm>
#include <string>

#include "retrieval/stage_reader.h"

namespace tracevec {

void ReportDropped(StageContext& context, const PassageCandidate& candidate, std::string_view rule,
                   const PassageCandidate* into, StageReport* report, std::optional<double> value,
                   std::optional<double> against) {
  if (!context.report_dropped) return;
  DroppedCandidate& dropped = report->dropped.emplace_back();
  dropped.chunk = context.reader->ChunkIdOf(candidate.key);
  dropped.collection = candidate.key.collection;
  dropped.rule = rule;
  if (into != nullptr) dropped.into = context.reader->ChunkIdOf(into->key);
  dropped.value = value;
  dropped.against = against;
}

std::optional<float> ScoreOf(const PassageCandidate& candidate, std::string_view name) {
  std::optional<float> found;
  for (const StageScore& score : candidate.scores) {
    if (score.stage != name) continue;
    found = found && name != "rerank" ? std::max(*found, score.score) : score.score;
  }
  return found;
}

const SkippedScore* FindSkipped(const StageContext& context, std::string_view name) {
  const auto found = std::find_if(context.skipped_scores.begin(), context.skipped_scores.end(),
                                  [&](const SkippedScore& each) { return each.name == name; });
  return found == context.skipped_scores.end() ? nullptr : &*found;
}

}  // namespace tracevec
