#include "index/segment_columns.h"

#include <algorithm>
#include <utility>

namespace tracevec {

void ChangedRows::Add(std::uint32_t row) {
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  if ((words_[row / 64].fetch_or(bit, std::memory_order_release) & bit) == 0) {
    count_.fetch_add(1, std::memory_order_release);
  }
}

RowBitmap ChangedRows::Rows() const {
  if (count() == 0) return {};
  std::vector<std::uint64_t> words(words_.size());
  std::transform(words_.begin(), words_.end(), words.begin(),
                 [](const auto& word) { return word.load(std::memory_order_acquire); });
  return RowBitmap::OfBits(words);
}

std::shared_ptr<const ColumnGeneration> SegmentColumns::At(CommitNumber view) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(generations_.begin(), generations_.end(),
                                  [view](const auto& each) { return each->as_of <= view; });
  return found != generations_.end() ? *found : nullptr;
}

std::shared_ptr<const ColumnGeneration> SegmentColumns::At(CommitNumber view, const Make& make) {
  if (auto found = At(view)) return found;
  const std::lock_guard making(make_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (!generations_.empty() && generations_.back()->as_of > view) return nullptr;
  }
  if (auto found = At(view)) return found;
  auto first = std::make_shared<ColumnGeneration>(
      ColumnGeneration{MetadataColumns(), image_commit_, since_image_, nullptr});
  make(first.get());
  const std::lock_guard lock(mutex_);
  generations_.push_back(first);
  return first;
}

void SegmentColumns::NoteChange(std::uint32_t row) {
  since_image_->Add(row);
  const std::lock_guard lock(mutex_);
  for (const auto& generation : generations_) generation->changed->Add(row);
}

bool SegmentColumns::RefreshIsDue() const {
  // Asking a row takes about as long as making 0.3 of it anew, once; a query asks all each time.
  constexpr std::uint32_t kLeast = 512;
  const std::lock_guard lock(mutex_);
  return generations_.empty() ||
         generations_.front()->changed->count() > std::max(kLeast, rows_ / 64);
}

void SegmentColumns::Put(std::shared_ptr<ColumnGeneration> newest) {
  const std::lock_guard lock(mutex_);
  generations_.insert(generations_.begin(), std::move(newest));
  if (generations_.size() > kMostGenerations) generations_.pop_back();
}

std::size_t SegmentColumns::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t total = (generations_.size() + 1) * rows_ / 8;
  for (const auto& generation : generations_) total += generation->columns.memory_bytes();
  return total;
}

}  // namespace tracevec
