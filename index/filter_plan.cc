#include "index/filter_plan.h"

#include <algorithm>
#include <cmath>

namespace tracevec {
namespace {

/// So many rows for each of a walk's width are scanned rather than walked among: a scan misses
/// none. Of searches without a filter at equal recall, scans of 5 % of 60,003 x 384 (93 a width)
/// reach 0.41, where walks reached 0.29, and of 339,479 x 100 (66 a width) 1.25 and 0.52.
constexpr double kScannedRowsOfWidth = 100;
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

}  // namespace tracevec
