#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "tracevec/status.h"

namespace tracevec {

/// Parses JSON that came from outside into nlohmann's document, safe to recurse over: at most
/// `max_depth` objects and arrays inside one another, and no key twice in an object (nlohmann
/// would keep the last, so that a condition would be lost in silence).
/// Errors: InvalidArgument with the byte.
Status ParseJsonSafely(std::string_view text, int max_depth, nlohmann::json* document);

}  // namespace tracevec
