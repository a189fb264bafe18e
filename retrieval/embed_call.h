#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/status.h"

namespace tracevec {

/// One call of a user's embedder, timed. REQUIRES: no lock held.
struct MadeVectors {
  std::vector<float> rows;  ///< As it gave them, unchecked.
  EmbedCall call;           ///< Without what it says of itself.
};

/// Errors: the embedder's; Internal for what it throws.
Result<MadeVectors> CallEmbedder(const std::string& field, const Embedder& embedder,
                                 std::span<const std::string> texts);

/// Asks what the call before says of itself. `call_info` may be empty. Errors: Internal for what it
/// throws; InvalidArgument (UTF-8, sizes).
Status AskCallInfo(const std::function<std::optional<CallInfo>()>& call_info, EmbedCall* call);

}  // namespace tracevec
