#include "index/merge_policy.h"

#include <algorithm>

namespace tracevec {
namespace {

std::uint32_t LiveRows(const SegmentSize& segment) { return segment.rows - segment.dead; }

/// The run of neighbours from `first` whose sizes lie within a factor of kSegmentsPerTier.
std::size_t RunOfOneTier(std::span<const SegmentSize> segments, std::size_t first) {
  std::uint64_t least = LiveRows(segments[first]);
  std::uint64_t most = least;
  std::uint64_t total = 0;
  std::size_t count = 0;
  for (std::size_t i = first; i < segments.size(); ++i) {
    const std::uint64_t rows = LiveRows(segments[i]);
    least = std::min(least, rows);
    most = std::max(most, rows);
    total += rows;
    if (most > least * kSegmentsPerTier || total > kMostSegmentRows) break;
    ++count;
  }
  return count;
}

}  // namespace

MergeChoice ChooseMerge(std::span<const SegmentSize> segments) {
  // The newest run first: it is the smallest, and merging it makes the next larger one.
  for (std::size_t first = segments.size(); first-- > 0;) {
    const std::size_t count = RunOfOneTier(segments, first);
    if (count >= kSegmentsPerTier) return {first, count};
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].dead > 0 && segments[i].dead >= kMostDeadShare * segments[i].rows) {
      return {i, 1};
    }
  }
  return {};
}

}  // namespace tracevec
