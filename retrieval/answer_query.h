#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "retrieval/query_plan.h"

namespace tracevec {

/// What a source of a plan searches with. Borrowed for the call.
struct SourceInput {
  std::span<const float> vector;         ///< Of kDense: of the field's dimension.
  std::string_view text;                 ///< Of kLexical.
  const SparseVector* sparse = nullptr;  ///< Of kSparse; null: without entries.
  /// A chunk to leave out of what is found.
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
};

/// What each source of the plan said of a hit.
using SourceScores = std::vector<std::optional<SourceScore>>;

struct QueryAnswer {
  std::vector<ScoredRow> best;        ///< At most plan.settings.k, best first, equal scores by id.
  std::vector<SourceScores> sources;  ///< One a hit, of several sources; else empty.
};

/// Of the sources of a kind that found a hit, the one where its rank is best.
std::optional<SourceScore> BestOf(const QueryPlan& plan, const SourceScores& scores,
                                  SourceKind kind);

/// Whether what sources search with can be searched for, as far as that is known before: those from
/// `first` on. Errors:
/// InvalidArgument: the dimension of a vector, a text, a sparse vector.
Status CheckInputs(const QueryPlan& plan, std::span<const SourceInput> inputs, std::size_t first);

/// Runs a query, whose inputs are one for each source of the plan, and fills the receipt, unless it
/// is null, but for hydration and the total. Several sources are fused. `start`: when it began; the
/// deadline is one for all sources, of which those of vectors are searched first. Errors:
/// InvalidArgument (vector, text), IOError (texts a filter asked for).
Result<QueryAnswer> AnswerQuery(const Engine& engine, const CollectionState& state,
                                const QueryPlan& plan, const Stopwatch& start,
                                std::span<const SourceInput> inputs, Receipt* receipt);

}  // namespace tracevec
