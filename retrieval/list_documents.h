#pragma once

#include <vector>

#include "retrieval/engine.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Collection::ListDocuments.
Result<std::vector<DocumentVersion>> ListDocuments(const Engine& engine,
                                                   const CollectionState& state,
                                                   const ListOptions& options);

}  // namespace tracevec
