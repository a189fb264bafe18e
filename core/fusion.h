#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/search.h"
#include "tracevec/status.h"

namespace tracevec {

/// What a source of candidates found: a key for each, best first.
struct RankedKey {
  std::uint64_t key = 0;
  float score = 0;
};

/// A candidate that one source or several found.
struct FusedKey {
  std::uint64_t key = 0;
  float score = 0;
  std::vector<std::optional<SourceScore>> sources;  ///< One a source.
};

/// Errors: InvalidArgument: weights that are not one a source, finite and at least 0 with one above
/// it, k below 0, or candidates out of range.
Status CheckFusion(const Fusion& fusion, std::size_t sources);

/// What a source of a kind weighs among several where the fusion names no weights.
double DefaultWeight(FusionMethod method, SourceKind kind);

/// Fuses what sources found, in no order. What a source has not found counts as its worst there
/// (weighted), or as nothing (RRF, DBSF). Without weights in `fusion` each has 1. Pure.
std::vector<FusedKey> Fuse(const Fusion& fusion, std::span<const std::vector<RankedKey>> sources);

}  // namespace tracevec
