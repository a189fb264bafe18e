#include "core/fusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/nearest_name.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, 3> kKindNames = {"dense", "lexical", "sparse"};
constexpr std::array<std::string_view, 3> kMethodNames = {"rrf", "weighted", "dbsf"};
constexpr std::array<std::string_view, 2> kNormalizationNames = {"min_max", "z_score"};
constexpr std::uint32_t kMostCandidates = 16'384;

template <typename Enum, std::size_t kCount>
Result<Enum> ParseFusionName(std::string_view name,
                             const std::array<std::string_view, kCount>& names,
                             std::string_view what) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  return Status::InvalidArgument(fmt::format("{}: no '{}'{}; there are {}", what, name,
                                             DidYouMean(name, known), fmt::join(names, ", ")));
}

/// Mean and standard deviation of a source's scores.
struct Spread {
  double mean = 0;
  double deviation = 0;
};

Spread SpreadOf(const std::vector<RankedKey>& found) {
  Spread spread;
  for (const RankedKey& each : found) spread.mean += each.score;
  spread.mean /= static_cast<double>(found.size());
  for (const RankedKey& each : found) {
    spread.deviation += (each.score - spread.mean) * (each.score - spread.mean);
  }
  spread.deviation = std::sqrt(spread.deviation / static_cast<double>(found.size()));
  return spread;
}

/// What each place of a source gives, and what not being there gives.
struct Shares {
  std::vector<double> of_place;
  double missing = 0;
};

double MinMax(const std::vector<RankedKey>& found, std::size_t place) {
  const double worst = found.back().score;
  const double range = found.front().score - worst;
  return range > 0 ? (found[place].score - worst) / range : 1;
}

Shares SharesOf(const Fusion& fusion, const std::vector<RankedKey>& found) {
  Shares shares;
  if (found.empty()) return shares;
  const Spread spread = SpreadOf(found);
  const bool z_score = fusion.normalization == ScoreNormalization::kZScore;
  for (std::size_t place = 0; place < found.size(); ++place) {
    const double off = found[place].score - spread.mean;
    double share = 0;
    if (fusion.method == FusionMethod::kRrf) {
      share = 1 / (fusion.k + static_cast<double>(place + 1));
    } else if (fusion.method == FusionMethod::kDbsf) {
      // From three deviations below the mean to three above it.
      share = spread.deviation > 0 ? (off + 3 * spread.deviation) / (6 * spread.deviation) : 0.5;
    } else if (z_score) {
      share = spread.deviation > 0 ? off / spread.deviation : 0;
    } else {
      share = MinMax(found, place);
    }
    shares.of_place.push_back(share);
  }
  const bool worst = fusion.method == FusionMethod::kWeighted && z_score;
  if (worst) shares.missing = shares.of_place.back();
  return shares;
}

}  // namespace

std::string_view SourceKindName(SourceKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view FusionMethodName(FusionMethod method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

Result<FusionMethod> ParseFusionMethod(std::string_view name) {
  return ParseFusionName<FusionMethod>(name, kMethodNames, "fusion");
}

std::string_view ScoreNormalizationName(ScoreNormalization normalization) {
  return kNormalizationNames[static_cast<std::size_t>(normalization)];
}

Result<ScoreNormalization> ParseScoreNormalization(std::string_view name) {
  return ParseFusionName<ScoreNormalization>(name, kNormalizationNames, "normalization");
}

Status CheckFusion(const Fusion& fusion, std::size_t sources) {
  if (fusion.method > FusionMethod::kDbsf || fusion.normalization > ScoreNormalization::kZScore) {
    return Status::InvalidArgument("fusion: no method, or normalization, has this number");
  }
  if (!(fusion.k >= 0 && fusion.k <= 1e6)) {
    return Status::InvalidArgument(fmt::format("fusion: k: {}, expected 0 to 1e6", fusion.k));
  }
  if (fusion.candidates == 0 || fusion.candidates > kMostCandidates) {
    return Status::InvalidArgument(fmt::format("fusion: candidates: {}, expected 1 to {}",
                                               fusion.candidates, kMostCandidates));
  }
  if (fusion.weights.empty()) return Status::Ok();
  if (fusion.weights.size() != sources) {
    return Status::InvalidArgument(
        fmt::format("fusion: {} weights for {} sources", fusion.weights.size(), sources));
  }
  double total = 0;
  for (const double weight : fusion.weights) {
    if (!(weight >= 0 && weight <= 1e6)) {
      return Status::InvalidArgument(fmt::format("fusion: weight {}, expected 0 to 1e6", weight));
    }
    total += weight;
  }
  return total > 0 ? Status::Ok() : Status::InvalidArgument("fusion: all weights are 0");
}

double DefaultWeight(FusionMethod method, SourceKind kind) {
  // Ranks do not tell how much better a source's first ones are. nDCG@10 on cranfield, scifact,
  // squad and cacm with k 10: 0.553, 0.713, 0.890 and 0.553 so, 0.552, 0.715, 0.880 and 0.551 with
  // 1 each; with k 60 and 1 each 0.551, 0.714, 0.874 and 0.547, where BM25 alone has 0.891 on
  // squad.
  constexpr double kWeightOfText = 1.2;
  return method == FusionMethod::kRrf && kind == SourceKind::kLexical ? kWeightOfText : 1;
}

std::vector<FusedKey> Fuse(const Fusion& fusion, std::span<const std::vector<RankedKey>> sources) {
  std::vector<FusedKey> fused;
  std::unordered_map<std::uint64_t, std::size_t> places;
  std::vector<double> scores;
  std::vector<Shares> shares;
  double all_missing = 0;
  const std::vector<double> weights =
      fusion.weights.empty() ? std::vector<double>(sources.size(), 1) : fusion.weights;
  for (std::size_t source = 0; source < sources.size(); ++source) {
    shares.push_back(SharesOf(fusion, sources[source]));
    all_missing += weights[source] * shares.back().missing;
  }
  for (std::size_t source = 0; source < sources.size(); ++source) {
    for (std::size_t place = 0; place < sources[source].size(); ++place) {
      const RankedKey& found = sources[source][place];
      const auto [at, is_new] = places.try_emplace(found.key, fused.size());
      if (is_new) {
        fused.push_back({found.key, 0, {}});
        fused.back().sources.resize(sources.size());
        scores.push_back(all_missing);
      }
      fused[at->second].sources[source] =
          SourceScore{static_cast<std::uint32_t>(place + 1), found.score};
      scores[at->second] +=
          weights[source] * (shares[source].of_place[place] - shares[source].missing);
    }
  }
  for (std::size_t i = 0; i < fused.size(); ++i) fused[i].score = static_cast<float>(scores[i]);
  return fused;
}

}  // namespace tracevec
