#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tracevec {

/// How one set of rows is searched.
enum class SearchWay : std::uint8_t {
  kScan,            ///< Each row is scored, and asked where it could enter the answer.
  kWalk,            ///< Along the graph, without a filter.
  kScanMatches,     ///< Each row that the filter accepts, or may accept, is scored.
  kWalkMatches,     ///< Along the graph, among the rows that the filter accepts.
  kWalkThenFilter,  ///< Along the graph, wider; what was found is filtered.
};

/// "scan", "graph", "scan_matches", "graph_matches", "graph_then_filter".
const char* SearchWayName(SearchWay way);

/// What a choice depends on.
struct SearchFacts {
  std::uint64_t rows = 0;
  bool has_graph = false;
  std::size_t width = 0;  ///< Of a walk without a filter.
  bool has_filter = false;
  bool narrowed = false;  ///< Columns say among which rows the matches are,
  bool exact = false;     ///< or even which they are.
  double matches = 0;     ///< Of the rows; a truth where `exact`, else a guess.
};

struct SearchPlan {
  SearchWay way = SearchWay::kScan;
  std::size_t width = 0;  ///< Of a walk.
};

/// A graph search that would have to be wider than this is a scan.
inline constexpr std::size_t kWidestSearch = 8192;

/// Whether any search walks among so many matches: among fewer it scans them, whatever its width.
bool MayBeWalked(std::uint64_t matches, std::uint64_t rows);

/// Where columns leave the answer open but for so few rows, those are asked at once: then it is
/// known how many match.
inline constexpr std::uint64_t kRowsAskedAtOnce = 1024;

/// Pure.
SearchPlan PlanSearch(const SearchFacts& facts);

/// The way that PlanSearch gives for facts that are estimated, and after it those that a search may
/// go instead, as it will know how many match, between `low` and `high`, and where: a walk whose
/// matches are far, or that finds too few, gives way to a scan. Pure.
std::vector<SearchWay> PossibleWays(const SearchFacts& facts, double low, double high);

}  // namespace tracevec
