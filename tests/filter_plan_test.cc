// The choice of how a set of rows is searched: one pure function, a table of its answers.

#include "index/filter_plan.h"

#include <gtest/gtest.h>

#include <vector>

namespace tracevec {
namespace {

struct Case {
  const char* what;
  SearchFacts facts;
  SearchWay way;
};

TEST(FilterPlan, Table) {
  // rows, graph, width, filter, narrowed, exact, matches
  const Case cases[] = {
      {"no filter", {1'000'000, true, 64, false, false, false, 0}, SearchWay::kWalk},
      {"no graph", {1'000'000, false, 64, false, false, false, 0}, SearchWay::kScan},
      {"too wide", {1'000'000, true, 10'000, false, false, false, 0}, SearchWay::kScan},
      {"no columns", {1'000'000, true, 64, true, false, false, 0}, SearchWay::kScan},
      {"columns left it open",
       {1'000'000, true, 64, true, true, false, 500'000},
       SearchWay::kScanMatches},
      {"nothing matches", {1'000'000, true, 64, true, true, true, 0}, SearchWay::kScanMatches},
      {"a few match", {1'000'000, true, 64, true, true, true, 1000}, SearchWay::kScanMatches},
      {"less than is worth a walk",
       {1'000'000, true, 16, true, true, true, 3000},
       SearchWay::kScanMatches},
      {"a twentieth", {1'000'000, true, 64, true, true, true, 50'000}, SearchWay::kWalkMatches},
      {"half", {1'000'000, true, 64, true, true, true, 500'000}, SearchWay::kWalkMatches},
      {"half, in a small set", {3000, true, 64, true, true, true, 1500}, SearchWay::kScanMatches},
      {"half, without a graph",
       {1'000'000, false, 64, true, true, true, 500'000},
       SearchWay::kScanMatches},
      {"nearly all", {1'000'000, true, 64, true, true, true, 950'000}, SearchWay::kWalkThenFilter},
      {"all", {1'000'000, true, 64, true, true, true, 1'000'000}, SearchWay::kWalkThenFilter},
      {"too wide with a filter",
       {1'000'000, true, 9000, true, true, true, 500'000},
       SearchWay::kScanMatches},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(PlanSearch(each.facts).way, each.way) << each.what;
  }
}

TEST(FilterPlan, AWalkThatIsFilteredAfterwardsIsWiderByWhatItLoses) {
  const SearchFacts facts = {1'000'000, true, 95, true, true, true, 950'000};
  EXPECT_EQ(PlanSearch(facts).width, 100u);
}

TEST(FilterPlan, WhatIsEstimatedMayTurnOutOtherwise) {
  using enum SearchWay;
  using Ways = std::vector<SearchWay>;
  // rows, graph, width, filter, narrowed, exact, matches
  const SearchFacts known = {1'000'000, true, 64, true, true, true, 500'000};
  EXPECT_EQ(PossibleWays(known, 500'000, 500'000), (Ways{kWalkMatches, kScanMatches}))
      << "they may be far from the query";
  EXPECT_EQ(PossibleWays(known, 0, 1'000'000), (Ways{kWalkMatches, kScanMatches, kWalkThenFilter}));
  EXPECT_EQ(PossibleWays(known, 400'000, 950'000),
            (Ways{kWalkMatches, kWalkThenFilter, kScanMatches}));
  const SearchFacts few = {1'000'000, true, 64, true, true, true, 1000};
  EXPECT_EQ(PossibleWays(few, 1000, 1000), Ways{kScanMatches});
  EXPECT_EQ(PossibleWays(few, 0, 40'000), (Ways{kScanMatches, kWalkMatches}));
  const SearchFacts open = {1'000'000, true, 64, true, false, false, 500'000};
  EXPECT_EQ(PossibleWays(open, 0, 1'000'000), (Ways{kScan, kScanMatches}));
  EXPECT_EQ(PossibleWays({3000, true, 2, true, true, false, 900}, 0, 2000),
            (Ways{kScanMatches, kWalkMatches}))
      << "so few are asked before the search";
  EXPECT_EQ(PossibleWays({1'000'000, true, 64, false, false, false, 0}, 0, 0), (Ways{kWalk, kScan}))
      << "most of what is near may be deleted";
  EXPECT_EQ(PossibleWays({1'000'000, false, 64, false, false, false, 0}, 0, 0), Ways{kScan});
}

TEST(FilterPlan, WiderSearchesScanMore) {
  SearchFacts facts = {1'000'000, true, 64, true, true, true, 16'000};
  EXPECT_EQ(PlanSearch(facts).way, SearchWay::kWalkMatches);
  facts.width = 512;
  EXPECT_EQ(PlanSearch(facts).way, SearchWay::kScanMatches);
}

}  // namespace
}  // namespace tracevec
