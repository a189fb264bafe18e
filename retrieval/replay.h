#pragma once

#include <string_view>

#include "retrieval/engine.h"
#include "tracevec/replay.h"

namespace tracevec {

/// Database::ReplayReceipt.
Result<Replay> ReplayReceipt(Engine& engine, std::string_view receipt_id, std::string_view at);
/// Database::Why.
Result<LostChunk> WhyLost(Engine& engine, std::string_view receipt_id, std::string_view chunk_id);

}  // namespace tracevec
