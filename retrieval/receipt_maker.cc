#include "retrieval/receipt_maker.h"

#include <random>

#include "core/content_hash.h"
#include "retrieval/clock.h"
#include "retrieval/query_run.h"
#include "retrieval/search_plan.h"
#include "tracevec/database.h"

namespace tracevec {

std::string NewReceiptId(Timestamp time) {
  thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }()};
  return ToHex(static_cast<std::uint64_t>(time.micros)) + ToHex(generator());
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
  receipt->time = Now();
  receipt->id = NewReceiptId(receipt->time);
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
  receipt->outcome = deadline_cut ? "degraded" : returned == 0 ? "empty" : "ok";
}

void FillReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                 const ScanCounts& counts, double scan_micros, std::size_t returned,
                 Receipt* receipt) {
  const bool exact = plan.settings.exact;
  FillPlanReceipt(engine, state, plan, receipt);
  receipt->field = plan.field->name;
  receipt->plan = PlanName(exact, !plan.filter->program.empty(), counts.graphs > 0, counts.ways);
  if (!plan.filter->program.empty()) receipt->parts = PartsOf(plan, counts.ways);
  receipt->metric = MetricName(plan.field->field.metric);
  receipt->code = exact ? "float32" : counts.int4 ? "int4" : "int8";
  FillReturned(plan.settings.k, returned, counts.deadline_cut, receipt);
  receipt->rows_scanned = counts.rows;
  receipt->segments_searched = counts.graphs;
  receipt->nodes_visited = counts.nodes;
  receipt->ef = plan.settings.ef.value_or(0);
  receipt->ef_source = plan.settings.ef_source;
  receipt->distances = counts.distances;
  receipt->filter_tested = counts.filter_tested;
  receipt->filter_passed = counts.filter_passed;
  receipt->space = plan.field->field.space;
  receipt->space_asserted = !plan.settings.space.declared();
  receipt->stages.push_back({counts.graphs > 0 ? "search" : "scan", scan_micros, plan.rows.rows(),
                             exact ? returned : counts.candidates});
  if (!exact) {
    receipt->stages.push_back({"rescore", counts.rescore_micros, counts.rescored, returned});
  }
}

}  // namespace tracevec
