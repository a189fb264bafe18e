#include "retrieval/run_pipeline.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/answer_query.h"
#include "retrieval/pipeline_callbacks.h"
#include "retrieval/pipeline_receipt.h"
#include "retrieval/pipeline_sources.h"
#include "retrieval/query_plan.h"
#include "retrieval/stage.h"
#include "retrieval/validate.h"
#include "retrieval/view_stage_reader.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kMostFused = 16'384;
/// What searches have where callbacks left less: with 340,000 chunks one takes below 1 ms.
constexpr double kLeastSearchMs = 10;

std::optional<StageContext::TimePoint> DeadlineOf(const QueryOptions& options,
                                                  const Stopwatch& start) {
  if (!options.deadline_ms) return std::nullopt;
  constexpr double kYearMs = 366.0 * 86'400'000;  // More would not fit the clock.
  const std::chrono::duration<double, std::milli> time(std::min(*options.deadline_ms, kYearMs));
  return start.start() + std::chrono::duration_cast<StageContext::TimePoint::duration>(time);
}

/// `called`: callbacks may have used the time up.
QuerySettings SettingsOf(const PipelineSpec& spec, const QueryOptions& options,
                         const PipelineSources& sources, bool called, const Stopwatch& start) {
  QuerySettings settings;
  std::uint64_t candidates = 0;
  for (const SourceSpec& source : sources.specs) candidates += source.candidates;
  settings.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(candidates, kMostFused));
  settings.deadline_ms = options.deadline_ms;
  if (settings.deadline_ms && called) {
    *settings.deadline_ms = std::max(*settings.deadline_ms, start.Micros() / 1000 + kLeastSearchMs);
  }
  settings.space = sources.space;
  settings.label = options.label;
  settings.receipt = options.receipt;
  settings.fusion = spec.fuse;
  settings.fusion.weights.clear();  // Each source has its own.
  return settings;
}

constexpr SourceKind kKinds[] = {SourceKind::kDense, SourceKind::kLexical, SourceKind::kSparse};

bool HasSeveral(const QueryPlan& plan, SourceKind kind) {
  return std::count_if(plan.sources.begin(), plan.sources.end(),
                       [kind](const auto& source) { return source.kind == kind; }) > 1;
}

/// "dense.body#2": which of several sources of a kind.
std::string DetailedName(const PlannedSource& source) {
  std::string name(SourceKindName(source.kind));
  if (!source.field_name().empty()) name.append(".").append(source.field_name());
  return fmt::format("{}#{}", name, source.phrasing);
}

/// What sources said, as the ledger of candidates has it: for each kind its best rank, then, where
/// there are several sources of it, each of them.
class Scores {
 public:
  explicit Scores(const QueryPlan& plan) : plan_(plan) {
    for (const SourceKind kind : kKinds) {
      if (!HasSeveral(plan, kind)) continue;
      detailed_.push_back(kind);
    }
    for (const PlannedSource& source : plan.sources) names_.push_back(DetailedName(source));
  }

  void Add(const QueryAnswer& answer, std::size_t hit, std::vector<StageScore>* scores) const {
    const float score = answer.best[hit].score;
    const auto rank = static_cast<std::uint32_t>(hit + 1);
    if (answer.sources.empty()) {
      scores->push_back({std::string(SourceKindName(plan_.sources[0].kind)), score, rank});
      return;
    }
    const SourceScores& of_hit = answer.sources[hit];
    for (const SourceKind kind : kKinds) {
      if (const auto best = BestOf(plan_, of_hit, kind)) {
        scores->push_back({std::string(SourceKindName(kind)), best->score, best->rank});
      }
    }
    for (std::size_t i = 0; i < of_hit.size(); ++i) {
      const bool detailed =
          std::find(detailed_.begin(), detailed_.end(), plan_.sources[i].kind) != detailed_.end();
      if (detailed && of_hit[i]) {
        scores->push_back({names_[i], of_hit[i]->score, of_hit[i]->rank});
      }
    }
    scores->push_back({"fused", score, rank});
  }

 private:
  const QueryPlan& plan_;
  std::vector<SourceKind> detailed_;
  std::vector<std::string> names_;
};

std::vector<PassageCandidate> CandidatesOf(const QueryPlan& plan, const QueryAnswer& answer,
                                           std::uint32_t collection) {
  const Scores scores(plan);
  std::vector<PassageCandidate> candidates(answer.best.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const RowRef& ref = answer.best[i].ref;
    const RowSet& set = *plan.rows.sets[ref.set];
    candidates[i].key = {collection, set.document(ref.row), set.chunk(ref.row), ref};
    candidates[i].score = answer.best[i].score;
    scores.Add(answer, i, &candidates[i].scores);
  }
  return candidates;
}

/// A query of a pipeline while it runs.
class PipelineRun {
 public:
  PipelineRun(const Engine& engine, const CollectionState& state, std::string_view text,
              const QueryOptions& options)
      : engine_(engine), state_(state), text_(text), options_(options), reader_(engine.store()) {
    context_.reader = &reader_;
    context_.kernels = &engine.kernels();
    context_.query = text_;
    context_.deadline = DeadlineOf(options, start_);
    context_.raise_on_error = options.on_error == OnError::kRaise;
    context_.call_info = options.call_info;
    context_.report_dropped = options.receipt != ReceiptLevel::kOff;
  }

  Result<PipelineResponse> Run(const Pipeline& pipeline) {
    TRACEVEC_RETURN_IF_ERROR(Prepare(pipeline));
    TRACEVEC_RETURN_IF_ERROR(MakeSources(state_, context_, spec_, text_, &sources_, &reports_));
    Receipt* receipt = options_.receipt == ReceiptLevel::kOff ? nullptr : &response_.receipt;
    QueryPlan plan;
    std::vector<PassageCandidate> candidates;
    if (!sources_.specs.empty()) {
      TRACEVEC_ASSIGN_OR_RETURN(
          plan, PlanQuery(engine_, state_,
                          SettingsOf(spec_, options_, sources_, !reports_.empty(), start_),
                          sources_.specs, spec_.where));
      TRACEVEC_ASSIGN_OR_RETURN(const QueryAnswer answer, AnswerQuery(engine_, state_, plan, start_,
                                                                      sources_.inputs, receipt));
      candidates = CandidatesOf(plan, answer, reader_.Add(state_, *plan.view, plan.rows));
      if (plan.sources.size() == 1) {
        sources_.skipped.push_back({"fused", "one source was searched"});
      }
    } else if (receipt != nullptr) {
      FillUnsearchedReceipt(engine_, state_, options_, receipt);
    }
    const std::size_t before_sources = reports_.size();
    TRACEVEC_RETURN_IF_ERROR(RunStagesOver(&candidates));
    for (PassageCandidate& candidate : candidates) {
      response_.passages.push_back(std::move(candidate.passage));
    }
    response_.query = text_;
    if (receipt != nullptr) {
      TRACEVEC_RETURN_IF_ERROR(
          FillPipelineReceipt({pipeline, spec_, reports_, before_sources, sources_.phrasings.size(),
                               response_.passages, Late(), start_},
                              receipt));
    }
    return std::move(response_);
  }

 private:
  /// All that can be said of the call before a callback is called.
  Status Prepare(const Pipeline& pipeline) {
    TRACEVEC_RETURN_IF_ERROR(pipeline.Check());
    TRACEVEC_RETURN_IF_ERROR(CheckLabel(options_.label));
    if (options_.deadline_ms && !(*options_.deadline_ms > 0)) {
      return Status::InvalidArgument(
          fmt::format("deadline_ms: {}, expected more than 0", *options_.deadline_ms));
    }
    if (options_.receipt == ReceiptLevel::kKeep) {
      return Status::Unsupported(
          "receipt level 'keep': receipts of pipelines are not kept by this version; use "
          "'summary'");
    }
    spec_ = pipeline.spec();
    TRACEVEC_RETURN_IF_ERROR(AddDefaultSource(state_, &spec_));
    TRACEVEC_RETURN_IF_ERROR(CheckSourcesOf(state_, spec_, text_));
    return BindCallbacks(options_.callbacks, &spec_);
  }

  Status RunStagesOver(std::vector<PassageCandidate>* candidates) {
    context_.query_vectors = sources_.query_vectors;
    context_.skipped_scores = sources_.skipped;
    return RunStages(spec_.stages, context_, candidates, &reports_);
  }

  bool Late() const { return context_.deadline && context_.clock() > *context_.deadline; }

  const Stopwatch start_;
  const Engine& engine_;
  const CollectionState& state_;
  const std::string text_;
  const QueryOptions& options_;
  ViewStageReader reader_;
  StageContext context_;
  PipelineSpec spec_;
  PipelineSources sources_;
  std::vector<StageReport> reports_;
  PipelineResponse response_;
};

}  // namespace

Result<PipelineResponse> RunPipeline(const Engine& engine, const CollectionState& state,
                                     std::string_view text, const Pipeline& pipeline,
                                     const QueryOptions& options) {
  return PipelineRun(engine, state, text, options).Run(pipeline);
}

}  // namespace tracevec
