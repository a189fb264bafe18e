#include "retrieval/dedup_shingles.h"

#include <algorithm>
#include <bit>

namespace tracevec {
namespace {

constexpr std::size_t kBandPlaces = 3;

}  // namespace

KeptShingles::KeptShingles(std::size_t most, double similarity) : similarity_(similarity) {
  const std::size_t buckets_a_band = std::bit_ceil(std::max<std::size_t>(most, 16));
  bucket_mask_ = buckets_a_band - 1;
  buckets_.assign(buckets_a_band * kBands, kNone);
  kept_.reserve(most);
}

std::optional<KeptShingles::Match> KeptShingles::Find(std::string_view text) {
  sketcher_.Sketch(text, &sketch_);
  if (sketch_.empty) return std::nullopt;
  std::optional<Match> first;
  for (std::size_t band = 0; band < kBands; ++band) {
    const std::uint32_t* const places = sketch_.places.data() + band * kBandPlaces;
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < kBandPlaces; ++i) {
      hash = (hash ^ places[i]) * 0x9E3779B97F4A7C15;
      hash ^= hash >> 29;
    }
    sketch_buckets_[band] = band * (bucket_mask_ + 1) + (hash & bucket_mask_);
    for (std::uint32_t i = buckets_[sketch_buckets_[band]]; i != kNone; i = kept_[i].next[band]) {
      if (first && kept_[i].place >= first->kept) continue;
      const double similarity = sketch_.Similarity(kept_[i].sketch);
      if (similarity >= similarity_) first = Match{kept_[i].place, similarity};
    }
  }
  return first;
}

void KeptShingles::Add(std::size_t place) {
  if (sketch_.empty) return;
  Kept& kept = kept_.emplace_back();
  kept.sketch = sketch_;
  kept.place = place;
  for (std::size_t band = 0; band < kBands; ++band) {
    std::uint32_t& bucket = buckets_[sketch_buckets_[band]];
    kept.next[band] = bucket;
    bucket = static_cast<std::uint32_t>(kept_.size() - 1);
  }
}

}  // namespace tracevec
