#include "core/kernel_dispatch.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "core/cpu_features.h"

namespace tracevec {
namespace {

struct Candidate {
  const KernelTable* table;
  bool runnable;
};

// Best first: as measured, and each needs more of the processor than the next.
std::array<Candidate, 5> Candidates() {
  return {{{Avx512VnniKernels(), CpuCanRunAvx512Vnni()},
           {Avx512Kernels(), CpuCanRunAvx512()},
           {Avx2Kernels(), CpuCanRunAvx2()},
           {Sse41Kernels(), CpuCanRunSse41()},
           {ScalarKernels(), true}}};
}

struct RunnableTables {
  std::array<const KernelTable*, 5> tables{};
  std::size_t size = 0;

  RunnableTables() {
    for (const Candidate& candidate : Candidates()) {
      if (candidate.table != nullptr && candidate.runnable) tables[size++] = candidate.table;
    }
  }
};

bool IsInThisBuild(std::string_view name) {
  for (const Candidate& candidate : Candidates()) {
    if (candidate.table != nullptr && name == candidate.table->name) return true;
  }
  return false;
}

Status CannotRun(std::string_view name) {
  std::string message = "kernels \"";
  message.append(name);
  message += IsInThisBuild(name) ? "\": this processor cannot run them; it can run "
                                 : "\": no such table; this processor can run ";
  const char* separator = "";
  for (const KernelTable* table : RunnableKernels()) {
    message.append(separator).append(table->name);
    separator = ", ";
  }
  return Status::Unsupported(message + " (TRACEVEC_KERNELS takes one of these; unset, the first)");
}

}  // namespace

std::span<const KernelTable* const> RunnableKernels() {
  static const RunnableTables runnable;
  return {runnable.tables.data(), runnable.size};
}

Result<const KernelTable*> SelectKernels() {
  const char* name = std::getenv("TRACEVEC_KERNELS");
  return SelectKernels(name == nullptr ? std::string_view() : std::string_view(name));
}

Result<const KernelTable*> SelectKernels(std::string_view name) {
  const std::span<const KernelTable* const> runnable = RunnableKernels();
  if (name.empty()) return runnable.front();
  for (const KernelTable* table : runnable) {
    if (name == table->name) return table;
  }
  return CannotRun(name);
}

}  // namespace tracevec
