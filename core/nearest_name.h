#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tracevec {

/// The name of smallest edit distance to `name`, or empty when none is near (more than a third of
/// its length, at least 2, away). For "did you mean" in errors.
std::string NearestName(std::string_view name, std::span<const std::string> known);

/// " (did you mean 'x'?)", or empty when no name is near.
std::string DidYouMean(std::string_view name, std::span<const std::string> known);

}  // namespace tracevec
