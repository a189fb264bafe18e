#pragma once

#include <vector>

#include "retrieval/answer_query.h"

namespace tracevec {

/// What hits show besides ids, scores and sources.
struct HydrateOptions {
  bool content = true;                     ///< Text, span, section, page and metadata.
  const BoundField* vectors_of = nullptr;  ///< Null: no vectors.
};

/// The hits of an answer, read at the plan's view. Cost: reading the version of each document, and
/// the source of those whose chunks are slices of it. Errors: IOError, Corruption.
Result<std::vector<Hit>> Hydrate(const Engine& engine, const CollectionState& state,
                                 const QueryPlan& plan, const QueryAnswer& answer,
                                 const HydrateOptions& options);

}  // namespace tracevec
