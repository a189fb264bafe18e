// Compiled alone with -mavx512f -mavx512bw -mavx512dq -mavx512vl. The accessor at the end runs on
// every processor, so it must stay a plain address: a table filled in at run time would be filled
// in with these instructions.

#include "core/kernels.h"

#if defined(__x86_64__)

// GCC 12's own AVX-512 intrinsics are built on a deliberately undefined register, which its inliner
// then reports as ours (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "core/kernels_avx512.h"
#include "core/kernels_f32_inl.h"

namespace tracevec {
namespace {

struct Avx512 {
  using Batch = xsimd::batch<float, xsimd::avx512bw>;

  // Not xsimd::fma: xsimd 8.1 has no form of it for AVX-512 and multiplies, then adds.
  static Batch MultiplyAdd(Batch a, Batch b, Batch sum) { return _mm512_fmadd_ps(a, b, sum); }

  static Batch LoadPart(const float* from, std::size_t count) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1), from);
  }

  static __m128 FoldToFour(Batch batch) {
    const __m512 sixteen = batch;
    const __m256 eight =
        _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
    return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  }
};

// Both sides are widened to 16 bits because maddubs, which multiplies bytes directly, adds pairs
// with saturation at 32,767 and a pair can reach 2 * 255 * 127 = 64,770.
__m512i AddProducts(__m512i sums, __m256i codes, __m512i weights) {
  return _mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_cvtepu8_epi16(codes), weights));
}
__m512i SignedWeights(__m256i query) { return _mm512_cvtepi8_epi16(query); }
__m512i CodeWeights(__m256i codes) {
  return _mm512_sub_epi16(_mm512_cvtepu8_epi16(codes), _mm512_set1_epi16(128));
}

template <typename Byte, typename Weights>
[[gnu::always_inline]] inline std::int32_t SumOfProducts(const std::uint8_t* codes,
                                                         const Byte* second, std::size_t count,
                                                         Weights weights) {
  __m512i sums = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    sums = AddProducts(sums, _mm256_loadu_epi8(codes + i), weights(_mm256_loadu_epi8(second + i)));
  }
  if (i < count) {
    const auto mask = static_cast<__mmask32>((1U << (count - i)) - 1);
    sums = AddProducts(sums, _mm256_maskz_loadu_epi8(mask, codes + i),
                       weights(_mm256_maskz_loadu_epi8(mask, second + i)));
  }
  return _mm512_reduce_add_epi32(sums);
}

std::int32_t DotU8S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t count) {
  return SumOfProducts(codes, query, count, SignedWeights);
}

std::int32_t DotU8U8(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
  return SumOfProducts(a, b, count, CodeWeights);
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
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sums = _mm512_setzero_si512();
  for (std::size_t i = 0; i < bytes; i += 64) {
    const std::size_t left = bytes - i;
    const auto mask = left < 64 ? static_cast<__mmask64>((1ULL << left) - 1) : ~__mmask64{0};
    const __m512i pairs = _mm512_maskz_loadu_epi8(mask, codes + i);
    const __m512i low = _mm512_and_si512(pairs, low_half);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low_half);
    const __m512i products = _mm512_add_epi16(
        _mm512_maddubs_epi16(low, _mm512_maskz_loadu_epi8(mask, query + i)),
        _mm512_maddubs_epi16(high, _mm512_maskz_loadu_epi8(mask, query + bytes + i)));
    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(products, ones));
  }
  return _mm512_reduce_add_epi32(sums);
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

}  // namespace

namespace avx512 {

float DotF32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Avx512, DotTerm<Avx512>>(a, b, count);
}

float L2F32(const float* a, const float* b, std::size_t count) {
  return SumOfTerms<Avx512, SquaredDifferenceTerm<Avx512>>(a, b, count);
}

void DotF32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                std::size_t count, float* out) {
  SumOfTermsRows<Avx512, DotTerm<Avx512>>(query, matrix, stride, rows, count, out);
}

void L2F32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
               std::size_t count, float* out) {
  SumOfTermsRows<Avx512, SquaredDifferenceTerm<Avx512>>(query, matrix, stride, rows, count, out);
}

// A register of sixteen rows gathers their words of marks at once and leaves out what was seen: on
// 339,479 x 100 a node of a graph search takes 0.92 of the time. The few that are left are looked
// at once more one by one, as a row may stand twice in a damaged list. Compressed in a register: to
// memory it is slow on Zen 4.
std::size_t TakeUnseen(const std::uint32_t* rows, std::size_t count, std::uint32_t* seen,
                       std::uint32_t* out) {
  const __m512i none = _mm512_set1_epi32(-1);
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i place_in_word = _mm512_set1_epi32(31);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count; i += 16) {
    const __m512i row = _mm512_loadu_si512(rows + i);
    const __mmask16 is_row = _mm512_cmpneq_epi32_mask(row, none);
    const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), is_row,
                                                      _mm512_srli_epi32(row, 5), seen, 4);
    const __m512i bits = _mm512_sllv_epi32(one, _mm512_and_si512(row, place_in_word));
    const __mmask16 unseen = _mm512_mask_testn_epi32_mask(is_row, words, bits);
    _mm512_storeu_si512(out + taken, _mm512_maskz_compress_epi32(unseen, row));
    const std::size_t last = taken + static_cast<std::size_t>(__builtin_popcount(unseen));
    for (std::size_t j = taken; j < last; ++j) {
      const std::uint32_t next = out[j];
      std::uint32_t& word = seen[next / 32];
      const std::uint32_t bit = 1U << (next % 32);
      out[taken] = next;
      taken += (word & bit) == 0 ? 1 : 0;
      word |= bit;
    }
  }
  return taken;
}

}  // namespace avx512

namespace {

constexpr KernelTable kTable = {"avx512",           avx512::DotF32,    avx512::L2F32,
                                avx512::DotF32Rows, avx512::L2F32Rows, DotU8S8,
                                DotU8S8Rows,        DotU8S8Gather,     DotU4S8,
                                DotU4S8Rows,        DotU4S8Gather,     DotU8U8,
                                avx512::TakeUnseen};

}  // namespace

const KernelTable* Avx512Kernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Avx512Kernels() { return nullptr; }
}  // namespace tracevec

#endif
