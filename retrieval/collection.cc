#include "tracevec/collection.h"

#include <cstdint>
#include <mutex>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/collection_impl.h"
#include "retrieval/delete.h"
#include "retrieval/describe.h"
#include "retrieval/engine.h"
#include "retrieval/erase.h"
#include "retrieval/guard.h"
#include "retrieval/keep_receipt.h"
#include "retrieval/list_documents.h"
#include "retrieval/migration.h"
#include "retrieval/put_document.h"
#include "retrieval/read_chunks.h"
#include "retrieval/run_pipeline.h"
#include "retrieval/search.h"
#include "retrieval/tune.h"
#include "retrieval/update_metadata.h"
#include "retrieval/upsert.h"
#include "retrieval/validate.h"
#include "tracevec/query.h"

// The public face of a collection: each call checks that the handle may be used, keeps exceptions
// in, and goes to the file that does the work.

namespace tracevec {

const CollectionSchema& Collection::Impl::schema() const {
  const std::shared_ptr<CollectionState> state = slot_->Get();
  const std::lock_guard lock(schemas_mutex_);
  if (schemas_.empty() || schemas_.back() != state->schema) schemas_.push_back(state->schema);
  return schemas_.back();
}

Status Collection::Impl::CheckReadable(const CollectionState& state) const {
  TRACEVEC_RETURN_IF_ERROR(engine_->CheckOpen());
  if (state.snapshot != nullptr) TRACEVEC_RETURN_IF_ERROR(state.snapshot->CheckOpen());
  return state.CheckNotDropped();
}

Status Collection::Impl::CheckWritable(const CollectionState& state) const {
  TRACEVEC_RETURN_IF_ERROR(engine_->CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckReadable(state));
  return CheckNotAtSnapshot(state);
}

Status Collection::Impl::CheckNotAtSnapshot(const CollectionState& state) {
  return state.snapshot == nullptr ? Status::Ok() : state.snapshot->RefuseToWrite();
}

namespace {

const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

/// Runs `body(engine, state)` if the handle may be read, or written.
template <typename Impl, typename Body>
auto Reading(const Impl& impl, const Body& body) -> decltype(body(*impl.engine(), *impl.state())) {
  return Guard([&]() -> decltype(body(*impl.engine(), *impl.state())) {
    const std::shared_ptr<CollectionState> state = impl.state();
    TRACEVEC_RETURN_IF_ERROR(impl.CheckReadable(*state));
    auto result = body(*impl.engine(), *state);
    // What a drop or a close takes away under a reader is neither damage nor an answer.
    TRACEVEC_RETURN_IF_ERROR(impl.CheckReadable(*state));
    return result;
  });
}

/// Whether a call says the same when it is made again in another embedding space. Vectors do not,
/// nor do embedders: where the dimensions are equal, nobody would notice.
enum class Repeat : std::uint8_t { kNever, kInAnotherSpace };

Repeat RepeatOf(const UpsertRequest& request) {
  return request.vectors.empty() ? Repeat::kInAnotherSpace : Repeat::kNever;
}

Repeat RepeatOf(const PutOptions& options) {
  const bool brings_none = options.vectors.empty() && options.embed.empty();
  return brings_none ? Repeat::kInAnotherSpace : Repeat::kNever;
}

/// A call that met the end of a state, since a migration put another in its place, starts over if
/// it may; else it is a Conflict.
template <typename Impl, typename Body>
auto Writing(const Impl& impl, const Body& body, Repeat repeat = Repeat::kInAnotherSpace)
    -> decltype(body(*impl.engine(), *impl.state())) {
  return Guard([&]() -> decltype(body(*impl.engine(), *impl.state())) {
    while (true) {
      const std::shared_ptr<CollectionState> state = impl.state();
      TRACEVEC_RETURN_IF_ERROR(impl.CheckWritable(*state));
      auto result = body(*impl.engine(), *state);
      const bool met_the_end = repeat == Repeat::kInAnotherSpace && state->superseded.load() &&
                               StatusOf(result).code() == StatusCode::kConflict &&
                               impl.state() != state;
      if (!met_the_end) return result;
    }
  });
}

}  // namespace

Collection::Collection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

const std::string& Collection::name() const { return impl_->name(); }
const CollectionSchema& Collection::schema() const { return impl_->schema(); }

Result<WriteResult> Collection::Upsert(const UpsertRequest& request) {
  return Writing(
      *impl_,
      [&](Engine& engine, CollectionState& state) {
        return tracevec::Upsert(engine, state, request);
      },
      RepeatOf(request));
}

Result<WriteResult> Collection::Delete(const Selection& selection, std::string_view label) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return DeleteChunks(engine, state, selection, label);
  });
}

Result<WriteResult> Collection::UpdateMetadata(const Metadata& patch, const Selection& selection,
                                               std::string_view label) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::UpdateMetadata(engine, state, patch, selection, label);
  });
}

Result<std::vector<Chunk>> Collection::Get(std::span<const std::string> ids,
                                           const GetOptions& options) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return GetChunks(engine, state, ids, options);
  });
}

Result<std::uint64_t> Collection::Count(const Filter& where) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return CountChunks(engine, state, where);
  });
}

Result<Scanner> Collection::Scan(ScanOptions options) const {
  return Reading(*impl_, [&](Engine&, CollectionState& state) -> Result<Scanner> {
    TRACEVEC_ASSIGN_OR_RETURN(
        auto scan,
        Scanner::Impl::Open(impl_->engine(), state.shared_from_this(), std::move(options)));
    return Scanner(std::move(scan));
  });
}

Result<SearchResponse> Collection::Search(const SearchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    Result<SearchResponse> response = tracevec::Search(engine, state, request);
    if (response.ok()) {
      KeepReceiptOf(engine, state, request, &*response);
    } else {
      CountFailure(engine, state);
    }
    return response;
  });
}

Result<Explanation> Collection::Explain(const SearchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Explain(engine, state, request);
  });
}

Result<BatchResponse> Collection::SearchBatch(const BatchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    Result<BatchResponse> response = tracevec::SearchBatch(engine, state, request);
    if (!response.ok()) CountFailure(engine, state);
    return response;
  });
}

PipelineQuery Collection::Query(std::string_view text) const {
  return {*this, std::string(text), Pipeline()};
}

PipelineQuery Collection::Query(std::string_view text, const Pipeline& pipeline) const {
  return {*this, std::string(text), pipeline};
}

Result<PipelineResponse> Collection::RunPipeline(std::string_view text, const Pipeline& pipeline,
                                                 const QueryOptions& options) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    Result<PipelineResponse> response =
        tracevec::RunPipeline(engine, state, text, pipeline, options);
    if (!response.ok()) {
      CountFailure(engine, state);
    } else if (options.receipt != ReceiptLevel::kOff) {
      FinishPipelineReceipt(engine, state, text, &response->receipt);
    }
    return response;
  });
}

Result<PipelineResponse> PipelineQuery::Run(const QueryOptions& options) const {
  return collection_.RunPipeline(text_, Pipeline(spec(), status()), options);
}

Result<PutResult> Collection::PutDocument(const Document& document, const PutOptions& options) {
  return Writing(
      *impl_,
      [&](Engine& engine, CollectionState& state) {
        return tracevec::PutDocument(engine, state, document, options);
      },
      RepeatOf(options));
}

Result<std::vector<PutResult>> Collection::PutDocuments(std::span<const Document> documents,
                                                        const PutManyOptions& options) {
  return Writing(
      *impl_,
      [&](Engine& engine, CollectionState& state) {
        return tracevec::PutDocuments(engine, state, documents, options);
      },
      options.vectors_of != nullptr ? Repeat::kNever : RepeatOf(options.put));
}

Result<UpdatePlan> Collection::PlanUpdate(const Document& document) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) -> Result<UpdatePlan> {
    TRACEVEC_RETURN_IF_ERROR(Impl::CheckNotAtSnapshot(state));
    TRACEVEC_ASSIGN_OR_RETURN(const PutPlan plan, PlanPut(engine.store(), state, document));
    return DescribePlan(state, document, plan);
  });
}

Result<StoredDocument> Collection::GetDocument(std::string_view id,
                                               const GetOptions& options) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::GetDocument(engine, state, id, options);
  });
}

Result<std::vector<DocumentVersion>> Collection::ListDocuments(const ListOptions& options) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::ListDocuments(engine, state, options);
  });
}

Result<std::vector<DocumentVersion>> Collection::History(std::string_view id) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::History(engine, state, id);
  });
}

Result<WriteResult> Collection::DeleteDocument(std::string_view id, std::string_view label) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::DeleteDocument(engine, state, id, label);
  });
}

Result<ErasureCertificate> Collection::EraseDocument(std::string_view id,
                                                     const EraseOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::EraseDocument(engine, state, id, options);
  });
}

Result<CollectionDescription> Collection::Describe() const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Describe(engine, state);
  });
}

Result<MigrationStatus> Collection::BeginMigration(std::string_view field, const VectorField& to,
                                                   std::string_view label) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::BeginMigration(engine, state, field, to, label);
  });
}

Result<MigrationStatus> Collection::Migration() const {
  return Reading(
      *impl_, [&](Engine& engine, CollectionState& state) { return GetMigration(engine, state); });
}

Result<MigrationStatus> Collection::FillMigration(const Embedder& embed,
                                                  const FillOptions& options) {
  return Writing(
      *impl_,
      [&](Engine& engine, CollectionState& state) {
        return tracevec::FillMigration(engine, state, embed, options);
      },
      Repeat::kNever);
}

Result<SwitchResult> Collection::CutOver(const SwitchOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return SwitchMigration(engine, state.shared_from_this(), /*to_cut_over=*/true, options);
  });
}

Result<SwitchResult> Collection::RollBack(const SwitchOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) -> Result<SwitchResult> {
    TRACEVEC_ASSIGN_OR_RETURN(const bool is_cut_over, MigrationIsCutOver(engine, state));
    if (!is_cut_over) {
      SwitchResult ended;
      TRACEVEC_ASSIGN_OR_RETURN(ended.commit, EndMigration(engine, state, options.label));
      return ended;
    }
    return SwitchMigration(engine, state.shared_from_this(), /*to_cut_over=*/false, options);
  });
}

Status Collection::FinishMigration(std::string_view label) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) -> Status {
    TRACEVEC_ASSIGN_OR_RETURN(const bool is_cut_over, MigrationIsCutOver(engine, state));
    if (is_cut_over) return EndMigration(engine, state, label).status();
    return Status::InvalidArgument("the migration is not cut over; do that before, or roll back");
  });
}

Status Collection::Rebuild(const RebuildOptions& options) {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) -> Status {
    TRACEVEC_RETURN_IF_ERROR(Impl::CheckNotAtSnapshot(state));
    TRACEVEC_RETURN_IF_ERROR(CheckBuildThreads(options.threads));
    return engine.builder().BuildAll(state.shared_from_this(),
                                     options.deterministic ? 1 : options.threads, true);
  });
}

Result<TuneResult> Collection::Tune(const TuneOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Tune(engine, state, options);
  });
}

Result<CollectionStats> Collection::Stats() const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) -> Result<CollectionStats> {
    CollectionStats stats;
    const auto view = state.views.Current();
    stats.name = state.name;
    stats.chunks = view->chunks;
    stats.documents = view->documents;
    stats.commit = Raw(view->commit);
    stats.asserted_vectors = state.asserted_vectors.load();
    stats.kernels = engine.kernels().name;
    stats.warnings = state.warnings.List();
    AddTuning(state, *view, &stats);
    if (!view->in_memory) return stats;
    stats.segments = view->segments;
    stats.blocks = view->index.sets.size() - view->segments;
    for (const auto& set : view->index.sets) stats.index_bytes += set->memory_bytes();
    stats.tombstones = view->index.rows() - view->chunks;
    stats.unbuilt_chunks = state.unbuilt_rows.load();
    stats.segments_built = state.builds.load();
    stats.graph_insertions = state.graph_insertions.load();
    stats.write_stalls = state.write_stalls.load();
    return stats;
  });
}

}  // namespace tracevec
