#pragma once

#include <cstddef>
#include <cstdint>

// Kernels of distances and of graph search, one table per instruction set. This header is included
// by files compiled with instruction-set flags, so it holds plain declarations only: an inline
// function here would be compiled with those flags and could become the copy the linker keeps for
// everybody.

namespace tracevec {

/// Pointers need no alignment. `count` is the number of components and may be 0.
/// Row forms read `rows` rows, `stride` elements apart, and write one result each.
struct KernelTable {
  const char* name;  ///< "scalar", "sse41", "avx2", "avx512", "avx512vnni"

  float (*dot_f32)(const float* a, const float* b, std::size_t count);
  float (*l2_f32)(const float* a, const float* b, std::size_t count);  ///< Squared distance.
  void (*dot_f32_rows)(const float* query, const float* matrix, std::size_t stride,
                       std::size_t rows, std::size_t count, float* out);
  void (*l2_f32_rows)(const float* query, const float* matrix, std::size_t stride, std::size_t rows,
                      std::size_t count, float* out);

  /// Exact in 32 bits for count <= 65,536: sum of code (0..255) times query (-127..127).
  std::int32_t (*dot_u8s8)(const std::uint8_t* codes, const std::int8_t* query, std::size_t count);
  void (*dot_u8s8_rows)(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                        std::size_t rows, std::size_t count, std::int32_t* out);
  /// The same for scattered rows: row `rows[i]` of the matrix into out[i].
  void (*dot_u8s8_gather)(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                          const std::uint32_t* rows, std::size_t row_count, std::size_t count,
                          std::int32_t* out);
  /// The same for codes of four bits (0..15), two to a byte: byte i has component i in its low half
  /// and component `bytes` + i in its high half. Exact for bytes <= 65,536.
  std::int32_t (*dot_u4s8)(const std::uint8_t* codes, const std::int8_t* query, std::size_t bytes);
  void (*dot_u4s8_rows)(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                        std::size_t rows, std::size_t bytes, std::int32_t* out);
  void (*dot_u4s8_gather)(const std::int8_t* query, const std::uint8_t* matrix, std::size_t stride,
                          const std::uint32_t* rows, std::size_t row_count, std::size_t bytes,
                          std::int32_t* out);
  /// Of two rows of codes: sum of a (0..255) times b - 128.
  std::int32_t (*dot_u8u8)(const std::uint8_t* a, const std::uint8_t* b, std::size_t count);

  /// Of `count` numbers of rows, a multiple of 16, those whose bit in `seen` is 0, each once and in
  /// the order given; 0xffffffff stands for none. Sets their bits. Returns how many it wrote to
  /// `out`, which has room for `count` and 16 more. The bit of row r is r % 32 of seen[r / 32].
  std::size_t (*take_unseen)(const std::uint32_t* rows, std::size_t count, std::uint32_t* seen,
                             std::uint32_t* out);
};

// Null where this build has no such table (another architecture). Existing is not being
// runnable: ask CpuCanRun first.
const KernelTable* ScalarKernels();
const KernelTable* Sse41Kernels();
const KernelTable* Avx2Kernels();
const KernelTable* Avx512Kernels();
const KernelTable* Avx512VnniKernels();

}  // namespace tracevec
