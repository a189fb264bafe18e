#pragma once

#include <string>

#include "retrieval/collection_state.h"
#include "retrieval/engine.h"
#include "tracevec/pipeline_spec.h"
#include "tracevec/query.h"

namespace tracevec {

/// See Collection::RunPipeline.
Result<PipelineResponse> RunPipeline(const Engine& engine, const CollectionState& state,
                                     std::string_view text, const Pipeline& pipeline,
                                     const QueryOptions& options);

}  // namespace tracevec
