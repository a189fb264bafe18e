// Compiled alone with -mavx2 -mfma. The accessor at the end runs on every processor, so it must
// stay a plain address: a table filled in at run time would be filled in with these instructions.

#include "core/kernels.h"

#if defined(__x86_64__)

#include "core/kernels_f32_inl.h"

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
std::int32_t DotU8S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t count) {
  const auto add = [codes, query](__m256i sums, std::size_t at) {
    const auto* code_bytes = reinterpret_cast<const __m128i*>(codes + at);
    const auto* query_bytes = reinterpret_cast<const __m128i*>(query + at);
    const __m256i code = _mm256_cvtepu8_epi16(_mm_loadu_si128(code_bytes));
    const __m256i weight = _mm256_cvtepi8_epi16(_mm_loadu_si128(query_bytes));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(code, weight));
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
  for (; i < count; ++i) sum += std::int32_t{codes[i]} * std::int32_t{query[i]};
  return sum;
}

void DotU8S8Rows(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                 std::size_t rows, std::size_t count, std::int32_t* out) {
  for (std::size_t row = 0; row < rows; ++row) {
    out[row] = DotU8S8(matrix + row * stride, query, count);
  }
}

constexpr KernelTable kTable = {"avx2", DotF32, L2F32, DotF32Rows, L2F32Rows, DotU8S8, DotU8S8Rows};

}  // namespace

const KernelTable* Avx2Kernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Avx2Kernels() { return nullptr; }
}  // namespace tracevec

#endif
