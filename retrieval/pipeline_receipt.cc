#include "retrieval/pipeline_receipt.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/return_if_error.h"
#include "retrieval/receipt_maker.h"

namespace tracevec {
namespace {

/// Steps that never let fewer pass for a reason of their own.
constexpr std::string_view kNoReason[] = {"limit", "order", "summarize", "hydrate"};

ReceiptStage StageOf(StageReport report) {
  ReceiptStage stage = {std::move(report.name), report.micros, report.n_in, report.n_out};
  stage.available = report.available;
  stage.skipped = std::move(report.skipped);
  stage.degraded = std::move(report.degraded);
  for (StageCall& call : report.calls) {
    stage.calls.push_back({call.texts, call.micros, std::move(call.info)});
  }
  stage.dropped.reserve(report.dropped.size());
  for (DroppedCandidate& drop : report.dropped) {
    stage.dropped.push_back({std::move(drop.chunk), std::move(drop.rule), std::move(drop.into),
                             drop.value, drop.against});
  }
  return stage;
}

/// The limit's count; 0: there is none.
std::uint32_t LimitOf(const PipelineSpec& spec) {
  for (const PipelineStage& stage : spec.stages) {
    if (const auto* limit = std::get_if<LimitStage>(&stage)) return limit->count;
  }
  return 0;
}

void AddReason(std::string_view reason, std::string* reasons) {
  if (!reasons->empty()) reasons->push_back('+');
  reasons->append(reason);
}

/// Why fewer came back than the limit; without one, why nothing did.
std::string ShortReasons(const PipelineOutcome& outcome, const Receipt& receipt) {
  const std::size_t wanted = std::max<std::size_t>(1, receipt.k);
  std::string reasons;
  if (outcome.passages.size() >= wanted) return reasons;
  if (receipt.deadline_cut) AddReason("deadline", &reasons);
  if (receipt.short_reason == "stop_words") AddReason("stop_words", &reasons);
  for (std::size_t i = 0; i < outcome.reports.size(); ++i) {
    const StageReport& report = outcome.reports[i];
    if (i < outcome.before_sources) {
      if (report.name != "expand" && !report.skipped.empty()) AddReason("skipped_source", &reasons);
      continue;
    }
    const bool has_reason =
        std::find(std::begin(kNoReason), std::end(kNoReason), report.name) == std::end(kNoReason);
    if (has_reason && report.n_out < report.n_in) AddReason(report.name, &reasons);
  }
  if (reasons.empty()) reasons = "matches";
  return reasons;
}

/// Whether a step did something else than was asked, or nothing.
bool IsDegraded(const PipelineOutcome& outcome) {
  return std::any_of(outcome.reports.begin(), outcome.reports.end(), [](const StageReport& report) {
    return !report.skipped.empty() || !report.degraded.empty();
  });
}

ReceiptPassage PassageOf(const Passage& passage) {
  return {passage.document, passage.version, passage.span,
          passage.score,    passage.tokens,  passage.citations};
}

}  // namespace

void FillUnsearchedReceipt(const Engine& engine, const CollectionState& state,
                           const QueryOptions& options, Receipt* receipt) {
  receipt->time = Now();
  receipt->id = NewReceiptId(receipt->time);
  receipt->label = options.label;
  receipt->collection = state.name;
  receipt->plan = "none";
  receipt->timeline = engine.timeline();
  receipt->kernels = engine.kernels().name;
  receipt->build = BuildName();
}

Status FillPipelineReceipt(const PipelineOutcome& outcome, Receipt* receipt) {
  TRACEVEC_ASSIGN_OR_RETURN(receipt->pipeline, outcome.pipeline.Hash());
  receipt->phrasings = static_cast<std::uint32_t>(outcome.phrasings);
  receipt->k = LimitOf(outcome.spec);
  receipt->returned = static_cast<std::uint32_t>(outcome.passages.size());
  receipt->deadline_cut |= outcome.late;
  receipt->short_reason = ShortReasons(outcome, *receipt);
  receipt->outcome = receipt->deadline_cut || IsDegraded(outcome) ? "degraded"
                     : outcome.passages.empty()                   ? "empty"
                                                                  : "ok";
  receipt->ledger.clear();  // Of candidates; passages have their own.
  std::vector<ReceiptStage> stages;
  stages.reserve(outcome.reports.size() + receipt->stages.size());
  for (std::size_t i = 0; i < outcome.reports.size(); ++i) {
    if (i == outcome.before_sources) {
      std::move(receipt->stages.begin(), receipt->stages.end(), std::back_inserter(stages));
    }
    stages.push_back(StageOf(std::move(outcome.reports[i])));
  }
  receipt->stages = std::move(stages);
  receipt->passages.reserve(outcome.passages.size());
  for (const Passage& passage : outcome.passages) receipt->passages.push_back(PassageOf(passage));
  receipt->total_micros = outcome.start.Micros();
  return Status::Ok();
}

}  // namespace tracevec
