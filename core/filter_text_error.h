#pragma once

#include <cstddef>
#include <string_view>

#include "tracevec/status.h"

namespace tracevec {

/// InvalidArgument for a mistake at byte `at` of a filter's text: the position in code points from
/// 1, the message, and below them the text around the position with a caret under it.
/// REQUIRES: `text` is valid UTF-8; `at` starts one of its code points, or is its size.
Status FilterTextError(std::string_view text, std::size_t at, std::string_view message);

}  // namespace tracevec
