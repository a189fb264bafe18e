#include "retrieval/search.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/answer_query.h"
#include "retrieval/document_reader.h"
#include "retrieval/hydrate.h"
#include "retrieval/query_plan.h"
#include "retrieval/request_sources.h"
#include "retrieval/search_plan.h"

namespace tracevec {
namespace {

/// The chunk whose vector is the query.
struct LikeQuery {
  std::vector<float> vector;
  std::pair<DocumentNumber, ChunkNumber> chunk;
};

Result<LikeQuery> ReadLike(const Engine& engine, const CollectionState& state,
                           const QueryPlan& plan, const std::string& id) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto found,
                            FindChunk(engine.store(), state.number, id, plan.view->commit));
  if (!found || Expired(found->version, Now())) {
    return Status::NotFound(fmt::format("like: chunk '{}' does not exist", id));
  }
  const ChunkNumber chunk = found->version.entries[found->ordinal].chunk;
  TRACEVEC_ASSIGN_OR_RETURN(
      auto vector, ReadVector(engine.store(), state.number, *plan.field(), found->document, chunk));
  if (!vector) {
    return Status::NotFound(
        fmt::format("like: chunk '{}' has no vector of field '{}'", id, plan.field()->name));
  }
  return LikeQuery{*std::move(vector), {found->document, chunk}};
}

/// The field of which hits show the vector; null: of none. Errors: InvalidArgument where a search
/// by text alone does not tell.
Result<const BoundField*> FieldOfVectors(const CollectionState& state, const QueryPlan& plan,
                                         const SearchRequest& request) {
  if (!request.with_vectors) return nullptr;
  if (plan.field() != nullptr) return plan.field();
  return FindField(state, "");
}

}  // namespace

Result<SearchResponse> Search(const Engine& engine, const CollectionState& state,
                              const SearchRequest& request) {
  const Stopwatch start;
  TRACEVEC_ASSIGN_OR_RETURN(RequestSources sources, SourcesOf(request));
  TRACEVEC_ASSIGN_OR_RETURN(const QueryPlan plan, PlanQuery(engine, state, SettingsOf(request),
                                                            sources.specs, request.where));
  std::optional<LikeQuery> like;
  if (!request.like.empty()) {
    TRACEVEC_ASSIGN_OR_RETURN(like, ReadLike(engine, state, plan, request.like));
    sources.inputs.front().vector = like->vector;
    for (SourceInput& input : sources.inputs) input.exclude = like->chunk;
  }
  SearchResponse response;
  Receipt* receipt = request.receipt != ReceiptLevel::kOff ? &response.receipt : nullptr;
  TRACEVEC_ASSIGN_OR_RETURN(const QueryAnswer answer,
                            AnswerQuery(engine, state, plan, start, sources.inputs, receipt));
  const Stopwatch hydrate;
  HydrateOptions options;
  options.content = request.with_content;
  TRACEVEC_ASSIGN_OR_RETURN(options.vectors_of, FieldOfVectors(state, plan, request));
  TRACEVEC_ASSIGN_OR_RETURN(response.hits, Hydrate(engine, state, plan, answer, options));
  if (request.receipt != ReceiptLevel::kOff) {
    response.receipt.stages.push_back(
        {"hydrate", hydrate.Micros(), answer.best.size(), answer.best.size()});
    response.receipt.total_micros = start.Micros();
  }
  return response;
}

Result<Explanation> Explain(const Engine& engine, const CollectionState& state,
                            const SearchRequest& request) {
  TRACEVEC_ASSIGN_OR_RETURN(const RequestSources sources,
                            SourcesOf(request, /*may_be_empty=*/true));
  TRACEVEC_ASSIGN_OR_RETURN(const QueryPlan plan,
                            PlanQuery(engine, state, SettingsOf(request), sources.specs,
                                      request.where, FilterUse::kEstimate));
  const std::span inputs = sources.inputs;
  if (!request.like.empty()) {
    TRACEVEC_RETURN_IF_ERROR(ReadLike(engine, state, plan, request.like).status());
    TRACEVEC_RETURN_IF_ERROR(CheckInputs(plan, inputs, 1));
  } else if (!inputs.front().vector.empty() || plan.sources.front().kind != SourceKind::kDense) {
    TRACEVEC_RETURN_IF_ERROR(CheckInputs(plan, inputs, 0));
  }
  return ExplainPlan(plan);
}

}  // namespace tracevec
