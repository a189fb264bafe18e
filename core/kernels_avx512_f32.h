#pragma once

#include <cstddef>

// The float32 kernels of kernels_avx512.cc, declared so that the avx512vnni table, which differs
// from avx512 in its int8 kernels only, can hold the same functions instead of a second copy.
// REQUIRES: CpuCanRunAvx512().

namespace tracevec::avx512 {

float DotF32(const float* a, const float* b, std::size_t count);
float L2F32(const float* a, const float* b, std::size_t count);
void DotF32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                std::size_t count, float* out);
void L2F32Rows(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
               std::size_t count, float* out);

}  // namespace tracevec::avx512
