// Compiled alone with the flags of kernels_avx512.cc and -mavx512vnni. The accessor at the end runs
// on every processor, so it must stay a plain address: a table filled in at run time would be
// filled in with these instructions.

#include "core/kernels.h"

#if defined(__x86_64__)

// GCC 12's own AVX-512 intrinsics are built on a deliberately undefined register, which its inliner
// then reports as ours (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include "core/kernels_avx512.h"
#include "core/kernels_four_rows_inl.h"

namespace tracevec {
namespace {

// vpdpbusd multiplies unsigned by signed bytes, adds four products and then the sum in 32 bits,
// none of it with saturation: exact, where maddubs is not. Two sums, because its latency is four or
// five cycles: 384 components take 3.7 ns, and 3.9 ns with one.
std::int32_t DotU8S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t count) {
  const auto add = [codes, query](__m512i sums, std::size_t at) {
    return _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(codes + at),
                               _mm512_loadu_si512(query + at));
  };
  __m512i even = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + 128 <= count; i += 128) {
    even = add(even, i);
    odd = add(odd, i + 64);
  }
  if (i + 64 <= count) {
    even = add(even, i);
    i += 64;
  }
  if (i < count) {
    const auto mask = static_cast<__mmask64>((1ULL << (count - i)) - 1);
    odd = _mm512_dpbusd_epi32(odd, _mm512_maskz_loadu_epi8(mask, codes + i),
                              _mm512_maskz_loadu_epi8(mask, query + i));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd));
}

// Row after row for the reason given in kernels_f32_inl.h: over 92 MB four rows at a time reach
// 22 GB/s and one at a time 31 GB/s. In the first-level cache it is the other way round, 167 and
// 105 GB/s at 384 components.
void DotU8S8Rows(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                 std::size_t rows, std::size_t count, std::int32_t* out) {
  for (std::size_t row = 0; row < rows; ++row) {
    out[row] = DotU8S8(matrix + row * stride, query, count);
  }
}

// The sums of four registers' lanes, in order: four times the lanes are added in half the
// instructions that adding those of one register after the other takes.
__m128i SumOfLanes(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
  const __m512i all =
      _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half =
      _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// One bit for each row that is there.
__mmask8 Present(const FourRows& four) { return static_cast<__mmask8>((1U << four.present) - 1); }

// Four rows at a time share the query's loads, and their sums wait for nothing but themselves. A
// row's length in whole registers is `kBlocks`, or, with 0, known at run time only.
template <std::size_t kBlocks>
[[gnu::always_inline]] inline __m128i DotFourRows(const std::int8_t* query,
                                                  const std::uint8_t* const* row,
                                                  std::size_t blocks, __mmask64 rest) {
  __m512i sum0 = _mm512_setzero_si512();
  __m512i sum1 = _mm512_setzero_si512();
  __m512i sum2 = _mm512_setzero_si512();
  __m512i sum3 = _mm512_setzero_si512();
  const std::size_t whole = kBlocks == 0 ? blocks : kBlocks;
  for (std::size_t block = 0; block < whole; ++block) {
    const std::size_t at = block * 64;
    const __m512i weights = _mm512_loadu_si512(query + at);
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_loadu_si512(row[0] + at), weights);
    sum1 = _mm512_dpbusd_epi32(sum1, _mm512_loadu_si512(row[1] + at), weights);
    sum2 = _mm512_dpbusd_epi32(sum2, _mm512_loadu_si512(row[2] + at), weights);
    sum3 = _mm512_dpbusd_epi32(sum3, _mm512_loadu_si512(row[3] + at), weights);
  }
  if (rest != 0) {
    const std::size_t at = whole * 64;
    const __m512i weights = _mm512_maskz_loadu_epi8(rest, query + at);
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_maskz_loadu_epi8(rest, row[0] + at), weights);
    sum1 = _mm512_dpbusd_epi32(sum1, _mm512_maskz_loadu_epi8(rest, row[1] + at), weights);
    sum2 = _mm512_dpbusd_epi32(sum2, _mm512_maskz_loadu_epi8(rest, row[2] + at), weights);
    sum3 = _mm512_dpbusd_epi32(sum3, _mm512_maskz_loadu_epi8(rest, row[3] + at), weights);
  }
  return SumOfLanes(sum0, sum1, sum2, sum3);
}

void DotU8S8Gather(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                   const std::uint32_t* rows, std::size_t row_count, std::size_t count,
                   std::int32_t* out) {
  const std::size_t blocks = count / 64;
  const auto rest = static_cast<__mmask64>((1ULL << (count % 64)) - 1);
  for (std::size_t first = 0; first < row_count; first += 4) {
    const FourRows four(matrix, stride, rows, row_count, first);
    const __m128i sums = blocks == 6 ? DotFourRows<6>(query, four.row, blocks, rest)
                                     : DotFourRows<0>(query, four.row, blocks, rest);
    _mm_mask_storeu_epi32(out + first, Present(four), sums);
  }
}

// The two halves of a register of pairs, each times its weights, added to the sums.
__m512i AddPairs(__m512i sums, __m512i pairs, __m512i low_weights, __m512i high_weights) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i low = _mm512_and_si512(pairs, low_half);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low_half);
  return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sums, low, low_weights), high, high_weights);
}

__mmask64 FirstBytes(std::size_t count) {
  return count < 64 ? static_cast<__mmask64>((1ULL << count) - 1) : ~__mmask64{0};
}

std::int32_t DotU4S8(const std::uint8_t* codes, const std::int8_t* query, std::size_t bytes) {
  __m512i sums = _mm512_setzero_si512();
  for (std::size_t i = 0; i < bytes; i += 64) {
    const __mmask64 mask = FirstBytes(bytes - i);
    sums = AddPairs(sums, _mm512_maskz_loadu_epi8(mask, codes + i),
                    _mm512_maskz_loadu_epi8(mask, query + i),
                    _mm512_maskz_loadu_epi8(mask, query + bytes + i));
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
  for (std::size_t first = 0; first < row_count; first += 4) {
    const FourRows four(matrix, stride, rows, row_count, first);
    __m512i sum0 = _mm512_setzero_si512();
    __m512i sum1 = _mm512_setzero_si512();
    __m512i sum2 = _mm512_setzero_si512();
    __m512i sum3 = _mm512_setzero_si512();
    for (std::size_t i = 0; i < bytes; i += 64) {
      const __mmask64 mask = FirstBytes(bytes - i);
      const __m512i low = _mm512_maskz_loadu_epi8(mask, query + i);
      const __m512i high = _mm512_maskz_loadu_epi8(mask, query + bytes + i);
      sum0 = AddPairs(sum0, _mm512_maskz_loadu_epi8(mask, four.row[0] + i), low, high);
      sum1 = AddPairs(sum1, _mm512_maskz_loadu_epi8(mask, four.row[1] + i), low, high);
      sum2 = AddPairs(sum2, _mm512_maskz_loadu_epi8(mask, four.row[2] + i), low, high);
      sum3 = AddPairs(sum3, _mm512_maskz_loadu_epi8(mask, four.row[3] + i), low, high);
    }
    _mm_mask_storeu_epi32(out + first, Present(four), SumOfLanes(sum0, sum1, sum2, sum3));
  }
}

// Flipping the highest bit subtracts 128 from an unsigned byte and leaves it signed.
std::int32_t DotU8U8(const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i sums = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    sums = _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(a + i),
                               _mm512_xor_si512(_mm512_loadu_si512(b + i), flip));
  }
  if (i < count) {
    const auto mask = static_cast<__mmask64>((1ULL << (count - i)) - 1);
    sums = _mm512_dpbusd_epi32(sums, _mm512_maskz_loadu_epi8(mask, a + i),
                               _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, b + i), flip));
  }
  return _mm512_reduce_add_epi32(sums);
}

constexpr KernelTable kTable = {"avx512vnni",       avx512::DotF32,    avx512::L2F32,
                                avx512::DotF32Rows, avx512::L2F32Rows, DotU8S8,
                                DotU8S8Rows,        DotU8S8Gather,     DotU4S8,
                                DotU4S8Rows,        DotU4S8Gather,     DotU8U8,
                                avx512::TakeUnseen};

}  // namespace

const KernelTable* Avx512VnniKernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Avx512VnniKernels() { return nullptr; }
}  // namespace tracevec

#endif
