#pragma once

namespace tracevec {

// Whether this processor and its operating system can run a kernel table: the instructions are
// there, and the system saves the registers they use. One function a table, apart from the tables,
// so that tests and benchmarks can ask too. All are false on another architecture. Safe for
// concurrent use.

bool CpuCanRunSse41();
bool CpuCanRunAvx2();        ///< AVX2 and FMA.
bool CpuCanRunAvx512();      ///< AVX-512 F, BW, DQ and VL.
bool CpuCanRunAvx512Vnni();  ///< What CpuCanRunAvx512 asks for, and AVX512-VNNI.

}  // namespace tracevec
