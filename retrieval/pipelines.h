#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/pipeline_spec.h"

namespace tracevec {

// Pipelines under names, for the whole database: see Database::PutPipeline. They are no data of a
// commit, and of a snapshot those that are stored now are read.

Result<std::string> StorePipeline(Engine& engine, std::string_view name, const Pipeline& pipeline);
/// Errors: NotFound with the nearest name, Corruption.
Result<Pipeline> ReadPipeline(const Engine& engine, std::string_view name);
Result<std::vector<PipelineInfo>> ListPipelines(const Engine& engine);
Status DeletePipeline(Engine& engine, std::string_view name);

}  // namespace tracevec
