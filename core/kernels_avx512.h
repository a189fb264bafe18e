#pragma once

#include <cstddef>
#include <cstdint>

// The kernels of kernels_avx512.cc that the avx512vnni table has too, which differs from avx512 in
// its products of bytes only. REQUIRES: CpuCanRunAvx512().

namespace tracevec::avx512 {

float DotF32(const float* a, const float* b, std::size_t count);
float L2F32(const float* a, const float* b, std::size_t count);
void DotF32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                std::size_t count, float* out);
void L2F32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
               std::size_t count, float* out);
std::size_t TakeUnseen(const std::uint32_t* rows, std::size_t count, std::uint32_t* seen,
                       std::uint32_t* out);

}  // namespace tracevec::avx512
