#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/chunk_diff.h"
#include "retrieval/collection_state.h"
#include "retrieval/prepared_document.h"
#include "storage/store.h"
#include "tracevec/document.h"

namespace tracevec {

/// A put, worked out against the stored version. Points into the document.
struct PutPlan {
  std::optional<DocumentRecord> record;  ///< As stored; may be of a deleted document.
  std::optional<VersionRecord> before;   ///< The live version, if there is one.
  bool unchanged = false;                ///< Nothing to write; the fields below are empty.
  PreparedDocument prepared;
  ChunkDiff diff;
  std::vector<std::uint32_t> to_embed;  ///< Ordinals of the added chunks.

  std::uint32_t base_version() const { return before ? before->version : 0; }
};

/// Works out what putting a document would do. Reads the store, writes nothing.
Result<PutPlan> PlanPut(const Store& store, const CollectionState& state, const Document& document);

/// The plan as its user sees it.
UpdatePlan DescribePlan(const CollectionState& state, const Document& document,
                        const PutPlan& plan);

}  // namespace tracevec
