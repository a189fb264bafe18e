// What is measured: every kernel table this processor can run, one row each,
// - in a near cache: a query against the same 64 rows over and over (24 to 192 KiB of float32, a
//   quarter of that of codes), for the dimensions of common models;
// - over memory: an exact scan of 60,000 vectors of 384 float32 (92 MB, huge pages where the system
//   gives them) beside a plain sum of the same bytes. That sum is the most that one core can read,
//   so the quotient says what a scan leaves unused.
// What it does not show: the random access of a graph search, several threads that share the
// memory's bandwidth, a cache that other work has emptied, or rows that begin between cache lines
// (except at dimension 100).
//
// Memory varies by 10 % from one second to the next. To compare, pin and interleave:
//   taskset -c 1 kernels_bench --benchmark_filter=scan --benchmark_repetitions=15
//     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "core/kernel_dispatch.h"
#include "core/kernels.h"

namespace tracevec {
namespace {

constexpr std::size_t kCachedRows = 64;
constexpr std::size_t kScannedRows = 60'000;
constexpr std::size_t kScannedDimension = 384;
constexpr std::size_t kScannedFloats = kScannedRows * kScannedDimension;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
template <typename T>
using Array = std::unique_ptr<T[], Free>;

/// Small integers in no order that a predictor could use, equal in every run. They begin at a cache
/// line, and at a huge page if they fill one.
template <typename T>
Array<T> Filled(std::size_t size) {
  constexpr std::size_t kCacheLine = 64;
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const std::size_t bytes = size * sizeof(T);
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const std::size_t whole_bytes = (bytes + alignment - 1) / alignment * alignment;
  Array<T> values(static_cast<T*>(std::aligned_alloc(alignment, whole_bytes)));
  if (values == nullptr) throw std::bad_alloc();
  if (alignment == kHugePage) madvise(values.get(), whole_bytes, MADV_HUGEPAGE);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525U + 1013904223U;
    values[i] = static_cast<T>(state >> 25);
  }
  return values;
}

/// The rows of the exact scan, made when the first of its benchmarks asks.
const float* ScannedMatrix() {
  static const Array<float> matrix = Filled<float>(kScannedFloats);
  return matrix.get();
}

void SetBytes(benchmark::State& state, std::size_t bytes_a_pass) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_a_pass));
}

using SingleForm = float (*)(const float*, const float*, std::size_t);

void SingleFormInCache(benchmark::State& state, SingleForm distance, std::size_t dimension) {
  const auto query = Filled<float>(dimension);
  const auto matrix = Filled<float>(kCachedRows * dimension);
  for (auto _ : state) {
    for (std::size_t row = 0; row < kCachedRows; ++row) {
      benchmark::DoNotOptimize(distance(query.get(), matrix.get() + row * dimension, dimension));
    }
  }
  SetBytes(state, kCachedRows * dimension * sizeof(float));
}

template <typename Query, typename Element, typename Sum>
using RowForm = void (*)(const Query*, const Element*, std::size_t, std::size_t, std::size_t, Sum*);

template <typename Query, typename Element, typename Sum>
void RowFormInCache(benchmark::State& state, RowForm<Query, Element, Sum> distances,
                    std::size_t dimension) {
  const auto query = Filled<Query>(dimension);
  const auto matrix = Filled<Element>(kCachedRows * dimension);
  std::vector<Sum> sums(kCachedRows);
  for (auto _ : state) {
    distances(query.get(), matrix.get(), dimension, kCachedRows, dimension, sums.data());
    benchmark::DoNotOptimize(sums.data());
    benchmark::ClobberMemory();
  }
  SetBytes(state, kCachedRows * dimension * sizeof(Element));
}

void ScanRows(benchmark::State& state, RowForm<float, float, float> distances) {
  const float* matrix = ScannedMatrix();
  const auto query = Filled<float>(kScannedDimension);
  std::vector<float> sums(kScannedRows);
  for (auto _ : state) {
    distances(query.get(), matrix, kScannedDimension, kScannedRows, kScannedDimension, sums.data());
    benchmark::DoNotOptimize(sums.data());
    benchmark::ClobberMemory();
  }
  SetBytes(state, kScannedFloats * sizeof(float));
}

/// Vectors of 16 bytes, which every processor has: sums over 32 and 64 bytes at a time were no
/// quicker (32 GB/s against 30 and 29), since the memory is the limit.
using FourFloats [[gnu::vector_size(16)]] = float;

void ScanPlainSum(benchmark::State& state) {
  constexpr std::size_t kSums = 8;
  constexpr std::size_t kLanes = sizeof(FourFloats) / sizeof(float);
  static_assert(kScannedFloats % (kSums * kLanes) == 0);
  const float* matrix = ScannedMatrix();
  for (auto _ : state) {
    FourFloats sums[kSums] = {};
    for (std::size_t i = 0; i < kScannedFloats; i += kSums * kLanes) {
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kSums; ++k) {
        FourFloats values;
        std::memcpy(&values, matrix + i + k * kLanes, sizeof(values));
        sums[k] += values;
      }
    }
    benchmark::DoNotOptimize(sums);
  }
  SetBytes(state, kScannedFloats * sizeof(float));
}

void RegisterTable(const KernelTable& table) {
  for (const std::size_t dimension : {100, 384, 768}) {
    const std::string name = std::string("/") + table.name + "/" + std::to_string(dimension);
    benchmark::RegisterBenchmark(("dot_f32" + name).c_str(), SingleFormInCache, table.dot_f32,
                                 dimension);
    benchmark::RegisterBenchmark(("l2_f32" + name).c_str(), SingleFormInCache, table.l2_f32,
                                 dimension);
    benchmark::RegisterBenchmark(("dot_f32_rows" + name).c_str(),
                                 RowFormInCache<float, float, float>, table.dot_f32_rows,
                                 dimension);
    benchmark::RegisterBenchmark(("dot_u8s8_rows" + name).c_str(),
                                 RowFormInCache<std::int8_t, std::uint8_t, std::int32_t>,
                                 table.dot_u8s8_rows, dimension);
  }
  benchmark::RegisterBenchmark((std::string("scan_92MB/dot_f32_rows/") + table.name).c_str(),
                               ScanRows, table.dot_f32_rows);
}

void NameTheTablesNotRun() {
  std::string names;
  const auto runnable = RunnableKernels();
  for (const KernelTable* table :
       {Avx512VnniKernels(), Avx512Kernels(), Avx2Kernels(), Sse41Kernels()}) {
    if (table == nullptr || std::find(runnable.begin(), runnable.end(), table) != runnable.end()) {
      continue;
    }
    names += names.empty() ? table->name : std::string(" ") + table->name;
  }
  if (!names.empty()) benchmark::AddCustomContext("kernel tables this processor cannot run", names);
}

}  // namespace
}  // namespace tracevec

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  tracevec::NameTheTablesNotRun();
  for (const tracevec::KernelTable* table : tracevec::RunnableKernels()) {
    tracevec::RegisterTable(*table);
  }
  benchmark::RegisterBenchmark("scan_92MB/plain_sum", tracevec::ScanPlainSum);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
