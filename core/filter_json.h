#pragma once

#include <string>
#include <string_view>

#include "core/filter_builder.h"
#include "tracevec/status.h"

namespace tracevec {

/// Reads the JSON form; docs/filters.md defines it. Null for `{}`. Errors: InvalidArgument with
/// the place as a JSON pointer (`/$or/1/year/$gte`), or the byte where it stops being JSON.
Result<FilterExpressionPtr> ParseFilterJson(std::string_view json);

/// The JSON that reads back as the same expression. REQUIRES: CheckExpression() is OK with it.
std::string FilterToJson(const FilterExpression& expression);

}  // namespace tracevec
