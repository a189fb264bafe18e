#pragma once

// The gathers of the avx2 table: four scattered rows at a time share the loads of the query, and
// the lanes of their four sums are added together. In an anonymous namespace for the reason given
// in kernels_f32_inl.h.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernels_four_rows_inl.h"

namespace tracevec {
namespace {  // NOLINT(google-build-namespaces)

constexpr std::size_t kBlockBytes = 32;

[[gnu::always_inline]] inline __m256i LoadBlock(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

// What a row's bytes in one register are multiplied by. The codes of a register are taken apart
// into two halves, whose products stay in 16 bits (codes of 4 bits) or fit into 32 (of 8 bits).
struct BlockWeights {
  __m256i first;
  __m256i second;
};

// Codes of 8 bits, those at even and at odd places: maddubs, which takes all at once, saturates.
struct ByteCodes {
  static BlockWeights Weights(const std::int8_t* low, const std::int8_t* /*high*/) {
    const __m256i weights = LoadBlock(low);
    return {_mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8), _mm256_srai_epi16(weights, 8)};
  }
  static __m256i Add(__m256i sums, __m256i codes, const BlockWeights& weights) {
    const __m256i even = _mm256_and_si256(codes, _mm256_set1_epi16(255));
    const __m256i odd = _mm256_srli_epi16(codes, 8);
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(even, weights.first),
                                                   _mm256_madd_epi16(odd, weights.second)));
  }
};

// Codes of 4 bits: the sum of both halves' pairs is at most 4 * 15 * 127, which 16 bits hold.
struct HalfByteCodes {
  static BlockWeights Weights(const std::int8_t* low, const std::int8_t* high) {
    return {LoadBlock(low), LoadBlock(high)};
  }
  static __m256i Add(__m256i sums, __m256i codes, const BlockWeights& weights) {
    const __m256i low_half = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(codes, low_half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(codes, 4), low_half);
    const __m256i products = _mm256_add_epi16(_mm256_maddubs_epi16(low, weights.first),
                                              _mm256_maddubs_epi16(high, weights.second));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
  }
};

// The sums of four registers' lanes, in order.
inline __m128i SumOfLanes(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  const __m256i all =
      _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

// The query's weights for a row's last 32 bytes, of which those that whole blocks have counted
// already weigh nothing: so no byte after a row's codes is read.
class LastBlock {
 public:
  LastBlock(const std::int8_t* query, std::size_t bytes, bool with_high) {
    const std::size_t rest = bytes % kBlockBytes;
    std::memcpy(low_ + kBlockBytes - rest, query + bytes - rest, rest);
    if (with_high) std::memcpy(high_ + kBlockBytes - rest, query + 2 * bytes - rest, rest);
  }
  const std::int8_t* low() const { return low_; }
  const std::int8_t* high() const { return high_; }

 private:
  alignas(32) std::int8_t low_[kBlockBytes] = {};
  alignas(32) std::int8_t high_[kBlockBytes] = {};
};

struct FourSums {
  __m256i sum[4];

  template <typename Codes>
  [[gnu::always_inline]] void Add(const FourRows& four, std::size_t at, const std::int8_t* low,
                                  const std::int8_t* high) {
    const BlockWeights weights = Codes::Weights(low, high);
    sum[0] = Codes::Add(sum[0], LoadBlock(four.row[0] + at), weights);
    sum[1] = Codes::Add(sum[1], LoadBlock(four.row[1] + at), weights);
    sum[2] = Codes::Add(sum[2], LoadBlock(four.row[2] + at), weights);
    sum[3] = Codes::Add(sum[3], LoadBlock(four.row[3] + at), weights);
  }
};

// REQUIRES: bytes >= 32. `high` is the distance from a low to its high weight, 0 where codes have
// none.
template <typename Codes>
void GatherBlocks(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                  const std::uint32_t* rows, std::size_t row_count, std::size_t bytes,
                  std::size_t high, std::int32_t* out) {
  const LastBlock last(query, bytes, high != 0);
  const __m128i lanes = _mm_setr_epi32(0, 1, 2, 3);
  for (std::size_t first = 0; first < row_count; first += 4) {
    const FourRows four(matrix, stride, rows, row_count, first);
    FourSums sums = {};
    std::size_t at = 0;
    for (; at + kBlockBytes <= bytes; at += kBlockBytes) {
      sums.Add<Codes>(four, at, query + at, query + at + high);
    }
    if (at < bytes) sums.Add<Codes>(four, bytes - kBlockBytes, last.low(), last.high());
    const __m128i present = _mm_cmpgt_epi32(_mm_set1_epi32(four.present), lanes);
    _mm_maskstore_epi32(out + first, present,
                        SumOfLanes(sums.sum[0], sums.sum[1], sums.sum[2], sums.sum[3]));
  }
}

}  // namespace
}  // namespace tracevec
