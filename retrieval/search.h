#pragma once

#include "retrieval/engine.h"
#include "tracevec/search.h"

namespace tracevec {

/// Collection::Search.
Result<SearchResponse> Search(const Engine& engine, const CollectionState& state,
                              const SearchRequest& request);
/// Collection::Explain.
Result<Explanation> Explain(const Engine& engine, const CollectionState& state,
                            const SearchRequest& request);
/// Collection::SearchBatch.
Result<BatchResponse> SearchBatch(const Engine& engine, const CollectionState& state,
                                  const BatchRequest& request);

}  // namespace tracevec
