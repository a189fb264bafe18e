#include "retrieval/search_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/search.h"

namespace tracevec {
namespace {

bool Walks(SearchWay way) { return way != SearchWay::kScan && way != SearchWay::kScanMatches; }

/// What the search would do, an exact one too, and after it what it may do instead.
std::vector<std::vector<SearchWay>> PlannedWays(const QueryPlan& plan) {
  const bool filtered = !plan.filter->program.empty();
  std::vector<std::vector<SearchWay>> ways;
  if (plan.settings.exact || plan.field == nullptr) {
    for (std::size_t place = 0; place < plan.rows.sets.size(); ++place) {
      if (!filtered) {
        ways.push_back({SearchWay::kScan});
        continue;
      }
      const SetMatches& matches = plan.filter->matches.sets[place];
      ways.push_back({SearchWay::kScanMatches, SearchWay::kScan});
      if (matches.exact) ways.back().pop_back();
      if (!matches.narrowed) std::swap(ways.back().front(), ways.back().back());
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
  return WaysOfSets(plan.rows, query);
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
  const std::vector<std::vector<SearchWay>> possible = PlannedWays(plan);
  std::vector<SearchWay> ways;
  for (const std::vector<SearchWay>& each : possible) ways.push_back(each.front());
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
  for (std::size_t place = 0; place < possible.size(); ++place) {
    for (const SearchWay way : std::span(possible[place]).subspan(1)) {
      explanation.parts[place].other_ways.emplace_back(SearchWayName(way));
    }
  }
  return explanation;
}

}  // namespace tracevec
