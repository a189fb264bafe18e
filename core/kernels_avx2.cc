// Compiled alone with -mavx2 -mfma. The accessor at the end runs on every processor, so it must
// stay a plain address: a table filled in at run time would be filled in with these instructions.

#include "core/kernels.h"

#if defined(__x86_64__)

#include "core/kernels_avx2_gather_inl.h"
#include "core/kernels_f32_inl.h"
#include "core/kernels_unseen_inl.h"

namespace tracevec {
namespace {

// Eight -1 and eight 0: the eight from kLaneMasks + 8 - n select the first n lanes.
alignas(64) constexpr std::int32_t kLaneMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

struct Avx2 {
  using Batch = xsimd::batch<float, xsimd::fma3<xsimd::avx2>>;

  static Batch MultiplyAdd(Batch a, Batch b, Batch sum) { return xsimd::fma(a, b, sum); }

  static Batch LoadPart(const float* from, std::size_t count) {
    const auto* mask = reinterpret_cast<const __m256i*>(kLaneMasks + 8 - count);
    return _mm256_maskload_ps(from, _mm256_loadu_si256(mask));
  }

  static __m128 FoldToFour(Batch batch) {
    const __m256 eight = batch;
    return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  }
};

float DotF32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Avx2, DotTerm<Avx2>>(a, b, count);
}

float L2F32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Avx2, SquaredDifferenceTerm<Avx2>>(a, b, count);
}

void DotF32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                std::size_t count, float* out) {
  SumOfTermsRows<Avx2, DotTerm<Avx2>>(query, matrix, stride, rows, count, out);
}

void L2F32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
               std::size_t count, float* out) {
  SumOfTermsRows<Avx2, SquaredDifferenceTerm<Avx2>>(query, matrix, stride, rows, count, out);
}

// Both sides are widened to 16 bits because maddubs, which multiplies bytes directly, adds pairs
// with saturation at 32,767 and a pair can reach 2 * 255 * 127 = 64,770. Two steps a round, since
// the loop's own instructions weigh as much as one: 39 GB/s of codes in cache, and 24 to 35, moving
// with the loop's address, with one.
__m256i Widened(const std::uint8_t* codes) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}
// What stands for a second operand's sixteen bytes as 16-bit weights.
__m256i SignedWeights(const std::int8_t* query) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(query)));
}
__m256i CodeWeights(const std::uint8_t* codes) {
  return _mm256_sub_epi16(Widened(codes), _mm256_set1_epi16(128));
}

template <typename Byte, typename Weights>
[[gnu::always_inline]] inline std::int32_t SumOfProducts(const std::uint8_t* codes,
                                                         const Byte* weights, std::size_t count,
                                                         std::int32_t offset, Weights load) {
  const auto add = [&](__m256i sums, std::size_t at) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(Widened(codes + at), load(weights + at)));
  };
  __m256i even = _mm256_setzero_si256();
  __m256i odd = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    even = add(even, i);
    odd = add(odd, i + 16);
  }
  if (i + 16 <= count) {
    even = add(even, i);
    i += 16;
  }
  const __m256i eight = _mm256_add_epi32(even, odd);
  __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  sums = _mm_hadd_epi32(sums, sums);
  std::int32_t sum = _mm_cvtsi128_si32(_mm_hadd_epi32(sums, sums));
  for (; i < count; ++i) sum += std::int32_t{codes[i]} * (std::int32_t{weights[i]} - offset);
  return sum;
}

std::int32_t DotU8S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t count) {
  return SumOfProducts(codes, query, count, 0, SignedWeights);
}

std::int32_t DotU8U8(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
  return SumOfProducts(a, b, count, 128, CodeWeights);
}

void DotU8S8Rows(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                 std::size_t rows, std::size_t count, std::int32_t* out) {
  for (std::size_t row = 0; row < rows; ++row) {
    out[row] = DotU8S8(matrix + row * stride, query, count);
  }
}

void DotU8S8Gather(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                   const std::uint32_t* rows, std::size_t row_count, std::size_t count,
                   std::int32_t* out) {
  if (count >= kBlockBytes) {
    return GatherBlocks<ByteCodes>(query, matrix, stride, rows, row_count, count, 0, out);
  }
  for (std::size_t i = 0; i < row_count; ++i) {
    out[i] = DotU8S8(matrix + rows[i] * stride, query, count);
  }
}

// A pair of products is at most 2 * 15 * 127, which maddubs does not saturate.
std::int32_t DotU4S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t bytes) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 32 <= bytes; i += 32) {
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i));
    const __m256i low = _mm256_and_si256(pairs, low_half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), low_half);
    const auto* weights = reinterpret_cast<const __m256i*>(query + i);
    const auto* high_weights = reinterpret_cast<const __m256i*>(query + bytes + i);
    const __m256i products =
        _mm256_add_epi16(_mm256_maddubs_epi16(low, _mm256_loadu_si256(weights)),
                         _mm256_maddubs_epi16(high, _mm256_loadu_si256(high_weights)));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(products, ones));
  }
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  if (i + 16 <= bytes) {
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i));
    const __m128i low = _mm_and_si128(pairs, _mm256_castsi256_si128(low_half));
    const __m128i high = _mm_and_si128(_mm_srli_epi16(pairs, 4), _mm256_castsi256_si128(low_half));
    const auto* weights = reinterpret_cast<const __m128i*>(query + i);
    const auto* high_weights = reinterpret_cast<const __m128i*>(query + bytes + i);
    const __m128i products = _mm_add_epi16(_mm_maddubs_epi16(low, _mm_loadu_si128(weights)),
                                           _mm_maddubs_epi16(high, _mm_loadu_si128(high_weights)));
    four = _mm_add_epi32(four, _mm_madd_epi16(products, _mm256_castsi256_si128(ones)));
    i += 16;
  }
  four = _mm_hadd_epi32(four, four);
  std::int32_t sum = _mm_cvtsi128_si32(_mm_hadd_epi32(four, four));
  for (; i < bytes; ++i) {
    sum += (codes[i] & 15) * std::int32_t{query[i]};
    sum += (codes[i] >> 4) * std::int32_t{query[bytes + i]};
  }
  return sum;
}

void DotU4S8Rows(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                 std::size_t rows, std::size_t bytes, std::int32_t* out) {
  for (std::size_t row = 0; row < rows; ++row) {
    out[row] = DotU4S8(matrix + row * stride, query, bytes);
  }
}

void DotU4S8Gather(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                   const std::uint32_t* rows, std::size_t row_count, std::size_t bytes,
                   std::int32_t* out) {
  if (bytes >= kBlockBytes) {
    return GatherBlocks<HalfByteCodes>(query, matrix, stride, rows, row_count, bytes, bytes, out);
  }
  for (std::size_t i = 0; i < row_count; ++i) {
    out[i] = DotU4S8(matrix + rows[i] * stride, query, bytes);
  }
}

constexpr KernelTable kTable = {"avx2",        DotF32,      L2F32,         DotF32Rows, L2F32Rows,
                                DotU8S8,       DotU8S8Rows, DotU8S8Gather, DotU4S8,    DotU4S8Rows,
                                DotU4S8Gather, DotU8U8,     TakeUnseen};

}  // namespace

const KernelTable* Avx2Kernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Avx2Kernels() { return nullptr; }
}  // namespace tracevec

#endif
