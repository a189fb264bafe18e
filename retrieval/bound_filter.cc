#include "retrieval/bound_filter.h"

#include <algorithm>

#include "core/return_if_error.h"
#include "retrieval/collection_state.h"
#include "retrieval/collection_view.h"

namespace tracevec {

std::shared_ptr<const BoundFilter> FilterCache::Find(std::string_view text) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.first->text == text; });
  if (found == entries_.end()) return nullptr;
  std::rotate(found, found + 1, entries_.end());
  return entries_.back().first;
}

void FilterCache::Add(std::shared_ptr<const BoundFilter> filter) {
  // Its literals are there twice: as text and ready for comparing.
  const std::size_t bytes = filter->matches.memory_bytes() + 4 * filter->text.size();
  if (bytes > kMostBytes) return;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.first->text == filter->text) return;
  }
  std::size_t dropped = 0;
  while (bytes_ + bytes > kMostBytes || entries_.size() - dropped >= kMostFilters) {
    bytes_ -= entries_[dropped++].second;
  }
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(dropped));
  entries_.emplace_back(std::move(filter), bytes);
  bytes_ += bytes;
}

Result<std::shared_ptr<const BoundFilter>> BindFilter(const CollectionState& state,
                                                      const CollectionView& view,
                                                      const IndexView& rows, const Filter& where,
                                                      FilterUse use) {
  TRACEVEC_RETURN_IF_ERROR(where.status());
  auto bound = std::make_shared<BoundFilter>();
  if (where.empty()) return std::shared_ptr<const BoundFilter>(std::move(bound));
  bound->text = where.ToString();
  if (view.in_memory && use != FilterUse::kEstimate) {
    if (auto cached = view.filters->Find(bound->text)) return cached;
  }
  TRACEVEC_ASSIGN_OR_RETURN(bound->program,
                            FilterProgram::Compile(where, state.schema, view.known_fields.get()));
  const MetadataColumns::FieldNames declared = state.DeclaredFields();
  bound->matches =
      use == FilterUse::kEstimate
          ? EstimateFilter(rows, bound->program, declared)
          : MatchFilter(rows, bound->program, use == FilterUse::kMatch ? &declared : nullptr);
  if (view.in_memory && use == FilterUse::kMatch) view.filters->Add(bound);
  return std::shared_ptr<const BoundFilter>(std::move(bound));
}

}  // namespace tracevec
