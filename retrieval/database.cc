#include "tracevec/database.h"

#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/collection_impl.h"
#include "retrieval/database_impl.h"
#include "retrieval/expiry.h"
#include "retrieval/guard.h"
#include "retrieval/journal.h"
#include "retrieval/metrics.h"
#include "retrieval/pipelines.h"
#include "retrieval/receipt_maker.h"
#include "retrieval/receipts.h"
#include "retrieval/replay.h"
#include "retrieval/routes.h"
#include "retrieval/snapshots.h"
#include "retrieval/validate.h"
#include "storage/records.h"

#ifndef TRACEVEC_VERSION
#error "the build defines TRACEVEC_VERSION"
#endif

namespace tracevec {
namespace {

Collection MakeHandle(const std::shared_ptr<Engine>& engine,
                      const std::shared_ptr<CollectionState>& state) {
  return Collection(std::make_shared<Collection::Impl>(engine, state));
}

/// The field of a collection made by GetOrCreateCollection.
constexpr std::string_view kDefaultField = "vector";

}  // namespace

std::string_view Version() { return TRACEVEC_VERSION; }

Result<std::unique_ptr<Database>> OpenForTest(const std::string& path, const OpenOptions& options,
                                              std::shared_ptr<rocksdb::FileSystem> file_system,
                                              const IndexOptions& index) {
  return Guard([&]() -> Result<std::unique_ptr<Database>> {
    TRACEVEC_ASSIGN_OR_RETURN(auto engine,
                              Engine::Open(path, options, std::move(file_system), index));
    return std::make_unique<Database>(std::make_unique<Database::Impl>(std::move(engine)));
  });
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                 const OpenOptions& options) {
  return OpenForTest(path, options, nullptr);
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() { Close().IgnoreError("a destructor has nobody to tell"); }

Result<Collection> Database::CreateCollection(std::string_view name, const CollectionSchema& schema,
                                              const CreateOptions& options) {
  return Guard([&]() -> Result<Collection> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    TRACEVEC_ASSIGN_OR_RETURN(auto state, impl_->engine()->CreateCollection(name, schema, options));
    return MakeHandle(impl_->engine(), state);
  });
}

Result<Collection> Database::GetCollection(std::string_view name) {
  return Guard([&]() -> Result<Collection> {
    Engine& engine = *impl_->engine();
    SnapshotReader* snapshot = impl_->snapshot();
    TRACEVEC_ASSIGN_OR_RETURN(auto state, snapshot != nullptr
                                              ? snapshot->FindCollection(engine, name)
                                              : engine.FindCollection(name));
    return MakeHandle(impl_->engine(), state);
  });
}

Result<Collection> Database::GetOrCreateCollection(std::string_view name, std::uint32_t dimension) {
  return Guard([&]() -> Result<Collection> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    auto found = impl_->engine()->FindCollection(name);
    if (!found.ok() && found.status().code() == StatusCode::kNotFound) {
      CollectionSchema schema;
      VectorField field;
      field.dimension = dimension;
      schema.vectors.emplace(kDefaultField, field);
      found = impl_->engine()->CreateCollection(name, schema, {});
      // Another thread may have created it in between.
      if (found.status().code() == StatusCode::kAlreadyExists) {
        found = impl_->engine()->FindCollection(name);
      }
    }
    if (!found.ok()) return found.status();
    const auto& fields = (*found)->fields;
    if (fields.size() == 1 && fields.front().field.dimension != dimension) {
      return Status::InvalidArgument(fmt::format("collection '{}' has dimension {}, not {}", name,
                                                 fields.front().field.dimension, dimension));
    }
    return MakeHandle(impl_->engine(), *found);
  });
}

Status Database::DropCollection(std::string_view name) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return impl_->engine()->DropCollection(name);
  });
}

Result<std::vector<std::string>> Database::ListCollections() const {
  return Guard([&] {
    const SnapshotReader* snapshot = impl_->snapshot();
    return snapshot != nullptr ? snapshot->ListCollections(*impl_->engine())
                               : impl_->engine()->ListCollections();
  });
}

Status Database::Compact(std::uint32_t threads) {
  return Guard([&]() -> Status {
    Engine& engine = *impl_->engine();
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
    TRACEVEC_RETURN_IF_ERROR(CheckBuildThreads(threads));
    for (const std::shared_ptr<CollectionState>& state : engine.OpenCollections()) {
      Status swept = DeleteExpired(engine, *state);
      if (swept.ok()) swept = SweepAll(engine, *state);
      if (swept.code() == StatusCode::kConflict) continue;  // Another state took its place.
      if (!swept.ok() && swept.code() != StatusCode::kNotFound) return swept;
      Status built = engine.builder().BuildAll(state, threads, /*even_so=*/false);
      if (!built.ok() && built.code() != StatusCode::kNotFound) return built;  // Dropped meanwhile.
    }
    return engine.store().Compact();
  });
}

Result<std::vector<JournalEntry>> Database::Journal(const JournalQuery& query) const {
  return Guard([&]() -> Result<std::vector<JournalEntry>> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    const SnapshotReader* snapshot = impl_->snapshot();
    if (snapshot != nullptr) TRACEVEC_RETURN_IF_ERROR(snapshot->CheckOpen());
    TRACEVEC_ASSIGN_OR_RETURN(auto entries, ReadJournal(*impl_->engine(), query));
    if (snapshot != nullptr) {
      std::erase_if(entries, [&](const JournalEntry& entry) {
        return CommitNumber{entry.commit} > snapshot->commit();
      });
    }
    return entries;
  });
}

Result<std::uint64_t> Database::TrimJournal(const JournalTrim& trim) {
  return Guard([&]() -> Result<std::uint64_t> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::TrimJournal(*impl_->engine(), trim);
  });
}

Result<SnapshotInfo> Database::Snapshot(std::string_view name) {
  return Guard([&]() -> Result<SnapshotInfo> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return TakeSnapshot(*impl_->engine(), name);
  });
}

Result<std::unique_ptr<Database>> Database::At(std::string_view name) const {
  return Guard([&]() -> Result<std::unique_ptr<Database>> {
    TRACEVEC_ASSIGN_OR_RETURN(auto snapshot, SnapshotReader::Open(*impl_->engine(), name));
    return std::make_unique<Database>(
        std::make_unique<Database::Impl>(impl_->engine(), std::move(snapshot)));
  });
}

Status Database::ReleaseSnapshot(std::string_view name) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::ReleaseSnapshot(*impl_->engine(), name);
  });
}

Result<std::vector<SnapshotInfo>> Database::ListSnapshots() const {
  return Guard([&]() -> Result<std::vector<SnapshotInfo>> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    return tracevec::ListSnapshots(*impl_->engine());
  });
}

Status Database::SetReceiptPolicy(const ReceiptPolicy& policy) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckWritable());
    return impl_->engine()->receipts().SetPolicy(policy);
  });
}

Result<ReceiptPolicy> Database::GetReceiptPolicy() const {
  return Guard([&]() -> Result<ReceiptPolicy> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    return impl_->engine()->receipts().policy();
  });
}

Result<std::vector<KeptReceipt>> Database::Receipts(const ReceiptQuery& query) const {
  return Guard([&] { return FindReceipts(*impl_->engine(), query); });
}

Result<KeptReceipt> Database::GetReceipt(std::string_view id) const {
  return Guard([&] { return tracevec::GetReceipt(*impl_->engine(), id); });
}

Status Database::Annotate(std::string_view receipt_id, const AnnotateRequest& request) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::Annotate(*impl_->engine(), receipt_id, request);
  });
}

Result<tracevec::Replay> Database::Replay(std::string_view receipt_id, std::string_view at) {
  return Guard([&] { return ReplayReceipt(*impl_->engine(), receipt_id, at); });
}

Result<LostChunk> Database::Why(std::string_view receipt_id, std::string_view chunk_id) {
  return Guard([&] { return WhyLost(*impl_->engine(), receipt_id, chunk_id); });
}

Result<MetricsReport> Database::Metrics() const {
  return Guard([&]() -> Result<MetricsReport> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    return GatherMetrics(*impl_->engine());
  });
}

void Database::SetTraceHook(TraceHook hook) {
  Guard([&] {
    impl_->engine()->trace_hook().Set(std::move(hook));
    return Status::Ok();
  }).IgnoreError("there is no memory for it");
}

Result<std::string> Database::PutPipeline(std::string_view name, const Pipeline& pipeline) {
  return Guard([&]() -> Result<std::string> {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return StorePipeline(*impl_->engine(), name, pipeline);
  });
}

Result<Pipeline> Database::GetPipeline(std::string_view name) const {
  return Guard([&]() -> Result<Pipeline> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    return ReadPipeline(*impl_->engine(), name);
  });
}

Result<std::vector<PipelineInfo>> Database::ListPipelines() const {
  return Guard([&]() -> Result<std::vector<PipelineInfo>> {
    TRACEVEC_RETURN_IF_ERROR(impl_->engine()->CheckOpen());
    return tracevec::ListPipelines(*impl_->engine());
  });
}

Status Database::DeletePipeline(std::string_view name) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::DeletePipeline(*impl_->engine(), name);
  });
}

Status Database::PutRoutes(const RouteSet& set) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::PutRoutes(*impl_->engine(), set);
  });
}

Result<RouteSet> Database::Routes(std::string_view name) const {
  return Guard([&] { return GetRoutes(*impl_->engine(), name); });
}

Status Database::DeleteRoutes(std::string_view name) {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(impl_->CheckNotAtSnapshot());
    return tracevec::DeleteRoutes(*impl_->engine(), name);
  });
}

Result<std::vector<std::string>> Database::ListRoutes() const {
  return Guard([&] { return tracevec::ListRoutes(*impl_->engine()); });
}

Result<std::vector<RouteMatch>> Database::Route(std::string_view name,
                                                std::span<const float> vector,
                                                const RouteOptions& options) const {
  return Guard([&] { return MatchRoutes(*impl_->engine(), name, vector, options); });
}

Result<DatabaseStats> Database::Stats() const {
  return Guard([&]() -> Result<DatabaseStats> {
    const Engine& engine = *impl_->engine();
    TRACEVEC_ASSIGN_OR_RETURN(const auto names, ListCollections());
    DatabaseStats stats;
    const SnapshotReader* snapshot = impl_->snapshot();
    stats.commit = Raw(snapshot != nullptr ? snapshot->commit() : engine.last_commit());
    stats.timeline = engine.timeline();
    stats.collections = names.size();
    stats.format_version = FormatRecord::kCurrentVersion;
    stats.disk_bytes = engine.store().disk_bytes();
    stats.kernels = engine.kernels().name;
    stats.build = BuildName();
    return stats;
  });
}

const std::string& Database::path() const { return impl_->engine()->path(); }

Status Database::Close() {
  return Guard([&] {
    if (impl_->snapshot() == nullptr) return impl_->engine()->Close();
    impl_->snapshot()->Close();
    return Status::Ok();
  });
}

}  // namespace tracevec
