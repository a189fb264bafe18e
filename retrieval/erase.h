#pragma once

#include <string_view>

#include "retrieval/engine.h"
#include "tracevec/erasure.h"

namespace tracevec {

/// Collection::EraseDocument.
Result<ErasureCertificate> EraseDocument(Engine& engine, CollectionState& state,
                                         std::string_view id, const EraseOptions& options);

}  // namespace tracevec
