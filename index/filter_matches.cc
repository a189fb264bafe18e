#include "index/filter_matches.h"

#include <algorithm>
#include <utility>

#include "index/filter_candidates.h"
#include "index/filter_plan.h"
#include "index/scan.h"
#include "index/segment_columns.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kSeeds = 32;

/// Of some rows those that the filter accepts at the view.
RowBitmap Ask(const IndexView& view, const RowSet& set, const FilterProgram& filter,
              const RowBitmap& rows) {
  std::vector<std::uint32_t> accepted;
  StateScratch scratch;
  for (const std::uint32_t row : rows.Rows()) {
    if (set.VisibleAt(row, view.commit) && FilterAccepts(set, row, view.commit, filter, &scratch)) {
      accepted.push_back(row);
    }
  }
  return RowBitmap::Of(accepted);
}

/// What changed since the estimate's columns may match or not.
RowEstimate Widened(RowEstimate estimate, double changed, double rows) {
  estimate.low = std::max(0.0, estimate.low - changed);
  estimate.high = std::min(rows, estimate.high + changed);
  return estimate;
}

WalkRows PrepareWalk(const RowBitmap& matches, std::uint32_t size) {
  WalkRows walk;
  walk.bits.resize((std::size_t{size} + 31) / 32);
  const std::vector<std::uint32_t> rows = matches.Rows();
  for (const std::uint32_t row : rows) walk.bits[row / 32] |= 1U << (row % 32);
  for (std::uint64_t i = 0; i < kSeeds && !rows.empty(); ++i) {
    walk.seeds.push_back(rows[i * rows.size() / kSeeds]);
  }
  return walk;
}

SetMatches MatchSet(const IndexView& view, std::size_t place, const FilterProgram& filter,
                    const MetadataColumns::FieldNames* declared) {
  const RowSet& set = *view.sets[place];
  const std::uint32_t size = view.sizes[place];
  SetMatches matches;
  matches.estimate = {0, 0.5 * size, 1.0 * size};
  const auto generation = set.ColumnsAt(view.commit, declared);
  if (generation == nullptr) return matches;
  const RowBitmap changed = generation->changed->Rows();
  FilterCandidates found = FindCandidates(filter, generation->columns, generation->names.get());
  matches.estimate = Widened(found.estimate, static_cast<double>(changed.count()), size);
  found.rows -= changed;
  if (filter.needs_text()) {
    found.rows |= changed;
    found.exact = found.exact && changed.empty();
  } else {
    found.rows |= Ask(view, set, filter, changed);
    if (!found.exact && found.rows.count() <= kRowsAskedAtOnce) {
      found.rows = Ask(view, set, filter, found.rows);
      found.exact = true;
    }
  }
  matches.count = found.rows.count();
  // Those that were asked and are dead are not counted, though their values were.
  matches.estimate.low = std::min(matches.estimate.low, static_cast<double>(matches.count));
  matches.exact = found.exact;
  // Where any row may match, they are asked as they are scanned.
  matches.narrowed = found.exact || matches.count < size;
  if (!matches.narrowed) return matches;
  matches.rows = std::move(found.rows);
  if (matches.exact && MayBeWalked(matches.count, size)) {
    matches.walk_bytes = size / 8 + kSeeds * sizeof(std::uint32_t);
  }
  return matches;
}

}  // namespace

SetMatches::SetMatches() : walk_(std::make_unique<Lazy>()) {}

const WalkRows& SetMatches::ForWalk(std::uint32_t size) const {
  std::call_once(walk_->once, [&] { walk_->rows = PrepareWalk(*rows, size); });
  return walk_->rows;
}

std::size_t FilterMatches::memory_bytes() const {
  std::size_t total = sizeof *this;
  for (const SetMatches& set : sets) {
    total += sizeof set + set.walk_bytes;
    if (set.rows) total += set.rows->memory_bytes();
  }
  return total;
}

FilterMatches MatchFilter(const IndexView& view, const FilterProgram& filter,
                          const MetadataColumns::FieldNames* declared) {
  FilterMatches matches;
  for (std::size_t place = 0; place < view.sets.size(); ++place) {
    matches.sets.push_back(MatchSet(view, place, filter, declared));
  }
  return matches;
}

FilterMatches EstimateFilter(const IndexView& view, const FilterProgram& filter,
                             const MetadataColumns::FieldNames& declared) {
  FilterMatches matches;
  for (std::size_t place = 0; place < view.sets.size(); ++place) {
    const double size = view.sizes[place];
    SetMatches set;
    set.estimate = {0, 0.5 * size, size};
    if (const auto generation = view.sets[place]->ColumnsAt(view.commit, &declared)) {
      const FilterEstimate estimate =
          EstimateMatches(filter, generation->columns, generation->names.get());
      set.estimate = Widened(estimate.rows, generation->changed->count(), size);
      set.exact = estimate.exact;
      set.narrowed = estimate.exact || set.estimate.high < size;
      set.count = static_cast<std::uint64_t>(set.estimate.likely);
    }
    matches.sets.push_back(std::move(set));
  }
  return matches;
}

}  // namespace tracevec
