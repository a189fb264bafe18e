#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "core/return_if_error.h"
#include "retrieval/candidate_text.h"
#include "retrieval/clock.h"
#include "retrieval/stage.h"
#include "retrieval/stage_functions.h"
#include "retrieval/stage_reader.h"
#include "retrieval/stage_report.h"

namespace tracevec {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// Stages that candidates do not flow through one by one: those that call the user's functions,
/// which must not see a candidate twice, that look at all they are given, or that end the pipeline.
bool EndsDrawing(const PipelineStage& stage) {
  return std::visit(
      Overloaded{[](const ThresholdStage&) { return false; },
                 [](const DedupStage&) { return false; }, [](const GroupStage&) { return false; },
                 [](const CombineStage&) { return false; }, [](const auto&) { return true; }},
      stage);
}

/// How many candidates a stage can make use of.
std::size_t Wanted(std::span<const PipelineStage> stages, std::size_t place) {
  if (place == stages.size()) return kUnbounded;
  return std::visit(Overloaded{[](const RerankStage& stage) -> std::size_t { return stage.top; },
                               [](const MmrStage& stage) -> std::size_t { return stage.top; },
                               [](const LimitStage& stage) -> std::size_t { return stage.count; },
                               // Those that a later stage would drop unread are not summarised.
                               [&](const SummarizeStage&) { return Wanted(stages, place + 1); },
                               [](const auto&) { return kUnbounded; }},
                    stages[place]);
}

class StageRun {
 public:
  StageRun(std::span<const PipelineStage> stages, StageContext& context,
           std::vector<PassageCandidate>* candidates, std::vector<StageReport>* reports)
      : stages_(stages), context_(context), candidates_(*candidates), reports_(*reports) {}

  Status Run() {
    for (std::size_t next = 0; next < stages_.size(); ++next) {
      const std::size_t first = next;
      while (next < stages_.size() && !EndsDrawing(stages_[next])) ++next;
      TRACEVEC_RETURN_IF_ERROR(Draw(first, next));
      if (next < stages_.size()) TRACEVEC_RETURN_IF_ERROR(RunLast(next));
    }
    return Hydrate();
  }

 private:
  /// Runs stages [first, last) over as many of the best candidates as it takes for what the next
  /// one wants, twice as many each time, and leaves what they make of those.
  Status Draw(std::size_t first, std::size_t last) {
    if (first == last) return Status::Ok();
    const std::size_t wanted = Wanted(stages_, last);
    const std::size_t available = candidates_.size();
    // A half is often dropped or joined; of few, 8 more make a second round unlikely.
    std::size_t drawn = wanted >= available ? available : std::max(2 * wanted, wanted + 8);
    std::vector<double> micros(last - first, 0);
    for (;; drawn *= 2) {
      drawn = std::min(drawn, available);
      const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(drawn);
      std::vector<PassageCandidate> tried;
      if (drawn == available) {
        tried = std::move(candidates_);
      } else {
        tried.assign(candidates_.begin(), end);
      }
      std::vector<StageReport> reports;
      for (std::size_t i = first; i < last; ++i) {
        TRACEVEC_RETURN_IF_ERROR(RunOne(i, &tried, &reports));
        reports.back().available = i == first ? available : reports.back().n_in;
        reports.back().micros = micros[i - first] += reports.back().micros;
      }
      if (drawn < available && tried.size() < wanted) continue;
      if (drawn < available) {
        not_drawn_.assign(std::make_move_iterator(end), std::make_move_iterator(candidates_.end()));
      }
      candidates_ = std::move(tried);
      std::move(reports.begin(), reports.end(), std::back_inserter(reports_));
      return Status::Ok();
    }
  }

  /// A stage that ends a drawing. What was not drawn is dropped by it.
  Status RunLast(std::size_t place) {
    const std::size_t wanted = Wanted(stages_, place);
    std::vector<PassageCandidate> left_out = std::move(not_drawn_);
    not_drawn_.clear();
    const std::size_t available = candidates_.size() + left_out.size();
    TRACEVEC_RETURN_IF_ERROR(RunOne(place, &candidates_, &reports_, wanted));
    StageReport& report = reports_.back();
    report.available = available;
    for (const PassageCandidate& candidate : left_out) {
      ReportDropped(context_, candidate, "not_drawn", nullptr, &report);
    }
    return Status::Ok();
  }

  Status RunOne(std::size_t place, std::vector<PassageCandidate>* candidates,
                std::vector<StageReport>* reports, std::size_t most = kUnbounded) {
    const PipelineStage& stage = stages_[place];
    StageReport report;
    report.name = StageName(stage);
    report.n_in = candidates->size();
    const Stopwatch watch;
    TRACEVEC_RETURN_IF_ERROR(std::visit(
        Overloaded{
            [&](const RerankStage& s) { return Rerank(s, context_, candidates, &report); },
            [&](const ThresholdStage& s) {
              return ApplyThreshold(s, context_, candidates, &report);
            },
            [&](const DedupStage& s) { return Dedup(s, context_, candidates, &report); },
            [&](const MmrStage& s) { return Mmr(s, context_, candidates, &report); },
            [&](const GroupStage& s) { return GroupByDocument(s, context_, candidates, &report); },
            [&](const CombineStage& s) { return Combine(s, context_, candidates, &report); },
            [&](const SummarizeStage& s) {
              KeepFirst(most, "limit", context_, candidates, &report);
              return Summarize(s, context_, candidates, &report);
            },
            [&](const LimitStage& s) {
              KeepFirst(s.count, "limit", context_, candidates, &report);
              return Status::Ok();
            },
            [&](const BudgetStage& s) { return ApplyBudget(s, context_, candidates, &report); },
            [&](const OrderStage& s) { return Order(s, context_, candidates, &report); }},
        stage));
    report.micros = watch.Micros();
    report.n_out = candidates->size();
    reports->push_back(std::move(report));
    return Status::Ok();
  }

  Status Hydrate() {
    StageReport report;
    report.name = "hydrate";
    report.available = report.n_in = report.n_out = candidates_.size();
    const Stopwatch watch;
    for (PassageCandidate& candidate : candidates_) {
      TRACEVEC_RETURN_IF_ERROR(FillPassage(*context_.reader, &candidate));
    }
    report.micros = watch.Micros();
    reports_.push_back(std::move(report));
    return Status::Ok();
  }

  std::span<const PipelineStage> stages_;
  StageContext& context_;
  std::vector<PassageCandidate>& candidates_;
  std::vector<StageReport>& reports_;
  std::vector<PassageCandidate> not_drawn_;
};

}  // namespace

void KeepFirst(std::size_t count, std::string_view rule, StageContext& context,
               std::vector<PassageCandidate>* candidates, StageReport* report) {
  for (std::size_t i = count; i < candidates->size(); ++i) {
    ReportDropped(context, (*candidates)[i], rule, nullptr, report);
  }
  if (count >= candidates->size()) return;
  candidates->erase(candidates->begin() + static_cast<std::ptrdiff_t>(count), candidates->end());
}

Status RunStages(std::span<const PipelineStage> stages, StageContext& context,
                 std::vector<PassageCandidate>* candidates, std::vector<StageReport>* reports) {
  return StageRun(stages, context, candidates, reports).Run();
}

}  // namespace tracevec
