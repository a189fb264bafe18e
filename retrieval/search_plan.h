#pragma once

#include <span>
#include <string>
#include <vector>

#include "index/filter_plan.h"
#include "retrieval/query_plan.h"
#include "tracevec/receipt.h"
#include "tracevec/search.h"

namespace tracevec {

// How the plan of a search is told, in receipts and beforehand.

/// Of a receipt. `ways`: of each set, with a filter; fewer where a deadline ended the search.
std::string PlanName(bool exact, bool filtered, bool along_graphs, std::span<const SearchWay> ways);
std::vector<SearchPart> PartsOf(const QueryPlan& plan, std::span<const SearchWay> ways);

/// REQUIRES: the plan was made with FilterUse::kEstimate.
Explanation ExplainPlan(const QueryPlan& plan);

}  // namespace tracevec
