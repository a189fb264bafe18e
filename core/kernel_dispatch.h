#pragma once

#include <span>
#include <string_view>

#include "core/kernels.h"
#include "tracevec/status.h"

namespace tracevec {

/// Every table of this build that this processor can run, best first; scalar is always last.
std::span<const KernelTable* const> RunnableKernels();

/// The table to use: the best, or the one TRACEVEC_KERNELS names. Errors: Unsupported when that
/// name is unknown or this processor cannot run it; there is no silent fallback.
Result<const KernelTable*> SelectKernels();
/// The same for a given name; empty means the best.
Result<const KernelTable*> SelectKernels(std::string_view name);

}  // namespace tracevec
