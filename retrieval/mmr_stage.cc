#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"
#include "retrieval/stage_vectors.h"

namespace tracevec {
namespace {

/// Scores on a scale from 0, the worst, to 1, the best: that of cosines, whatever gave them.
std::vector<double> Relevances(const std::vector<PassageCandidate>& candidates) {
  const auto [worst, best] = std::minmax_element(
      candidates.begin(), candidates.end(),
      [](const PassageCandidate& a, const PassageCandidate& b) { return a.score < b.score; });
  const double range = static_cast<double>(best->score) - worst->score;
  std::vector<double> relevances;
  for (const PassageCandidate& candidate : candidates) {
    const double above = static_cast<double>(candidate.score) - worst->score;
    relevances.push_back(range > 0 ? above / range : 1);
  }
  return relevances;
}

/// A candidate that was not taken yet.
struct NotTaken {
  std::size_t place = 0;
  double relevance = 0;
  double nearest = 0;  ///< The largest cosine to one that was taken.

  double Value(double lambda) const { return lambda * relevance - (1 - lambda) * nearest; }
};

/// The order in which candidates are taken: each time the one of the largest value, and of equal
/// ones the first.
std::vector<std::size_t> TakeInTurn(const std::vector<double>& relevances,
                                    const CandidateVectors& vectors, double lambda) {
  std::vector<NotTaken> waiting;
  for (std::size_t i = 0; i < relevances.size(); ++i) waiting.push_back({i, relevances[i], 0});
  std::vector<std::size_t> taken;
  while (!waiting.empty()) {
    const auto best = std::max_element(
        waiting.begin(), waiting.end(),
        [&](const NotTaken& a, const NotTaken& b) { return a.Value(lambda) < b.Value(lambda); });
    const std::size_t chosen = best->place;
    taken.push_back(chosen);
    waiting.erase(best);
    for (NotTaken& each : waiting) {
      const std::optional<float> cosine = vectors.Cosine(chosen, each.place);
      if (cosine) each.nearest = std::max<double>(each.nearest, *cosine);
    }
  }
  return taken;
}

}  // namespace

Status Mmr(const MmrStage& stage, StageContext& context, std::vector<PassageCandidate>* candidates,
           StageReport* report) {
  KeepFirst(stage.top, "top", context, candidates, report);
  if (candidates->empty()) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const CandidateVectors vectors,
                            CandidateVectors::Read(context, stage.field, *candidates));
  std::vector<PassageCandidate> sorted;
  for (const std::size_t i : TakeInTurn(Relevances(*candidates), vectors, stage.lambda)) {
    sorted.push_back(std::move((*candidates)[i]));
  }
  *candidates = std::move(sorted);
  return Status::Ok();
}

}  // namespace tracevec
