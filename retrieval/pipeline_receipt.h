#pragma once

#include <cstddef>
#include <vector>

#include "retrieval/clock.h"
#include "retrieval/collection_state.h"
#include "retrieval/engine.h"
#include "retrieval/stage.h"
#include "tracevec/query.h"

namespace tracevec {

/// What a pipeline did, for its receipt.
struct PipelineOutcome {
  const Pipeline& pipeline;
  const PipelineSpec& spec;
  std::vector<StageReport>& reports;  ///< Moved from.
  std::size_t before_sources = 0;     ///< How many of them came before the sources.
  std::size_t phrasings = 0;
  const std::vector<Passage>& passages;
  bool late = false;  ///< The deadline has passed.
  const Stopwatch& start;
};

/// Of a query that had no source left to search.
void FillUnsearchedReceipt(const Engine& engine, const CollectionState& state,
                           const QueryOptions& options, Receipt* receipt);

/// Adds the steps before and after the sources, whose own the receipt has. Errors: those of
/// Pipeline::Hash.
Status FillPipelineReceipt(const PipelineOutcome& outcome, Receipt* receipt);

}  // namespace tracevec
