#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retrieval/query_run.h"
#include "tracevec/tune.h"

namespace tracevec {

/// Queries to measure with.
struct TuneSample {
  std::string kind;  ///< As TuneResult::queries.
  std::vector<float> vectors;
  std::vector<RowRef> hidden;  ///< With "stored": whose vectors they are; else empty.
  std::size_t count = 0;
};

/// Errors: InvalidArgument (shape, or nothing to draw from).
Result<TuneSample> DrawTuneSample(const CollectionState& state, const QueryPlan& plan,
                                  const TuneOptions& options);

}  // namespace tracevec
