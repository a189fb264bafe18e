// Compiled alone with -msse4.1. The accessor at the end runs on every processor, so it must stay a
// plain address: a table filled in at run time would be filled in with these instructions.

#include "core/kernels.h"

#if defined(__x86_64__)

#include "core/kernels_f32_inl.h"
#include "core/kernels_unseen_inl.h"

namespace tracevec {
namespace {

struct Sse41 {
  using Batch = xsimd::batch<float, xsimd::sse4_1>;

  static Batch MultiplyAdd(Batch a, Batch b, Batch sum) { return a * b + sum; }

  static Batch LoadPart(const float* from, std::size_t count) {
    return _mm_setr_ps(from[0], count > 1 ? from[1] : 0.0F, count > 2 ? from[2] : 0.0F, 0.0F);
  }

  static __m128 FoldToFour(Batch batch) { return batch; }
};

float DotF32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Sse41, DotTerm<Sse41>>(a, b, count);
}

float L2F32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Sse41, SquaredDifferenceTerm<Sse41>>(a, b, count);
}

void DotF32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                std::size_t count, float* out) {
  SumOfTermsRows<Sse41, DotTerm<Sse41>>(query, matrix, stride, rows, count, out);
}

void L2F32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
               std::size_t count, float* out) {
  SumOfTermsRows<Sse41, SquaredDifferenceTerm<Sse41>>(query, matrix, stride, rows, count, out);
}

// Both sides are widened to 16 bits because maddubs, which multiplies bytes directly, adds pairs
// with saturation at 32,767 and a pair can reach 2 * 255 * 127 = 64,770. Two steps a round, since
// the loop's own instructions weigh as much as one: 21 GB/s of codes in cache, and 14 with one.
// What stands for a second operand's eight bytes as 16-bit weights.
__m128i SignedWeights(const std::int8_t* query) { return _mm_cvtepi8_epi16(_mm_loadu_si64(query)); }
__m128i CodeWeights(const std::uint8_t* codes) {
  return _mm_sub_epi16(_mm_cvtepu8_epi16(_mm_loadu_si64(codes)), _mm_set1_epi16(128));
}

template <typename Byte, typename Weights>
[[gnu::always_inline]] inline std::int32_t SumOfProducts(const std::uint8_t* codes,
                                                         const Byte* weights, std::size_t count,
                                                         std::int32_t offset, Weights load) {
  const auto add = [&](__m128i sums, std::size_t at) {
    const __m128i code = _mm_cvtepu8_epi16(_mm_loadu_si64(codes + at));
    return _mm_add_epi32(sums, _mm_madd_epi16(code, load(weights + at)));
  };
  __m128i even = _mm_setzero_si128();
  __m128i odd = _mm_setzero_si128();
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    even = add(even, i);
    odd = add(odd, i + 8);
  }
  if (i + 8 <= count) {
    even = add(even, i);
    i += 8;
  }
  __m128i sums = _mm_add_epi32(even, odd);
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
  for (std::size_t i = 0; i < row_count; ++i) {
    out[i] = DotU8S8(matrix + rows[i] * stride, query, count);
  }
}

// A pair of products is at most 2 * 15 * 127, which maddubs does not saturate.
std::int32_t DotU4S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t bytes) {
  const __m128i low_half = _mm_set1_epi8(15);
  const __m128i ones = _mm_set1_epi16(1);
  __m128i sums = _mm_setzero_si128();
  std::size_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i));
    const __m128i low = _mm_and_si128(pairs, low_half);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(pairs, 4), low_half);
    const auto* weights = reinterpret_cast<const __m128i*>(query + i);
    const auto* high_weights = reinterpret_cast<const __m128i*>(query + bytes + i);
    const __m128i products = _mm_add_epi16(_mm_maddubs_epi16(low, _mm_loadu_si128(weights)),
                                           _mm_maddubs_epi16(high, _mm_loadu_si128(high_weights)));
    sums = _mm_add_epi32(sums, _mm_madd_epi16(products, ones));
  }
  sums = _mm_hadd_epi32(sums, sums);
  std::int32_t sum = _mm_cvtsi128_si32(_mm_hadd_epi32(sums, sums));
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
  for (std::size_t i = 0; i < row_count; ++i) {
    out[i] = DotU4S8(matrix + rows[i] * stride, query, bytes);
  }
}

constexpr KernelTable kTable = {"sse41",       DotF32,      L2F32,         DotF32Rows, L2F32Rows,
                                DotU8S8,       DotU8S8Rows, DotU8S8Gather, DotU4S8,    DotU4S8Rows,
                                DotU4S8Gather, DotU8U8,     TakeUnseen};

}  // namespace

const KernelTable* Sse41Kernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Sse41Kernels() { return nullptr; }
}  // namespace tracevec

#endif
