#include "retrieval/query_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "core/vector_math.h"
#include "index/search.h"
#include "retrieval/receipt_maker.h"
#include "retrieval/row_loader.h"
#include "retrieval/tuned_widths.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kLargestK = 16'384;
constexpr std::uint32_t kLargestEf = 65'536;
/// In collections below this an exact search takes no longer than half a millisecond: there is
/// little to tune, and many of them may be open.
constexpr std::uint64_t kLeastChunksToRemember = 10'000;

Status CheckSettings(const QuerySettings& settings) {
  if (settings.k == 0 || settings.k > kLargestK) {
    return Status::InvalidArgument(fmt::format("k: {}, expected 1 to {}", settings.k, kLargestK));
  }
  if (settings.ef && (*settings.ef == 0 || *settings.ef > kLargestEf)) {
    return Status::InvalidArgument(
        fmt::format("ef: {}, expected 1 to {}", *settings.ef, kLargestEf));
  }
  if (settings.target_recall && !(*settings.target_recall > 0 && *settings.target_recall <= 1)) {
    return Status::InvalidArgument(
        fmt::format("target_recall: {}, expected over 0 and at most 1", *settings.target_recall));
  }
  if (settings.ef && settings.target_recall) {
    return Status::InvalidArgument("both ef and target_recall are given; give one");
  }
  if (settings.deadline_ms && !(*settings.deadline_ms > 0)) {
    return Status::InvalidArgument(
        fmt::format("deadline_ms: {}, expected more than 0", *settings.deadline_ms));
  }
  return CheckLabel(settings.label);
}

/// Null: nothing was tuned, or for another collection than this has become.
const TuneResult* TunedOf(const CollectionView& view, const BoundField& field) {
  if (view.tuning == nullptr) return nullptr;
  const auto found = view.tuning->fields.find(field.number);
  if (found == view.tuning->fields.end()) return nullptr;
  return IsOutdated(found->second, view.chunks) ? nullptr : &found->second;
}

FilterUse FilterUseOf(const QuerySettings& settings, FilterUse use) {
  return settings.deadline_ms && use == FilterUse::kMatch ? FilterUse::kMatchNow : use;
}

/// What each source of a query finds.
std::uint32_t CandidatesOf(const QuerySettings& settings) {
  if (!settings.by_vector || !settings.by_text) return settings.k;
  return std::max(settings.k, settings.fusion.candidates);
}

Status CheckSources(const QuerySettings& settings, const std::string& field_name) {
  if (settings.by_vector && settings.by_text) return CheckFusion(settings.fusion, 2);
  if (settings.by_vector || field_name.empty()) return Status::Ok();
  return Status::InvalidArgument(fmt::format(
      "field '{}' is given without a vector; a search by text alone has no vector field",
      field_name));
}

}  // namespace

ScanQuery MakeScan(const QueryPlan& plan, const Stopwatch& start) {
  ScanQuery query;
  if (plan.field != nullptr) query.field = plan.field->index;
  query.k = plan.settings.k;
  query.ef = plan.settings.ef.value_or(0);
  query.now = Now();
  if (plan.settings.deadline_ms) {
    const auto deadline =
        std::chrono::duration<double, std::milli>(std::min(*plan.settings.deadline_ms, 1e9));
    query.deadline =
        start.start() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(deadline);
  }
  return query;
}

namespace {

/// What a query needs besides its plan while it runs.
class RunningQuery {
 public:
  RunningQuery(const Engine& engine, const CollectionState& state, const QueryPlan& plan)
      : plan_(plan), texts_(engine.store(), state, plan.rows) {}

  Status Prepare(const QueryTask& task, const Stopwatch& start) {
    const VectorField& field = plan_.field->field;
    const float* vector = task.vector;
    TRACEVEC_RETURN_IF_ERROR(CheckVector(vector, field.dimension, field.metric, "query vector"));
    if (field.metric == Metric::kCosine) {
      normalised_.resize(field.dimension);
      Normalise(vector, field.dimension, normalised_.data());
      vector = normalised_.data();
    }
    scan_ = MakeScan(plan_, start);
    scan_.vector = vector;
    scan_.exclude = task.exclude;
    scan_.hidden = task.hidden;
    texts_.Attach(*plan_.filter, &scan_);
    return Status::Ok();
  }

  const ScanQuery& scan() const { return scan_; }
  const Status& texts_status() const { return texts_.status(); }

 private:
  const QueryPlan& plan_;
  std::vector<float> normalised_;
  ScanQuery scan_;
  RowTexts texts_;
};

}  // namespace

Result<QueryPlan> PlanQuery(const Engine& engine, const CollectionState& state,
                            const QuerySettings& settings, const std::string& field_name,
                            const Filter& where, FilterUse use) {
  const Stopwatch watch;
  TRACEVEC_RETURN_IF_ERROR(CheckSettings(settings));
  QueryPlan plan;
  TRACEVEC_RETURN_IF_ERROR(CheckSources(settings, field_name));
  plan.settings = settings;
  plan.hits = settings.k;
  plan.settings.k = CandidatesOf(settings);
  if (settings.by_vector) {
    TRACEVEC_ASSIGN_OR_RETURN(plan.field, FindField(state, field_name));
    TRACEVEC_RETURN_IF_ERROR(CheckSpace(*plan.field, settings.space));
  }
  if (settings.by_text) {
    TRACEVEC_ASSIGN_OR_RETURN(plan.analyzer, FindAnalyzer(state));
  }
  plan.view = state.views.Current();
  if (settings.by_vector) ChooseWidth(TunedOf(*plan.view, *plan.field), &plan.settings);
  const std::size_t vectors_of = settings.by_vector ? plan.field->index : kNoField;
  TRACEVEC_ASSIGN_OR_RETURN(
      plan.rows, RowsOf(engine.store(), state, *plan.view, vectors_of, settings.by_text));
  TRACEVEC_ASSIGN_OR_RETURN(
      plan.filter, BindFilter(state, *plan.view, plan.rows, where, FilterUseOf(settings, use)));
  plan.plan_micros = watch.Micros();
  return plan;
}

void RunQueries(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                const Stopwatch& start, std::span<QueryTask> tasks) {
  std::array<std::optional<RunningQuery>, kSearchesInTurn> running;
  std::vector<CodeSearch> searches;
  std::vector<std::size_t> places;  // Of the tasks that are searched for.
  const bool remember = plan.settings.remembered && plan.view->chunks >= kLeastChunksToRemember;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    running[i].emplace(engine, state, plan);
    tasks[i].status = running[i]->Prepare(tasks[i], start);
    if (!tasks[i].status.ok()) continue;
    if (remember && !tasks[i].exclude) {  // A stored vector is too easy a query.
      state.query_memories[plan.field->index].Offer(tasks[i].vector, plan.field->field.dimension);
    }
    searches.push_back({&running[i]->scan(), {}, {}});
    places.push_back(i);
  }
  const Stopwatch watch;
  if (plan.settings.exact) {
    for (CodeSearch& search : searches) {
      search.best = ScanExact(plan.rows, *search.query, engine.kernels(), &search.counts);
    }
  } else {
    SearchCodes(plan.rows, engine.kernels(), searches);
  }
  double scan_micros = watch.Micros();
  for (const CodeSearch& search : searches) scan_micros -= search.counts.rescore_micros;
  for (std::size_t i = 0; i < searches.size(); ++i) {
    QueryTask& task = tasks[places[i]];
    task.status = running[places[i]]->texts_status();
    task.best = std::move(searches[i].best);
    if (task.receipt == nullptr || !task.status.ok()) continue;
    FillReceipt(engine, state, plan, searches[i].counts, scan_micros, task.best.size(),
                task.receipt);
  }
}

}  // namespace tracevec
