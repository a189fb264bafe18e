#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "retrieval/query_run.h"

namespace tracevec {

/// One query of a plan: a vector, a text, or both, as the plan's settings say.
struct QueryInput {
  const float* vector = nullptr;
  std::string_view text;
  /// A chunk to leave out of what any source finds.
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
};

/// What both sources said of a hit of a hybrid query.
struct HitSources {
  std::optional<SourceScore> dense;
  std::optional<SourceScore> lexical;
};

struct QueryAnswer {
  std::vector<ScoredRow> best;      ///< At most plan.hits, best first, equal scores by id.
  std::vector<HitSources> sources;  ///< One a hit of a hybrid query; else empty.
};

/// Runs a query and fills the receipt, unless it is null, but for hydration and the total. `start`:
/// when it began; the deadline is one for both sources. Errors: InvalidArgument (vector, text),
/// IOError (texts a filter asked for).
Result<QueryAnswer> AnswerQuery(const Engine& engine, const CollectionState& state,
                                const QueryPlan& plan, const Stopwatch& start,
                                const QueryInput& input, Receipt* receipt);

}  // namespace tracevec
