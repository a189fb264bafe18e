#include "tracevec/collection.h"

#include <mutex>
#include <utility>

#include "core/return_if_error.h"
#include "retrieval/collection_impl.h"
#include "retrieval/delete.h"
#include "retrieval/describe.h"
#include "retrieval/engine.h"
#include "retrieval/erase.h"
#include "retrieval/guard.h"
#include "retrieval/list_documents.h"
#include "retrieval/put_document.h"
#include "retrieval/read_chunks.h"
#include "retrieval/search.h"
#include "retrieval/tune.h"
#include "retrieval/update_metadata.h"
#include "retrieval/upsert.h"
#include "retrieval/validate.h"

// The public face of a collection: each call checks that the handle may be used, keeps exceptions
// in, and goes to the file that does the work.

namespace tracevec {

Status Collection::Impl::CheckReadable() const {
  TRACEVEC_RETURN_IF_ERROR(engine_->CheckOpen());
  if (state_->snapshot != nullptr) TRACEVEC_RETURN_IF_ERROR(state_->snapshot->CheckOpen());
  return state_->CheckNotDropped();
}

Status Collection::Impl::CheckWritable() const {
  TRACEVEC_RETURN_IF_ERROR(engine_->CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckReadable());
  return CheckNotAtSnapshot();
}

Status Collection::Impl::CheckNotAtSnapshot() const {
  return state_->snapshot == nullptr ? Status::Ok() : state_->snapshot->RefuseToWrite();
}

namespace {

/// Runs `body(engine, state)` if the handle may be read, or written.
template <typename Impl, typename Body>
auto Reading(const Impl& impl, const Body& body) -> decltype(body(*impl.engine(), *impl.state())) {
  return Guard([&]() -> decltype(body(*impl.engine(), *impl.state())) {
    TRACEVEC_RETURN_IF_ERROR(impl.CheckReadable());
    auto result = body(*impl.engine(), *impl.state());
    // What a drop takes away under a reader is neither damage nor an answer.
    TRACEVEC_RETURN_IF_ERROR(impl.state()->CheckNotDropped());
    return result;
  });
}

template <typename Impl, typename Body>
auto Writing(const Impl& impl, const Body& body) -> decltype(body(*impl.engine(), *impl.state())) {
  return Guard([&]() -> decltype(body(*impl.engine(), *impl.state())) {
    TRACEVEC_RETURN_IF_ERROR(impl.CheckWritable());
    return body(*impl.engine(), *impl.state());
  });
}

}  // namespace

Collection::Collection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

const std::string& Collection::name() const { return impl_->state()->name; }
const CollectionSchema& Collection::schema() const { return impl_->state()->schema; }

Result<WriteResult> Collection::Upsert(const UpsertRequest& request) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Upsert(engine, state, request);
  });
}

Result<WriteResult> Collection::Delete(const Selection& selection) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return DeleteChunks(engine, state, selection);
  });
}

Result<WriteResult> Collection::UpdateMetadata(const Metadata& patch, const Selection& selection) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::UpdateMetadata(engine, state, patch, selection);
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
  return Reading(*impl_, [&](Engine&, CollectionState&) -> Result<Scanner> {
    TRACEVEC_ASSIGN_OR_RETURN(
        auto scan, Scanner::Impl::Open(impl_->engine(), impl_->state(), std::move(options)));
    return Scanner(std::move(scan));
  });
}

Result<SearchResponse> Collection::Search(const SearchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Search(engine, state, request);
  });
}

Result<Explanation> Collection::Explain(const SearchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::Explain(engine, state, request);
  });
}

Result<BatchResponse> Collection::SearchBatch(const BatchRequest& request) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::SearchBatch(engine, state, request);
  });
}

Result<PutResult> Collection::PutDocument(const Document& document, const PutOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::PutDocument(engine, state, document, options);
  });
}

Result<std::vector<PutResult>> Collection::PutDocuments(std::span<const Document> documents,
                                                        const PutManyOptions& options) {
  return Writing(*impl_, [&](Engine& engine, CollectionState& state) {
    return tracevec::PutDocuments(engine, state, documents, options);
  });
}

Result<UpdatePlan> Collection::PlanUpdate(const Document& document) const {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) -> Result<UpdatePlan> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
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

Status Collection::Rebuild(const RebuildOptions& options) {
  return Reading(*impl_, [&](Engine& engine, CollectionState& state) -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
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
    AddTuning(*view, &stats);
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
