#include "index/merge_policy.h"

#include <algorithm>

namespace tracevec {
namespace {

std::uint32_t LiveRows(const SegmentSize& segment) { return segment.rows - segment.dead; }

/// A window of neighbours to merge: how many there are, and how many of them are of the largest
/// one's tier. Smaller ones between them ride along, or they would keep their neighbours apart.
struct Window {
  std::size_t count = 0;
  std::size_t of_tier = 0;
};

/// The longest window from `first` in which `segments[first]` is of the largest one's tier.
Window WindowFrom(std::span<const SegmentSize> segments, std::size_t first,
                  std::uint64_t most_rows) {
  const std::uint64_t own = std::max<std::uint64_t>(LiveRows(segments[first]), 1);
  std::uint64_t most = own;
  std::uint64_t total = 0;
  std::size_t last = first;
  for (; last < segments.size(); ++last) {
    const std::uint64_t rows = LiveRows(segments[last]);
    if (rows > own * kSegmentsPerTier || total + rows > most_rows) break;
    most = std::max(most, rows);
    total += rows;
  }
  Window window{last - first, 0};
  for (std::size_t i = first; i < last; ++i) {
    if (LiveRows(segments[i]) * kSegmentsPerTier >= most) ++window.of_tier;
  }
  return window;
}

}  // namespace

MergeChoice ChooseMerge(std::span<const SegmentSize> segments, std::uint64_t most_rows) {
  // The newest run first: it is the smallest, and merging it makes the next larger one.
  for (std::size_t first = segments.size(); first-- > 0;) {
    const Window window = WindowFrom(segments, first, most_rows);
    if (window.of_tier >= kSegmentsPerTier) return {first, window.count};
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].dead > 0 && segments[i].dead >= kMostDeadShare * segments[i].rows) {
      return {i, 1};
    }
  }
  return {};
}

}  // namespace tracevec
