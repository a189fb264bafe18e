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

#include "core/kernels_avx512_f32.h"

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

constexpr KernelTable kTable = {"avx512vnni",       avx512::DotF32,    avx512::L2F32,
                                avx512::DotF32Rows, avx512::L2F32Rows, DotU8S8,
                                DotU8S8Rows};

}  // namespace

const KernelTable* Avx512VnniKernels() { return &kTable; }

}  // namespace tracevec

#else

namespace tracevec {
const KernelTable* Avx512VnniKernels() { return nullptr; }
}  // namespace tracevec

#endif
