#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "index/scan.h"
#include "retrieval/clock.h"
#include "retrieval/engine.h"
#include "retrieval/query_plan.h"

namespace tracevec {

/// A vector to search for, and what becomes of it.
struct QueryTask {
  const PlannedSource* source = nullptr;  ///< Of the plan; kDense.
  const float* vector = nullptr;
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
  std::optional<RowRef> hidden;  ///< See ScanQuery.
  Status status;  ///< InvalidArgument (the vector), IOError (texts a filter asked for).
  std::vector<ScoredRow> best;
  ScanCounts counts;
  double scan_micros = 0;  ///< Of all that were searched for in turn, without rescoring.
};

/// Finds the best rows for at most kSearchesInTurn vectors of one field, in turn. `start` is when
/// the queries began: deadlines count from there.
void RunQueries(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                const Stopwatch& start, std::span<QueryTask> tasks);

}  // namespace tracevec
