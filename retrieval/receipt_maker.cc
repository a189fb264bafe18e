#include "retrieval/receipt_maker.h"

#include <random>

#include "core/content_hash.h"
#include "retrieval/clock.h"
#include "retrieval/query_run.h"
#include "retrieval/search_plan.h"
#include "tracevec/database.h"

namespace tracevec {

std::string NewReceiptId() {
  thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }()};
  return ToHex(generator()) + ToHex(generator());
}

const std::string& BuildName() {
  static const std::string name = std::string(Version()) +
#ifdef NDEBUG
                                  " release";
#else
                                  " debug";
#endif
  return name;
}

void FillPlanReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                     Receipt* receipt) {
  receipt->id = NewReceiptId();
  receipt->time = Now();
  receipt->label = plan.settings.label;
  receipt->collection = state.name;
  receipt->filter = plan.filter->text;
  receipt->exact = plan.settings.exact;
  receipt->live = plan.view->chunks;
  receipt->commit = Raw(plan.view->commit);
  receipt->timeline = engine.timeline();
  receipt->kernels = engine.kernels().name;
  receipt->build = BuildName();
  receipt->stages.reserve(4);
  receipt->stages.push_back({"plan", plan.plan_micros, plan.view->chunks, plan.rows.rows()});
}

void FillReturned(std::uint32_t k, std::size_t returned, bool deadline_cut, Receipt* receipt) {
  receipt->k = k;
  receipt->returned = static_cast<std::uint32_t>(returned);
  receipt->deadline_cut = deadline_cut;
  receipt->short_reason.clear();
  if (returned < k) receipt->short_reason = deadline_cut ? "deadline" : "matches";
}

void AddDense(const QueryPlan& plan, const PlannedSource& source, const ScanCounts& counts,
              double scan_micros, std::size_t found, Receipt* receipt) {
  const bool exact = source.width.exact;
  const std::string name =
      PlanName(exact, !plan.filter->program.empty(), counts.graphs > 0, counts.ways);
  if (receipt->plan.empty()) {
    receipt->plan = name;
    receipt->field = source.field->name;
    receipt->exact = exact;
    if (!plan.filter->program.empty()) receipt->parts = PartsOf(plan, counts.ways);
    receipt->metric = MetricName(source.field->field.metric);
    receipt->code = exact ? "float32" : counts.int4 ? "int4" : "int8";
    receipt->ef = source.width.ef.value_or(0);
    receipt->ef_source = source.width.ef_source;
    receipt->space = source.field->field.space;
    receipt->space_asserted = !plan.settings.space.declared();
  } else {
    receipt->plan += "+" + name;
  }
  receipt->rows_scanned += counts.rows;
  receipt->segments_searched += counts.graphs;
  receipt->nodes_visited += counts.nodes;
  receipt->distances += counts.distances;
  receipt->filter_tested += counts.filter_tested;
  receipt->filter_passed += counts.filter_passed;
  receipt->deadline_cut |= counts.deadline_cut;
  receipt->stages.push_back({counts.graphs > 0 ? "search" : "scan", scan_micros, plan.rows.rows(),
                             exact ? found : counts.candidates});
  if (!exact) {
    receipt->stages.push_back({"rescore", counts.rescore_micros, counts.rescored, found});
  }
}

void FillReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                 const QueryTask& task, Receipt* receipt) {
  FillPlanReceipt(engine, state, plan, receipt);
  AddDense(plan, *task.source, task.counts, task.scan_micros, task.best.size(), receipt);
  FillReturned(plan.settings.k, task.best.size(), task.counts.deadline_cut, receipt);
}

}  // namespace tracevec
