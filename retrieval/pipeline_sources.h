#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/answer_query.h"
#include "retrieval/collection_state.h"
#include "retrieval/query_plan.h"
#include "retrieval/source_call.h"
#include "tracevec/pipeline_spec.h"

namespace tracevec {

/// What the sources of a pipeline search with: one spec and one input a source and phrasing, in the
/// order in which they are fused. Inputs point into the rest.
struct PipelineSources {
  std::vector<std::string> phrasings;
  std::deque<std::vector<float>> vectors;
  std::deque<std::vector<SparseVector>> sparse_vectors;
  std::vector<SourceSpec> specs;
  std::vector<SourceInput> inputs;
  /// Field -> the query's own vector; also under "" where the collection has one field.
  std::map<std::string, std::span<const float>, std::less<>> query_vectors;
  std::vector<SkippedScore> skipped;  ///< Sources that have no vector, and what they would give.
  EmbeddingSpace space;               ///< Of all vectors, where they have one; else undeclared.
};

/// Gives a pipeline without a source the text field. Errors: InvalidArgument: there is none.
Status AddDefaultSource(const CollectionState& state, PipelineSpec* spec);

/// Checks fields, spaces and given vectors before any callback is called. Errors: InvalidArgument,
/// Unsupported, EmbeddingSpaceMismatch.
Status CheckSourcesOf(const CollectionState& state, const PipelineSpec& spec,
                      std::string_view text);

/// Calls rewriter and embedders. Where a vector is missing then and there is a text field, a search
/// by text stands in, if there is none already. Errors: with raise_on_error those of the callbacks.
Status MakeSources(const CollectionState& state, StageContext& context, const PipelineSpec& spec,
                   const std::string& text, PipelineSources* sources,
                   std::vector<StageReport>* reports);

}  // namespace tracevec
