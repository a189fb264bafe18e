// What of a pipeline can be checked without a collection.

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "retrieval/guard.h"
#include "retrieval/pipeline_members.h"
#include "retrieval/stage.h"
#include "tracevec/pipeline_spec.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kMostSourceCandidates = 16'384;
constexpr std::uint32_t kMostPhrasings = 32;

Status CheckSource(const PipelineSource& source, const std::string& place) {
  return std::visit(
      [&](const auto& each) -> Status {
        if (each.k == 0 || each.k > kMostSourceCandidates) {
          return Status::InvalidArgument(
              fmt::format("{}.k: {}, expected 1 to {}", place, each.k, kMostSourceCandidates));
        }
        if (each.weight && !(std::isfinite(*each.weight) && *each.weight >= 0)) {
          return Status::InvalidArgument(
              fmt::format("{}.weight: {}, expected at least 0", place, *each.weight));
        }
        return Status::Ok();
      },
      source);
}

bool HasWeight(const PipelineSource& source) {
  return std::visit([](const auto& each) { return each.weight.has_value(); }, source);
}

Status CheckSources(const PipelineSpec& spec) {
  if (spec.sources.size() > PipelineSpec::kMostSources) {
    return Status::InvalidArgument(fmt::format("sources: {}, expected at most {}",
                                               spec.sources.size(), PipelineSpec::kMostSources));
  }
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    TRACEVEC_RETURN_IF_ERROR(CheckSource(spec.sources[i], fmt::format("sources[{}]", i)));
  }
  const bool weighted = std::any_of(spec.sources.begin(), spec.sources.end(), HasWeight);
  if (weighted && !spec.fuse.weights.empty()) {
    return Status::InvalidArgument(
        "fuse.weights: sources have weights of their own; give one or the other");
  }
  const Status fuse = CheckFusion(spec.fuse, std::max<std::size_t>(1, spec.sources.size()));
  return fuse.ok() ? fuse : Status(fuse.code(), "fuse: " + fuse.message());
}

Status CheckExpand(const PipelineSpec& spec) {
  if (!spec.expand || (spec.expand->most >= 2 && spec.expand->most <= kMostPhrasings)) {
    return Status::Ok();
  }
  return Status::InvalidArgument(
      fmt::format("expand.most: {}, expected 2 to {}", spec.expand->most, kMostPhrasings));
}

/// Names of the scores that the sources give.
std::vector<std::string> ScoresOf(const PipelineSpec& spec) {
  std::vector<std::string> scores;
  for (const PipelineSource& source : spec.sources) {
    scores.emplace_back(kSourceKinds[source.index()]);
  }
  if (scores.empty()) scores.emplace_back("lexical");
  if (spec.sources.size() > 1 || spec.expand) scores.emplace_back("fused");
  return scores;
}

}  // namespace

Status Pipeline::Check() const {
  return Guard([&]() -> Status {
    TRACEVEC_RETURN_IF_ERROR(status());
    TRACEVEC_RETURN_IF_ERROR(CheckExpand(spec()));
    TRACEVEC_RETURN_IF_ERROR(CheckSources(spec()));
    if (!spec().where.status().ok()) {
      return {spec().where.status().code(), "where: " + spec().where.status().message()};
    }
    if (spec().stages.size() > PipelineSpec::kMostStages) {
      return Status::InvalidArgument(fmt::format("stages: {}, expected at most {}",
                                                 spec().stages.size(), PipelineSpec::kMostStages));
    }
    return CheckStages(spec().stages, ScoresOf(spec()));
  });
}

}  // namespace tracevec
