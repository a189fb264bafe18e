#include "retrieval/search_plan.h"

#include <algorithm>
#include <cmath>

#include "index/search.h"

namespace tracevec {
namespace {

bool Walks(SearchWay way) { return way != SearchWay::kScan && way != SearchWay::kScanMatches; }

/// How each set would be searched for a source of a vector; null: for texts alone.
std::vector<SearchWay> PlannedWays(const QueryPlan& plan, const PlannedSource* dense) {
  const bool filtered = !plan.filter->program.empty();
  std::vector<SearchWay> ways;
  if (dense == nullptr || dense->width.exact) {
    for (std::size_t place = 0; place < plan.rows.sets.size(); ++place) {
      const bool narrowed = filtered && plan.filter->matches.sets[place].narrowed;
      ways.push_back(narrowed ? SearchWay::kScanMatches : SearchWay::kScan);
    }
    return ways;
  }
  ScanQuery query;
  query.field = dense->field->index;
  query.k = dense->candidates;
  query.ef = dense->width.ef.value_or(0);
  if (filtered) {
    query.filter = &plan.filter->program;
    query.matches = &plan.filter->matches;
  }
  for (const SearchPlan& set : PlanSets(plan.rows, query)) ways.push_back(set.way);
  return ways;
}

}  // namespace

std::string PlanName(bool exact, bool filtered, bool along_graphs,
                     std::span<const SearchWay> ways) {
  if (exact) return "exact_scan";
  if (along_graphs) return filtered ? "filtered_graph" : "graph";
  const bool matches = std::find(ways.begin(), ways.end(), SearchWay::kScanMatches) != ways.end();
  return matches ? "filtered_scan" : "code_scan";
}

std::vector<SearchPart> PartsOf(const QueryPlan& plan, std::span<const SearchWay> ways) {
  const std::vector<SetMatches>& sets = plan.filter->matches.sets;
  std::vector<SearchPart> parts;
  for (std::size_t place = 0; place < ways.size(); ++place) {
    SearchPart& part = parts.emplace_back();
    part.way = SearchWayName(ways[place]);
    part.rows = plan.rows.sizes[place];
    if (sets.empty()) {
      part.matches_estimated = part.matches_low = part.matches_high = part.rows;
      continue;
    }
    const SetMatches& set = sets[place];
    part.matches_estimated = static_cast<std::uint64_t>(std::llround(set.estimate.likely));
    part.matches_low = static_cast<std::uint64_t>(std::llround(set.estimate.low));
    part.matches_high = static_cast<std::uint64_t>(std::llround(set.estimate.high));
    if (set.rows && set.exact) part.matches = set.count;
  }
  return parts;
}

Explanation ExplainPlan(const QueryPlan& plan) {
  const bool filtered = !plan.filter->program.empty();
  Explanation explanation;
  std::vector<const BoundField*> fields;
  for (const PlannedSource& source : plan.sources) {
    if (source.kind != SourceKind::kDense) continue;
    if (std::find(fields.begin(), fields.end(), source.field) != fields.end()) continue;
    fields.push_back(source.field);
    const std::vector<SearchWay> ways = PlannedWays(plan, &source);
    const bool walks = std::any_of(ways.begin(), ways.end(), Walks);
    if (!explanation.plan.empty()) explanation.plan += "+";
    explanation.plan += PlanName(source.width.exact, filtered, walks, ways);
  }
  for (const SourceKind kind : {SourceKind::kSparse, SourceKind::kLexical}) {
    if (!plan.HasKind(kind)) continue;
    if (!explanation.plan.empty()) explanation.plan += "+";
    explanation.plan += SourceKindName(kind);
  }
  if (!fields.empty()) explanation.field = fields.front()->name;
  explanation.filter = plan.filter->text;
  explanation.k = plan.settings.k;
  explanation.live = plan.view->chunks;
  explanation.commit = Raw(plan.view->commit);
  explanation.parts = PartsOf(plan, PlannedWays(plan, plan.dense()));
  return explanation;
}

}  // namespace tracevec
