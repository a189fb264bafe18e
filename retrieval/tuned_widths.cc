#include "retrieval/tuned_widths.h"

#include <algorithm>
#include <cmath>

namespace tracevec {
namespace {

/// What segments choose their own widths for; see WidthProbe.
constexpr double kRecallOfSegments = 0.95;

/// More than was tuned for is found by searching in proportion wider.
std::uint32_t InProportion(std::uint32_t ef, std::uint32_t k, std::uint32_t tuned_k) {
  if (k <= tuned_k) return ef;
  return static_cast<std::uint32_t>(std::uint64_t{ef} * k / tuned_k);
}

}  // namespace

std::optional<std::uint32_t> WidthForRecall(const std::vector<TunePoint>& points, double recall) {
  double before = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double at = points[i].recall;
    if (at >= recall) {
      if (i == 0) return points[0].ef;
      const double part = (recall - before) / (at - before);
      const double low = points[i - 1].ef;
      return static_cast<std::uint32_t>(std::ceil(low * std::pow(points[i].ef / low, part)));
    }
    before = std::max(before, at);
  }
  return std::nullopt;
}

double RecallAtWidth(const std::vector<TunePoint>& points, std::uint32_t ef) {
  const auto above = std::find_if(points.begin(), points.end(),
                                  [ef](const TunePoint& point) { return point.ef >= ef; });
  if (above == points.end()) return points.back().recall;
  if (above == points.begin()) return above->recall;
  const TunePoint& below = *(above - 1);
  const double part = std::log(static_cast<double>(ef) / below.ef) /
                      std::log(static_cast<double>(above->ef) / below.ef);
  return below.recall + part * (above->recall - below.recall);
}

bool IsOutdated(const TuneResult& tuned, std::uint64_t chunks) {
  return chunks / 2 > tuned.chunks || chunks < tuned.chunks / 2;
}

SearchWidth ChooseWidth(const TuneResult* tuned, const QuerySettings& settings, std::uint32_t k) {
  SearchWidth width{settings.exact, settings.ef, settings.ef ? "asked" : "segments"};
  if (settings.exact || settings.ef) return width;
  // No sample can show that nothing is missed.
  if (settings.target_recall.value_or(0) >= 1) {
    width.exact = true;
    return width;
  }
  if (tuned == nullptr) {
    width.exact = settings.target_recall.value_or(0) > kRecallOfSegments;
    return width;
  }
  std::optional<std::uint32_t> ef;
  if (settings.target_recall) {
    ef = WidthForRecall(tuned->points, *settings.target_recall);
    width.exact = !ef;
  } else if (tuned->ef != 0) {
    ef = tuned->ef;
  }
  if (!ef) return width;
  width.ef = InProportion(*ef, k, tuned->k);
  width.ef_source = "tuned";
  return width;
}

}  // namespace tracevec
