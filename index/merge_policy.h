#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tracevec {

/// What the choice of a merge needs to know of a segment.
struct SegmentSize {
  std::uint32_t rows = 0;
  std::uint32_t dead = 0;
};

/// Neighbours in the list of segments that are to become one; count 0: nothing is due.
struct MergeChoice {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// A segment is rebuilt when so large a share of its rows is dead.
constexpr double kMostDeadShare = 0.2;
/// Segments of about one size are merged when there are so many: a row is then inserted into
/// graphs once and, for each factor of four its segment grows by, up to once more; not the rows of
/// the largest, whose graph is taken over (graph_reuse.h).
constexpr std::size_t kSegmentsPerTier = 4;
/// No build takes more live rows, unless one of its inputs has them already: it is what bounds the
/// memory of a build, 1 to 2 GB beside the codes at 384 dimensions.
constexpr std::uint32_t kMostSegmentRows = 2'000'000;

/// The merge that is due, of segments listed oldest first. A pure function: the tiered rule of
/// log-structured merge trees (O'Neil et al. 1996), over neighbours, so that rows stay in the order
/// of their insertion.
MergeChoice ChooseMerge(std::span<const SegmentSize> segments,
                        std::uint64_t most_rows = kMostSegmentRows);

}  // namespace tracevec
