#pragma once

#include <vector>

#include "retrieval/engine.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/replay.h"
#include "tracevec/search.h"

namespace tracevec {

/// What a replay is explained from: what was given then, what is given now, and the exact answer
/// to the data of now.
struct ReplayEvidence {
  const Engine& engine;
  const CollectionState& state;  ///< The data of the replay.
  const KeptReceipt& then;
  const SearchResponse& now;
  const SearchResponse& exact;
};

/// A cause for each hit that the replay's lists say is not what it was. Reads the records of their
/// documents, as of both commits. Errors: IOError, Corruption.
Result<std::vector<ReplayCause>> FindCauses(const ReplayEvidence& evidence, const Replay& replay);

}  // namespace tracevec
