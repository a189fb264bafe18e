#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/vector_math.h"
#include "retrieval/callback_call.h"
#include "retrieval/candidate_text.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_report.h"
#include "retrieval/stage_vectors.h"

namespace tracevec {
namespace {

/// New scores of the first candidates; nothing: it has none.
using NewScores = std::vector<std::optional<float>>;

Result<std::vector<float>> ScoreBatch(const RerankStage& stage, StageContext& context,
                                      std::span<const std::string> texts, StageReport* report) {
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<float> scores,
                            CallBack(context, "reranker", texts.size(), report,
                                     [&] { return stage.callback(context.query, texts); }));
  if (scores.size() != texts.size()) {
    return Status::InvalidArgument(
        fmt::format("the reranker gave {} scores for {} texts", scores.size(), texts.size()));
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) continue;
    return Status::InvalidArgument(
        fmt::format("the reranker gave {} for text {} of {}", scores[i], i + 1, scores.size()));
  }
  return scores;
}

/// Asks the callback, batch by batch. Errors: whatever keeps it from scoring all of them.
Result<NewScores> ScoreByCallback(const RerankStage& stage, StageContext& context,
                                  const std::vector<std::string>& texts, StageReport* report) {
  const CallTime time = TimeForCalls(context, stage.budget_ms);
  NewScores scores;
  while (scores.size() < texts.size()) {
    const std::size_t batch = std::min<std::size_t>(stage.batch_size, texts.size() - scores.size());
    const auto late = [&](std::string_view when) {
      return Status::DeadlineExceeded(fmt::format("the {} passed {}, with {} of {} texts scored",
                                                  time.name, when, scores.size(), texts.size()));
    };
    if (time.Passed(context)) return late("before the reranker was called");
    TRACEVEC_ASSIGN_OR_RETURN(
        const std::vector<float> found,
        ScoreBatch(stage, context, std::span(texts).subspan(scores.size(), batch), report));
    if (time.Passed(context)) return late("during a call of the reranker");
    scores.insert(scores.end(), found.begin(), found.end());
  }
  return scores;
}

float ExactScore(const KernelTable& kernels, const StageVector& vector, const float* query) {
  if (vector.metric == Metric::kL2) {
    return -kernels.l2_f32(vector.data, query, vector.dimension);
  }
  return kernels.dot_f32(vector.data, query, vector.dimension);
}

/// Scores by the metric of the field. A chunk without a vector of the query's dimension gets none.
Result<NewScores> ScoreExactly(const RerankStage& stage, StageContext& context,
                               std::span<const CandidateKey> keys, StageReport* report) {
  const std::string field = FieldToCompare(context, stage.field);
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<StageVector> vectors,
                            context.reader->Vectors(field, keys));
  const auto found = context.query_vectors.find(field);
  if (found == context.query_vectors.end()) {
    report->skipped = field.empty() ? "the query has no vector"
                                    : fmt::format("the query has no vector of field '{}'", field);
    return NewScores();
  }
  const std::span<const float> query = found->second;
  std::vector<float> unit(query.begin(), query.end());
  if (SquaredNorm(query.data(), query.size()) > 0) {
    Normalise(query.data(), query.size(), unit.data());
  }
  NewScores scores;
  for (const StageVector& vector : vectors) {
    const bool has_score = vector.data != nullptr && vector.dimension == query.size();
    const float* against = vector.metric == Metric::kCosine ? unit.data() : query.data();
    scores.push_back(has_score ? std::optional(ExactScore(*context.kernels, vector, against))
                               : std::nullopt);
  }
  if (std::none_of(scores.begin(), scores.end(), [](const auto& each) { return each; })) {
    report->skipped = "no candidate has a vector of the query's dimension";
    return NewScores();
  }
  return scores;
}

/// Puts scored candidates first, best first, and the others behind them as they were.
void SortByScores(StageContext& context, const NewScores& scores,
                  std::vector<PassageCandidate>* candidates) {
  std::vector<std::size_t> order(candidates->size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (scores[a].has_value() != scores[b].has_value()) return scores[a].has_value();
    if (!scores[a]) return false;
    if (*scores[a] != *scores[b]) return *scores[a] > *scores[b];
    return context.reader->ChunkIdOf((*candidates)[a].key) <
           context.reader->ChunkIdOf((*candidates)[b].key);
  });
  std::vector<PassageCandidate> sorted;
  for (const std::size_t place : order) {
    PassageCandidate& candidate = (*candidates)[place];
    if (scores[place]) {
      candidate.score = *scores[place];
      candidate.scores.push_back(
          {"rerank", candidate.score, static_cast<std::uint32_t>(sorted.size() + 1)});
    }
    sorted.push_back(std::move(candidate));
  }
  *candidates = std::move(sorted);
}

Result<NewScores> ScoreCandidates(const RerankStage& stage, StageContext& context,
                                  std::vector<PassageCandidate>& candidates, StageReport* report) {
  if (stage.method == RerankMethod::kExact) {
    std::vector<CandidateKey> keys;
    for (const PassageCandidate& candidate : candidates) keys.push_back(candidate.key);
    return ScoreExactly(stage, context, keys, report);
  }
  std::vector<std::string> texts;
  for (PassageCandidate& candidate : candidates) {
    TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text, TextOf(*context.reader, &candidate));
    texts.emplace_back(text);
  }
  Result<NewScores> scores = ScoreByCallback(stage, context, texts, report);
  if (scores.ok() || context.raise_on_error) return scores;
  report->skipped = scores.status().ToString();
  return NewScores();
}

}  // namespace

Status Rerank(const RerankStage& stage, StageContext& context,
              std::vector<PassageCandidate>* candidates, StageReport* report) {
  if (stage.method == RerankMethod::kCallback && stage.callback == nullptr) {
    return Status::InvalidArgument("rerank: no callback is given");
  }
  KeepFirst(stage.top, "top", context, candidates, report);
  if (candidates->empty()) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(const NewScores scores,
                            ScoreCandidates(stage, context, *candidates, report));
  if (!report->skipped.empty()) {
    context.skipped_scores.push_back({"rerank", report->skipped});
    return Status::Ok();
  }
  std::erase_if(context.skipped_scores,
                [](const SkippedScore& each) { return each.name == "rerank"; });
  SortByScores(context, scores, candidates);
  return Status::Ok();
}

}  // namespace tracevec
