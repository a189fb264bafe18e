#include "retrieval/query_run.h"

#include <array>
#include <utility>

#include "core/return_if_error.h"
#include "core/vector_math.h"
#include "index/search.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

/// In collections below this an exact search takes no longer than half a millisecond: there is
/// little to tune, and many of them may be open.
constexpr std::uint64_t kLeastChunksToRemember = 10'000;

/// What a query needs besides its plan while it runs.
class RunningQuery {
 public:
  RunningQuery(const Engine& engine, const CollectionState& state, const QueryPlan& plan)
      : plan_(plan), texts_(engine.store(), state, plan.rows) {}

  Status Prepare(const QueryTask& task, const Stopwatch& start) {
    const VectorField& field = task.source->field->field;
    const float* vector = task.vector;
    TRACEVEC_RETURN_IF_ERROR(CheckVector(vector, field.dimension, field.metric, "query vector"));
    if (field.metric == Metric::kCosine) {
      normalised_.resize(field.dimension);
      Normalise(vector, field.dimension, normalised_.data());
      vector = normalised_.data();
    }
    scan_ = MakeScan(plan_, *task.source, start);
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
      const BoundField& field = *tasks[i].source->field;
      state.query_memories[field.index].Offer(tasks[i].vector, field.field.dimension);
    }
    searches.push_back({&running[i]->scan(), {}, {}});
    places.push_back(i);
  }
  const Stopwatch watch;
  if (tasks.front().source->width.exact) {
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
    task.counts = std::move(searches[i].counts);
    task.scan_micros = scan_micros;
  }
}

}  // namespace tracevec
