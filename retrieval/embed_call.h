#pragma once

#include <cstdint>
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

}  // namespace tracevec
