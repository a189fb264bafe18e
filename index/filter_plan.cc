#include "index/filter_plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tracevec {
namespace {

/// So many rows for each of a walk's width are scanned rather than walked among: a scan misses
/// none. Of searches without a filter at equal recall, scans of 5 % of 60,003 x 384 (93 a width)
/// reach 0.85 and of 10 % (189) 0.51, where walks reach 0.35 and 0.37 (AVX-512 VNNI).
constexpr double kScannedRowsOfWidth = 200;
/// From here on a walk that ignores the filter loses less than one that goes around what does not
/// match.
constexpr double kMostlyMatching = 0.9;
constexpr std::uint64_t kLeastPartOfWalk = 256;

}  // namespace

const char* SearchWayName(SearchWay way) {
  switch (way) {
    case SearchWay::kScan: return "scan";
    case SearchWay::kWalk: return "graph";
    case SearchWay::kScanMatches: return "scan_matches";
    case SearchWay::kWalkMatches: return "graph_matches";
    case SearchWay::kWalkThenFilter: return "graph_then_filter";
  }
  return "";
}

bool MayBeWalked(std::uint64_t matches, std::uint64_t rows) {
  return matches > 0 && matches * kLeastPartOfWalk >= rows;
}

SearchPlan PlanSearch(const SearchFacts& facts) {
  if (!facts.has_filter) {
    const bool walks = facts.has_graph && facts.width <= kWidestSearch;
    return {walks ? SearchWay::kWalk : SearchWay::kScan, facts.width};
  }
  if (!facts.narrowed) return {SearchWay::kScan, 0};
  const double scanned_at_most = kScannedRowsOfWidth * static_cast<double>(facts.width);
  if (!facts.has_graph || !facts.exact || facts.matches <= scanned_at_most ||
      !MayBeWalked(static_cast<std::uint64_t>(facts.matches), facts.rows) ||
      facts.width > kWidestSearch) {
    return {SearchWay::kScanMatches, 0};
  }
  const double fraction =
      facts.matches / static_cast<double>(std::max<std::uint64_t>(facts.rows, 1));
  if (fraction >= kMostlyMatching) {
    const auto width =
        static_cast<std::size_t>(std::ceil(static_cast<double>(facts.width) / fraction));
    if (width <= kWidestSearch) return {SearchWay::kWalkThenFilter, width};
  }
  return {SearchWay::kWalkMatches, facts.width};
}

std::vector<SearchWay> PossibleWays(const SearchFacts& facts, double low, double high) {
  std::vector<SearchWay> ways = {PlanSearch(facts).way};
  const auto add = [&ways](SearchWay way) {
    if (std::find(ways.begin(), ways.end(), way) == ways.end()) ways.push_back(way);
  };
  if (!facts.has_filter) {
    if (ways.front() == SearchWay::kWalk) add(SearchWay::kScan);
    return ways;
  }
  if (!facts.exact) {
    add(SearchWay::kScanMatches);
    if (high >= static_cast<double>(facts.rows)) add(SearchWay::kScan);
    high = std::min(high, static_cast<double>(kRowsAskedAtOnce));
    if (low > high) return ways;
  }
  // In the order in which more and more matches lead to them.
  constexpr SearchWay kOfKnown[] = {SearchWay::kScanMatches, SearchWay::kWalkMatches,
                                    SearchWay::kWalkThenFilter};
  const auto place_of = [&](double matches) {
    SearchFacts known = facts;
    known.narrowed = known.exact = true;
    known.matches = matches;
    return std::find(std::begin(kOfKnown), std::end(kOfKnown), PlanSearch(known).way);
  };
  const auto last = place_of(high);
  std::for_each(place_of(low), last + 1, add);
  if (last != std::begin(kOfKnown)) add(SearchWay::kScanMatches);
  return ways;
}

}  // namespace tracevec
