#include "retrieval/search_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/search.h"

namespace tracevec {
namespace {

bool Walks(SearchWay way) { return way != SearchWay::kScan && way != SearchWay::kScanMatches; }

/// How each set would be searched for a source of a vector (null: for texts alone), and after it
/// how it may be searched instead.
std::vector<std::vector<SearchWay>> PlannedWays(const QueryPlan& plan, const PlannedSource* dense) {
  const bool filtered = !plan.filter->program.empty();
  std::vector<std::vector<SearchWay>> ways;
  if (dense == nullptr || dense->width.exact) {
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
  query.field = dense->field->index;
  query.k = dense->candidates;
  query.ef = dense->width.ef.value_or(0);
  if (filtered) {
    query.filter = &plan.filter->program;
    query.matches = &plan.filter->matches;
  }
  return WaysOfSets(plan.rows, query);
}

std::vector<SearchWay> FirstOf(const std::vector<std::vector<SearchWay>>& ways) {
  std::vector<SearchWay> first;
  for (const std::vector<SearchWay>& each : ways) first.push_back(each.front());
  return first;
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
    const std::vector<SearchWay> ways = FirstOf(PlannedWays(plan, &source));
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
  const std::vector<std::vector<SearchWay>> possible = PlannedWays(plan, plan.dense());
  explanation.parts = PartsOf(plan, FirstOf(possible));
  for (std::size_t place = 0; place < possible.size(); ++place) {
    for (const SearchWay way : std::span(possible[place]).subspan(1)) {
      explanation.parts[place].other_ways.emplace_back(SearchWayName(way));
    }
  }
  return explanation;
}

}  // namespace tracevec
