#pragma once

#include <string_view>

#include "core/filter_builder.h"
#include "tracevec/status.h"

namespace tracevec {

/// Parses the text form; docs/filters.md has the grammar. Null when the text is blank.
/// Errors: InvalidArgument as FilterTextError() writes it. The depth of recursion is bounded by
/// FilterExpression::kMaxDepth, whatever the text.
Result<FilterExpressionPtr> ParseFilterText(std::string_view text);

}  // namespace tracevec
