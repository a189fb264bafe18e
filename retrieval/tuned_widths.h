#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "retrieval/query_plan.h"
#include "tracevec/tune.h"

namespace tracevec {

/// The least width that reaches a recall by the measured points, between which the recall is taken
/// to grow with the logarithm of the width. Nothing: none of them reaches it. Pure.
std::optional<std::uint32_t> WidthForRecall(const std::vector<TunePoint>& points, double recall);
/// The recall at a width, taken likewise. REQUIRES: there are points.
double RecallAtWidth(const std::vector<TunePoint>& points, std::uint32_t ef);

/// Whether a collection has become another since its widths were measured: it has more than twice
/// the chunks, or fewer than half.
bool IsOutdated(const TuneResult& tuned, std::uint64_t chunks);

/// Where the width of a search comes from: "asked", "tuned", or "segments" when each has its own.
/// `k`: what is to be found. `exact` is set where only a search that leaves nothing out is known to
/// reach the recall asked for: without tuning that is one over 0.95, for which segments choose
/// their own widths.
SearchWidth ChooseWidth(const TuneResult* tuned, const QuerySettings& settings, std::uint32_t k);

}  // namespace tracevec
