#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "retrieval/stage.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<PipelineStage>> kStageNames = {
    "rerank",  "threshold", "dedup", "mmr",    "group_by_document",
    "combine", "summarize", "limit", "budget", "order"};

constexpr std::size_t kMostStages = 32;
constexpr std::uint32_t kMostCandidatesOfStage = 16'384;
constexpr std::uint32_t kMostMmr = 1'024;  // It compares each with each.
constexpr std::uint32_t kWidestWindow = 100;
constexpr std::uint32_t kMost32 = std::numeric_limits<std::uint32_t>::max();

/// The parameters of a stage: where they are, and whether they are in range.
class StageCheck {
 public:
  StageCheck(std::span<const PipelineStage> stages, std::size_t place,
             std::span<const std::string> scores)
      : stages_(stages), place_(place), scores_(scores) {}

  Status operator()(const RerankStage& stage) const {
    if (stage.method > RerankMethod::kExact) return NoSuchNumber("method");
    TRACEVEC_RETURN_IF_ERROR(Count("top", stage.top, 1, kMostCandidatesOfStage));
    TRACEVEC_RETURN_IF_ERROR(Count("batch_size", stage.batch_size, 1, kMostCandidatesOfStage));
    if (!stage.budget_ms || (*stage.budget_ms > 0 && std::isfinite(*stage.budget_ms))) return {};
    return Wrong("budget_ms", fmt::format("{}, expected above 0", *stage.budget_ms));
  }
  Status operator()(const ThresholdStage& stage) const {
    if (!std::isfinite(stage.score)) {
      return Wrong("score", fmt::format("{}, expected a finite number", stage.score));
    }
    return ScoreName(stage.on);
  }
  Status operator()(const DedupStage& stage) const {
    if (stage.method > DedupMethod::kShingles) return NoSuchNumber("method");
    return stage.similarity ? Share("similarity", *stage.similarity) : Status::Ok();
  }
  Status operator()(const MmrStage& stage) const {
    if (!(stage.lambda >= 0 && stage.lambda <= 1)) {
      return Wrong("lambda", fmt::format("{}, expected 0 to 1", stage.lambda));
    }
    return Count("top", stage.top, 1, kMostMmr);
  }
  Status operator()(const GroupStage& stage) const {
    return Count("per_document", stage.per_document, 1, kMostCandidatesOfStage);
  }
  Status operator()(const CombineStage& stage) const {
    if (stage.method > CombineMethod::kParent) return NoSuchNumber("method");
    TRACEVEC_RETURN_IF_ERROR(Count("window", stage.window, 0, kWidestWindow));
    TRACEVEC_RETURN_IF_ERROR(Share("share", stage.share));
    return Count("max_chars", stage.max_chars, 1, kMost32);
  }
  Status operator()(const SummarizeStage& /*stage*/) const { return Status::Ok(); }
  Status operator()(const LimitStage& stage) const {
    return Count("count", stage.count, 1, kMostCandidatesOfStage);
  }
  Status operator()(const BudgetStage& stage) const {
    return Count("tokens", stage.tokens, 1, kMost32);
  }
  Status operator()(const OrderStage& stage) const {
    return stage.by > PassageOrder::kDocument ? NoSuchNumber("by") : Status::Ok();
  }

 private:
  Status Wrong(std::string_view parameter, std::string_view what) const {
    return Status::InvalidArgument(fmt::format("stages[{}].{}: {}", place_, parameter, what));
  }
  Status NoSuchNumber(std::string_view parameter) const {
    return Wrong(parameter, fmt::format("no {} has this number", parameter));
  }
  Status Count(std::string_view parameter, std::uint32_t count, std::uint32_t least,
               std::uint32_t most) const {
    if (count >= least && count <= most) return Status::Ok();
    if (most == kMost32) return Wrong(parameter, fmt::format("{}, expected at least 1", count));
    return Wrong(parameter, fmt::format("{}, expected {} to {}", count, least, most));
  }
  Status Share(std::string_view parameter, double share) const {
    if (share > 0 && share <= 1) return Status::Ok();
    return Wrong(parameter, fmt::format("{}, expected above 0 and at most 1", share));
  }
  bool AfterRerank() const {
    return std::any_of(
        stages_.begin(), stages_.begin() + static_cast<std::ptrdiff_t>(place_),
        [](const PipelineStage& stage) { return std::holds_alternative<RerankStage>(stage); });
  }
  Status ScoreName(const std::string& name) const {
    if (name.empty() || (name == "rerank" && AfterRerank())) return Status::Ok();
    if (name == "rerank") return Wrong("on", "'rerank', but no rerank comes before");
    if (scores_.empty()) return Status::Ok();
    std::vector<std::string> known(scores_.begin(), scores_.end());
    if (AfterRerank()) known.emplace_back("rerank");
    if (std::find(known.begin(), known.end(), name) != known.end()) return Status::Ok();
    return Wrong("on", fmt::format("no score '{}'{}; there are {}", name, DidYouMean(name, known),
                                   fmt::join(known, ", ")));
  }

  std::span<const PipelineStage> stages_;
  std::size_t place_;
  std::span<const std::string> scores_;
};

/// 0 for stages that may come in any order, else the place among those that end a pipeline.
int RankAtEnd(const PipelineStage& stage) {
  if (std::holds_alternative<LimitStage>(stage)) return 1;
  if (std::holds_alternative<BudgetStage>(stage)) return 2;
  return std::holds_alternative<OrderStage>(stage) ? 3 : 0;
}

Status CheckOrder(std::span<const PipelineStage> stages) {
  for (std::size_t i = 1; i < stages.size(); ++i) {
    const int before = RankAtEnd(stages[i - 1]);
    if (before == 0 || before < RankAtEnd(stages[i])) continue;
    return Status::InvalidArgument(
        fmt::format("stages[{}]: {} after {}; limit, budget and order come last, in that order, "
                    "each once at most",
                    i, StageName(stages[i]), StageName(stages[i - 1])));
  }
  return Status::Ok();
}

}  // namespace

std::string_view StageName(const PipelineStage& stage) { return kStageNames[stage.index()]; }

std::span<const std::string_view> StageNames() { return kStageNames; }

Status CheckStages(std::span<const PipelineStage> stages, std::span<const std::string> scores) {
  if (stages.size() > kMostStages) {
    return Status::InvalidArgument(
        fmt::format("stages: {} of them, at most {} may be", stages.size(), kMostStages));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckOrder(stages));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(std::visit(StageCheck(stages, i, scores), stages[i]));
  }
  return Status::Ok();
}

}  // namespace tracevec
