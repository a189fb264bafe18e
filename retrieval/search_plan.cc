#include "retrieval/search_plan.h"

#include <algorithm>
#include <cmath>

#include "index/search.h"

namespace tracevec {
namespace {

bool Walks(SearchWay way) { return way != SearchWay::kScan && way != SearchWay::kScanMatches; }

/// What the search would do, an exact one too.
std::vector<SearchWay> PlannedWays(const QueryPlan& plan) {
  const bool filtered = !plan.filter->program.empty();
  std::vector<SearchWay> ways;
  if (plan.settings.exact || plan.field == nullptr) {
    for (std::size_t place = 0; place < plan.rows.sets.size(); ++place) {
      const bool narrowed = filtered && plan.filter->matches.sets[place].narrowed;
      ways.push_back(narrowed ? SearchWay::kScanMatches : SearchWay::kScan);
    }
    return ways;
  }
  ScanQuery query;
  query.field = plan.field->index;
  query.k = plan.settings.k;
  query.ef = plan.settings.ef.value_or(0);
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
  const std::vector<SearchWay> ways = PlannedWays(plan);
  Explanation explanation;
  if (plan.field != nullptr) explanation.field = plan.field->name;
  explanation.plan = plan.field == nullptr
                         ? "lexical"
                         : PlanName(plan.settings.exact, !plan.filter->program.empty(),
                                    std::any_of(ways.begin(), ways.end(), Walks), ways);
  explanation.filter = plan.filter->text;
  if (plan.field != nullptr && plan.analyzer != nullptr) explanation.plan += "+lexical";
  explanation.k = plan.hits;
  explanation.live = plan.view->chunks;
  explanation.commit = Raw(plan.view->commit);
  explanation.parts = PartsOf(plan, ways);
  return explanation;
}

}  // namespace tracevec
