#include "retrieval/pipelines.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/validate.h"
#include "storage/features.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

constexpr std::size_t kLongestPipelineName = 255;

Status NoPipeline(const Engine& engine, std::string_view name) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::vector<PipelineInfo> stored, ListPipelines(engine));
  std::vector<std::string> known;
  for (const PipelineInfo& each : stored) known.push_back(each.name);
  return Status::NotFound(
      fmt::format("pipeline '{}' does not exist{}", name, DidYouMean(name, known)));
}

}  // namespace

Result<std::string> StorePipeline(Engine& engine, std::string_view name, const Pipeline& pipeline) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckId(name, kLongestPipelineName, "pipeline name"));
  PipelineRecord record;
  TRACEVEC_ASSIGN_OR_RETURN(record.json, pipeline.ToJson());
  record.stored = Now();
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_RETURN_IF_ERROR(engine.EnableFeature(kPipelinesFeature));
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Pipeline(name), EncodePipeline(record));
  TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/true));
  return HashContent(record.json).ToHex();
}

Result<Pipeline> ReadPipeline(const Engine& engine, std::string_view name) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                            engine.store().Get(Table::kRecords, keys::Pipeline(name)));
  if (!stored) return NoPipeline(engine, name);
  TRACEVEC_ASSIGN_OR_RETURN(const PipelineRecord record, DecodePipeline(*stored));
  Result<Pipeline> pipeline = Pipeline::FromJson(record.json);
  if (pipeline.ok() || pipeline.status().code() == StatusCode::kUnsupported) return pipeline;
  return Status::Corruption(fmt::format("pipeline '{}': {}", name, pipeline.status().message()));
}

Result<std::vector<PipelineInfo>> ListPipelines(const Engine& engine) {
  const std::string prefix = keys::PipelinesPrefix();
  std::vector<PipelineInfo> found;
  StoreCursor cursor = engine.store().NewCursor(Table::kRecords, prefix);
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const PipelineRecord record, DecodePipeline(cursor.value()));
    found.push_back({std::string(cursor.key().substr(prefix.size())),
                     HashContent(record.json).ToHex(), record.stored});
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return found;
}

Status DeletePipeline(Engine& engine, std::string_view name) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored,
                            engine.store().Get(Table::kRecords, keys::Pipeline(name)));
  if (!stored) return NoPipeline(engine, name);
  StoreBatch batch;
  batch.Delete(Table::kRecords, keys::Pipeline(name));
  return engine.store().Write(batch, /*sync=*/true);
}

}  // namespace tracevec
