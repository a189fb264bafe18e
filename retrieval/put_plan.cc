#include "retrieval/put_plan.h"

#include <utility>

#include "core/return_if_error.h"
#include "retrieval/document_reader.h"

namespace tracevec {
namespace {

void Diff(PutPlan* plan) {
  std::vector<OldChunk> old_chunks;
  if (plan->before) {
    old_chunks.reserve(plan->before->entries.size());
    for (const VersionEntry& entry : plan->before->entries) {
      old_chunks.push_back({entry.chunk, entry.embed_hash, entry.given_id});
    }
  }
  std::vector<NewChunk> new_chunks;
  new_chunks.reserve(plan->prepared.chunks.size());
  for (const PreparedChunk& chunk : plan->prepared.chunks) {
    new_chunks.push_back({chunk.entry.embed_hash, chunk.entry.given_id});
  }
  plan->diff = DiffChunks(old_chunks, new_chunks);
  for (std::size_t i = 0; i < plan->diff.kept_from.size(); ++i) {
    if (plan->diff.kept_from[i] == ChunkDiff::kAdded) {
      plan->to_embed.push_back(static_cast<std::uint32_t>(i));
    }
  }
}

}  // namespace

Result<PutPlan> PlanPut(const Store& store, const CollectionState& state,
                        const Document& document) {
  PutPlan plan;
  TRACEVEC_ASSIGN_OR_RETURN(const ContentHash content_hash, CheckAndHash(state, document));
  TRACEVEC_ASSIGN_OR_RETURN(plan.record, ReadDocumentRecord(store, state.number, document.id));
  if (plan.record && !plan.record->deleted) {
    plan.unchanged = !plan.record->loose && plan.record->content_hash == content_hash;
    if (plan.unchanged) return plan;
    TRACEVEC_ASSIGN_OR_RETURN(
        plan.before, ReadVersion(store, state.number, plan.record->number, plan.record->version));
    if (!plan.before) {
      return Status::Conflict("document '" + document.id + "': version " +
                              std::to_string(plan.record->version) +
                              " was replaced while it was read");
    }
  }
  TRACEVEC_ASSIGN_OR_RETURN(plan.prepared, PrepareDocument(state, document, content_hash));
  Diff(&plan);
  TRACEVEC_RETURN_IF_ERROR(
      NameChunks(plan.diff.kept_from, plan.before ? &*plan.before : nullptr, &plan.prepared));
  return plan;
}

UpdatePlan DescribePlan(const CollectionState& state, const Document& document,
                        const PutPlan& plan) {
  UpdatePlan described;
  described.document = document.id;
  described.base_version = plan.record && !plan.record->deleted ? plan.record->version : 0;
  described.unchanged = plan.unchanged;
  if (plan.unchanged) {
    described.content_hash = plan.record->content_hash.ToHex();
    return described;
  }
  described.content_hash = plan.prepared.content_hash.ToHex();
  for (std::size_t i = 0; i < plan.prepared.chunks.size(); ++i) {
    if (plan.diff.kept_from[i] != ChunkDiff::kAdded) {
      described.kept.push_back(plan.prepared.chunks[i].id);
      continue;
    }
    ChunkToEmbed wanted;
    wanted.ordinal = static_cast<std::uint32_t>(i);
    wanted.id = plan.prepared.chunks[i].id;
    for (const BoundField& field : state.fields) {
      wanted.texts.emplace(field.name, plan.prepared.TextToEmbed(field, i));
    }
    described.to_embed.push_back(std::move(wanted));
  }
  for (const std::uint32_t removed : plan.diff.removed) {
    described.removed.push_back(ChunkId(*plan.before, plan.before->entries[removed]));
  }
  return described;
}

}  // namespace tracevec
