#include "retrieval/tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "index/search.h"
#include "retrieval/clock.h"
#include "retrieval/query_run.h"
#include "retrieval/tune_sample.h"
#include "retrieval/tuned_widths.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kLargestK = 1000;
constexpr std::uint32_t kWidestMeasured = 4096;
/// From width to width: less than this is within the error of what 500 queries say.
constexpr double kStep = 1.41421356;
/// Wider searches than find this share need no measuring.
constexpr double kEnough = 0.9995;

Status CheckOptions(const TuneOptions& options) {
  if (!(options.target_recall > 0 && options.target_recall < 1)) {
    return Status::InvalidArgument(
        fmt::format("target_recall: {}, expected over 0 and below 1", options.target_recall));
  }
  if (options.k == 0 || options.k > kLargestK) {
    return Status::InvalidArgument(fmt::format("k: {}, expected 1 to {}", options.k, kLargestK));
  }
  if (options.most_queries < 10 || options.most_queries > 100'000) {
    return Status::InvalidArgument(
        fmt::format("most_queries: {}, expected 10 to 100,000", options.most_queries));
  }
  return Status::Ok();
}

/// Where nothing is walked, no width would say anything of those that are.
Status CheckHasGraph(const CollectionState& state, const QueryPlan& plan) {
  const auto& sets = plan.rows.sets;
  const bool has_graph = std::any_of(sets.begin(), sets.end(), [&](const auto& set) {
    return set->graph(plan.field()->index) != nullptr;
  });
  if (has_graph) return Status::Ok();
  return Status::InvalidArgument(fmt::format(
      "collection '{}': its {} chunks are scanned, not searched along a graph, so there "
      "is no width to tune; 512 chunks and rebuild() make one",
      state.name, plan.view->chunks));
}

/// Searches for a sample of queries with one width after the other, at one view.
class Measurement {
 public:
  Measurement(const Engine& engine, const CollectionState& state, QueryPlan plan, TuneSample sample)
      : engine_(engine), state_(state), plan_(std::move(plan)), sample_(std::move(sample)) {}

  /// Finds what is to be found. Errors: InvalidArgument (a query's vector).
  Status FindTruth() {
    plan_.sources.front().width.exact = true;
    least_.clear();
    wanted_ = 0;
    return ForQueries([&](std::size_t /*query*/, const std::vector<ScoredRow>& best) {
      wanted_ += best.size();
      least_.push_back(best.empty() ? 0 : best.back().score);
    });
  }

  Result<TunePoint> Measure(std::uint32_t ef) {
    plan_.sources.front().width = {false, ef, "asked"};
    found_.assign(sample_.count, 0);
    const Stopwatch watch;
    TRACEVEC_RETURN_IF_ERROR(ForQueries([&](std::size_t query, const std::vector<ScoredRow>& best) {
      // What scores the same is as right.
      found_[query] = static_cast<std::uint32_t>(
          std::count_if(best.begin(), best.end(),
                        [&](const ScoredRow& row) { return row.score >= least_[query]; }));
    }));
    std::uint64_t found = 0;
    for (const std::uint32_t of_query : found_) found += of_query;
    const double recall =
        wanted_ == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted_);
    return TunePoint{ef, recall, watch.Micros() / static_cast<double>(sample_.count)};
  }

  /// Of the 95 % interval of the recall measured last: queries differ more than their answers.
  double HalfWidth() const {
    const auto count = static_cast<double>(sample_.count);
    if (wanted_ == 0 || sample_.count < 2) return 1;
    double sum = 0;
    double squares = 0;
    for (const std::uint32_t found : found_) {
      sum += found;
      squares += static_cast<double>(found) * found;
    }
    const double variance = std::max(0.0, (squares - sum * sum / count) / (count - 1));
    return 1.96 * std::sqrt(variance / count) * count / static_cast<double>(wanted_);
  }

  const TuneSample& sample() const { return sample_; }
  const QueryPlan& plan() const { return plan_; }

 private:
  template <typename Use>
  Status ForQueries(const Use& use) {
    const std::size_t dimension = plan_.field()->field.dimension;
    for (std::size_t first = 0; first < sample_.count; first += kSearchesInTurn) {
      const std::size_t count = std::min(kSearchesInTurn, sample_.count - first);
      std::array<QueryTask, kSearchesInTurn> tasks;
      for (std::size_t i = 0; i < count; ++i) {
        tasks[i].source = &plan_.sources.front();
        tasks[i].vector = sample_.vectors.data() + (first + i) * dimension;
        if (!sample_.hidden.empty()) tasks[i].hidden = sample_.hidden[first + i];
      }
      RunQueries(engine_, state_, plan_, Stopwatch(), std::span(tasks).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        if (!tasks[i].status.ok()) {
          return {tasks[i].status.code(),
                  fmt::format("query {}: {}", first + i, tasks[i].status.message())};
        }
        use(first + i, tasks[i].best);
      }
    }
    return Status::Ok();
  }

  const Engine& engine_;
  const CollectionState& state_;
  QueryPlan plan_;
  TuneSample sample_;
  std::vector<float> least_;          // The worst score of each query's true answer.
  std::vector<std::uint32_t> found_;  // By the last Measure, of each query's.
  std::uint64_t wanted_ = 0;
};

/// Measures ever wider searches until they find all but nothing.
Result<TuneResult> MeasureWidths(Measurement* measurement, const TuneOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(measurement->FindTruth());
  TuneResult result;
  double width = options.k;
  for (; width <= kWidestMeasured; width = std::ceil(width * kStep)) {
    TRACEVEC_ASSIGN_OR_RETURN(const TunePoint point,
                              measurement->Measure(static_cast<std::uint32_t>(width)));
    const bool first_to_reach = result.half_width == 0 && point.recall >= options.target_recall;
    if (first_to_reach) result.half_width = measurement->HalfWidth();
    result.points.push_back(point);
    if (point.recall >= std::max(kEnough, options.target_recall)) break;
  }
  if (const auto ef = WidthForRecall(result.points, options.target_recall)) {
    result.ef = *ef;
    result.recall = RecallAtWidth(result.points, *ef);
  } else {
    result.recall = result.points.back().recall;
    result.half_width = measurement->HalfWidth();
  }
  const QueryPlan& plan = measurement->plan();
  result.field = plan.field()->name;
  result.target_recall = options.target_recall;
  result.k = options.k;
  result.queries = measurement->sample().kind;
  result.used = static_cast<std::uint32_t>(measurement->sample().count);
  result.chunks = plan.view->chunks;
  result.commit = Raw(plan.view->commit);
  result.time = Now();
  return result;
}

Status Keep(Engine& engine, CollectionState& state, const BoundField& field,
            const TuneResult& result) {
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(state.CheckCurrent());
  auto tuning = state.tuning == nullptr ? std::make_shared<TuningRecord>()
                                        : std::make_shared<TuningRecord>(*state.tuning);
  tuning->fields[field.number] = result;
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Tuning(state.number), EncodeTuning(*tuning));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, state.sync));
  state.tuning = std::move(tuning);
  state.PublishView();
  return Status::Ok();
}

}  // namespace

Result<TuneResult> Tune(Engine& engine, CollectionState& state, const TuneOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckOptions(options));
  QuerySettings settings;
  settings.k = options.k;
  settings.exact = true;
  settings.receipt = ReceiptLevel::kOff;
  settings.remembered = false;
  const SourceSpec source = {SourceKind::kDense, options.field};
  TRACEVEC_ASSIGN_OR_RETURN(QueryPlan plan,
                            PlanQuery(engine, state, settings, std::span(&source, 1), Filter()));
  const BoundField& field = *plan.field();
  TRACEVEC_RETURN_IF_ERROR(CheckHasGraph(state, plan));
  TRACEVEC_ASSIGN_OR_RETURN(TuneSample sample, DrawTuneSample(state, plan, options));
  Measurement measurement(engine, state, std::move(plan), std::move(sample));
  TRACEVEC_ASSIGN_OR_RETURN(TuneResult result, MeasureWidths(&measurement, options));
  TRACEVEC_RETURN_IF_ERROR(Keep(engine, state, field, result));
  return result;
}

void AddTuning(const CollectionState& state, const CollectionView& view, CollectionStats* stats) {
  if (view.tuning == nullptr) return;
  for (const BoundField& field : state.fields) {
    const auto found = view.tuning->fields.find(field.number);
    if (found == view.tuning->fields.end()) continue;
    TuneResult& tuned = stats->tuned.emplace_back(found->second);
    tuned.field = field.name;
    if (!IsOutdated(tuned, view.chunks)) continue;
    stats->warnings.push_back(fmt::format(
        "field '{}' was tuned with {} chunks and the collection has {}: its width is not "
        "used any more, tune again",
        field.name, tuned.chunks, view.chunks));
  }
}

Status LoadTuning(const Store& store, CollectionState& state) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto bytes,
                            store.Get(Table::kRecords, keys::Tuning(state.number)));
  if (!bytes) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(TuningRecord record, DecodeTuning(*bytes));
  state.tuning = std::make_shared<const TuningRecord>(std::move(record));
  return Status::Ok();
}

}  // namespace tracevec
