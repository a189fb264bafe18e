#include "index/candidate_pool.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace tracevec {

void CandidatePool::Reset(std::size_t width) {
  if (scores_.size() < width || rows_.size() < width) {
    scores_.resize(width);
    rows_.resize(width);
  }
  width_ = width;
  size_ = 0;
  next_ = 0;
}

std::uint32_t CandidatePool::TakeNext() {
  const std::uint32_t row = rows_[next_];
  rows_[next_] |= kExpanded;
  SkipExpanded();
  return row;
}

void CandidatePool::Choose(const float* scores, const std::uint32_t* rows, std::size_t count,
                           Offers* offers) {
  const bool full = size_ == width_;
  const float worst = full ? scores_[width_ - 1] : 0;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool good = full ? scores[i] > worst : scores[i] == scores[i];
    offers->scores[chosen] = scores[i];
    offers->rows[chosen] = rows[i];
    chosen += good ? 1 : 0;
  }
  for (std::size_t i = 1; i < chosen; ++i) {
    const float score = offers->scores[i];
    const std::uint32_t row = offers->rows[i];
    std::size_t place = i;
    for (; place > 0 && offers->scores[place - 1] < score; --place) {
      offers->scores[place] = offers->scores[place - 1];
      offers->rows[place] = offers->rows[place - 1];
    }
    offers->scores[place] = score;
    offers->rows[place] = row;
  }
  offers->count = chosen;
}

std::size_t CandidatePool::PlaceOf(float score) const {
  if (size_ == 0) return 0;
  const float* first = scores_.data();
  std::size_t length = size_;
  while (length > 1) {
    const std::size_t half = length / 2;
    first = first[half - 1] >= score ? first + half : first;
    length -= half;
  }
  return static_cast<std::size_t>(first - scores_.data()) + (*first >= score ? 1 : 0);
}

void CandidatePool::Move(std::size_t first, std::size_t last, std::size_t by, std::size_t size) {
  if (first + by >= size) return;
  const std::size_t count = std::min(last - first, size - first - by);
  std::memmove(scores_.data() + first + by, scores_.data() + first, count * sizeof(float));
  std::memmove(rows_.data() + first + by, rows_.data() + first, count * sizeof(std::uint32_t));
}

void CandidatePool::Offer(const float* scores, const std::uint32_t* rows, std::size_t count) {
  assert(count <= kMostAtOnce);
  Offers offers;
  Choose(scores, rows, count, &offers);
  if (offers.count == 0) return;
  std::size_t places[kMostAtOnce];
  for (std::size_t i = 0; i < offers.count; ++i) places[i] = PlaceOf(offers.scores[i]);
  const std::size_t size = std::min(size_ + offers.count, width_);
  std::size_t last = size_;
  // From the worst up: what lies behind a place makes room for all offers that come before it.
  for (std::size_t i = offers.count; i-- > 0;) {
    Move(places[i], last, i + 1, size);
    last = places[i];
    if (last + i >= size) continue;
    scores_[last + i] = offers.scores[i];
    rows_[last + i] = offers.rows[i];
  }
  size_ = size;
  next_ = std::min(next_, places[0]);
  SkipExpanded();
}

}  // namespace tracevec
