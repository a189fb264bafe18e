#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/call_info.h"
#include "retrieval/embed_call.h"
#include "retrieval/put_document.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

/// A chunk that waits for its vector.
struct Waiting {
  ReadyPut* put = nullptr;
  std::size_t position = 0;  // In put->plan.to_embed.
};

}  // namespace

Result<VectorSource> VectorSource::Bind(const CollectionState& state, const PutOptions& options) {
  if (options.embed_batch_size == 0) {
    return Status::InvalidArgument("embed_batch_size: 0, expected at least 1");
  }
  std::vector<const BoundField*> embedded;
  for (const auto& [name, embedder] : options.embed) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, name));
    if (embedder == nullptr) {
      return Status::InvalidArgument(fmt::format("the embedder of '{}' is empty", field->name));
    }
    TRACEVEC_RETURN_IF_ERROR(CheckSpace(*field, options.space));
    embedded.push_back(field);
  }
  for (const auto& [name, vectors] : options.vectors) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, name));
    if (std::find(embedded.begin(), embedded.end(), field) != embedded.end()) {
      return Status::InvalidArgument(
          fmt::format("vector field '{}' has both an embedder and vectors; give one", field->name));
    }
  }
  return VectorSource(state, options);
}

Status VectorSource::TakeGiven(
    const std::map<std::string, std::span<const float>, std::less<>>& given, ReadyPut* put) const {
  const PutPlan& plan = put->plan;
  const bool by_plan = options_->plan != nullptr;
  const std::size_t rows = by_plan ? plan.to_embed.size() : plan.prepared.chunks.size();
  for (const auto& [name, vectors] : given) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(*state_, name));
    TRACEVEC_RETURN_IF_ERROR(CheckRows(*field, vectors, rows, options_->space));
    if (!options_->space.declared()) put->asserted_fields |= std::uint64_t{1} << field->index;
    for (std::size_t i = 0; i < plan.to_embed.size(); ++i) {
      const std::size_t row = by_plan ? i : plan.to_embed[i];
      put->vectors[field->index][i] = vectors.data() + row * field->field.dimension;
    }
  }
  return Status::Ok();
}

Status VectorSource::TakeSparse(
    const std::map<std::string, std::span<const SparseVector>, std::less<>>& given,
    ReadyPut* put) const {
  const PutPlan& plan = put->plan;
  const bool by_plan = options_->plan != nullptr;
  const std::size_t rows = by_plan ? plan.to_embed.size() : plan.prepared.chunks.size();
  for (const auto& [name, vectors] : given) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundSparseField* field, FindSparseField(*state_, name));
    TRACEVEC_ASSIGN_OR_RETURN(auto taken, TakeSparseRows(*field, vectors, rows));
    for (std::size_t i = 0; i < plan.to_embed.size(); ++i) {
      put->sparse[field->index][i] = std::move(taken[by_plan ? i : plan.to_embed[i]]);
    }
  }
  return Status::Ok();
}

Status VectorSource::Embed(std::span<ReadyPut> puts) {
  for (const auto& [name, embedder] : options_->embed) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(*state_, name));
    TRACEVEC_RETURN_IF_ERROR(EmbedField(*field, embedder, puts));
  }
  return Status::Ok();
}

Status VectorSource::EmbedField(const BoundField& field, const Embedder& embedder,
                                std::span<ReadyPut> puts) {
  std::vector<Waiting> waiting;
  for (ReadyPut& put : puts) {
    if (!options_->space.declared()) put.asserted_fields |= std::uint64_t{1} << field.index;
    for (std::size_t i = 0; i < put.plan.to_embed.size(); ++i) {
      if (put.vectors[field.index][i] == nullptr) waiting.push_back({&put, i});
    }
  }
  const std::size_t dimension = field.field.dimension;
  for (std::size_t first = 0; first < waiting.size(); first += options_->embed_batch_size) {
    const std::size_t count =
        std::min<std::size_t>(options_->embed_batch_size, waiting.size() - first);
    std::vector<std::string> texts;
    for (std::size_t i = first; i < first + count; ++i) {
      const PutPlan& plan = waiting[i].put->plan;
      texts.push_back(plan.prepared.TextToEmbed(field, plan.to_embed[waiting[i].position]));
    }
    TRACEVEC_ASSIGN_OR_RETURN(MadeVectors made, CallEmbedder(field.name, embedder, texts));
    const double micros_each = made.call.micros / static_cast<double>(count);
    TRACEVEC_RETURN_IF_ERROR(CheckRows(field, made.rows, count, options_->space));
    TRACEVEC_RETURN_IF_ERROR(AskCallInfo(options_->call_info, &made.call.info));
    calls_.push_back(std::move(made.call));
    made_.push_back(std::move(made.rows));
    for (std::size_t i = 0; i < count; ++i) {
      const auto [put, position] = waiting[first + i];
      put->vectors[field.index][position] = made_.back().data() + i * dimension;
      put->embed_micros[position] += micros_each;
      put->result.embed_micros += micros_each;
      ++put->result.embedded;
    }
  }
  return Status::Ok();
}

}  // namespace tracevec
