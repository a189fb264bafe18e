#include "retrieval/pipeline_callbacks.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

/// `role`: the member of PipelineCallbacks, and the name by default.
template <typename Named, typename Callback>
Status BindOne(const Named& named, std::string_view role, const std::string& place,
               const std::string& given_name, Callback* callback) {
  if (*callback != nullptr) return Status::Ok();
  const std::string_view name = given_name.empty() ? role : std::string_view(given_name);
  const auto found = named.find(name);
  if (found != named.end() && found->second != nullptr) {
    *callback = found->second;
    return Status::Ok();
  }
  std::vector<std::string> known;
  for (const auto& [each, function] : named) known.push_back(each);
  return Status::InvalidArgument(
      fmt::format("{}: there is no callback '{}'{}; give it with the pipeline, or under its name "
                  "when it is run (callbacks.{})",
                  place, name, DidYouMean(name, known), role));
}

Status BindSource(const PipelineCallbacks& callbacks, const std::string& place,
                  PipelineSource* source) {
  if (auto* sparse = std::get_if<SparseSource>(source)) {
    if (sparse->vector) return Status::Ok();
    return BindOne(callbacks.encode, "encode", place + ".encode", sparse->encode_name,
                   &sparse->encode);
  }
  auto* dense = std::get_if<DenseSource>(source);
  if (dense == nullptr || !dense->vector.empty()) return Status::Ok();
  return BindOne(callbacks.embed, "embed", place + ".embed", dense->embed_name, &dense->embed);
}

Status BindStage(const PipelineCallbacks& callbacks, const std::string& place,
                 PipelineStage* stage) {
  if (auto* rerank = std::get_if<RerankStage>(stage)) {
    if (rerank->method != RerankMethod::kCallback) return Status::Ok();
    return BindOne(callbacks.rerank, "rerank", place + ".callback", rerank->callback_name,
                   &rerank->callback);
  }
  if (auto* summarize = std::get_if<SummarizeStage>(stage)) {
    return BindOne(callbacks.summarize, "summarize", place + ".callback", summarize->callback_name,
                   &summarize->callback);
  }
  auto* budget = std::get_if<BudgetStage>(stage);
  if (budget == nullptr || budget->count_name.empty()) return Status::Ok();
  return BindOne(callbacks.count, "count", place + ".count", budget->count_name, &budget->count);
}

}  // namespace

Status BindCallbacks(const PipelineCallbacks& callbacks, PipelineSpec* spec) {
  if (spec->expand) {
    TRACEVEC_RETURN_IF_ERROR(BindOne(callbacks.rewrite, "rewrite", "expand.callback",
                                     spec->expand->callback_name, &spec->expand->callback));
  }
  for (std::size_t i = 0; i < spec->sources.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(
        BindSource(callbacks, fmt::format("sources[{}]", i), &spec->sources[i]));
  }
  for (std::size_t i = 0; i < spec->stages.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(BindStage(callbacks, fmt::format("stages[{}]", i), &spec->stages[i]));
  }
  return Status::Ok();
}

}  // namespace tracevec
