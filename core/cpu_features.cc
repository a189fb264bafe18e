#include "core/cpu_features.h"

namespace tracevec {

#if defined(__x86_64__)

// __builtin_cpu_supports answers for the operating system as well: the compiler's run-time library
// reads XCR0 (xgetbv) and leaves out AVX or AVX-512 when their registers are not saved. The call to
// __builtin_cpu_init is needed when a static initialiser of the program opens a database before
// that library's own initialiser has run.

bool CpuCanRunSse41() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.1") != 0;
}

bool CpuCanRunAvx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

bool CpuCanRunAvx512() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

bool CpuCanRunAvx512Vnni() {
  return CpuCanRunAvx512() && __builtin_cpu_supports("avx512vnni") != 0;
}

#else

bool CpuCanRunSse41() { return false; }
bool CpuCanRunAvx2() { return false; }
bool CpuCanRunAvx512() { return false; }
bool CpuCanRunAvx512Vnni() { return false; }

#endif

}  // namespace tracevec
