#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter_expression.h"
#include "tracevec/status.h"

namespace tracevec {

// The one place that says what a well-formed expression is. Text, JSON and Field build through it,
// so that each refuses the same things; the text and JSON readers add the position.

using FilterExpressionPtr = std::shared_ptr<const FilterExpression>;

/// InvalidArgument when a field cannot be written so: an empty name, one that starts with `$`
/// (it would be an operator in JSON; write `meta.$name`), invalid UTF-8.
Status CheckFieldPath(std::string_view path);

/// Checks one condition (a node without children): number and kind of its values. Values are
/// scalars, for = != IN and NOT IN also flat lists; numbers are finite; strings are UTF-8.
Status CheckCondition(const FilterExpression& condition);

/// Checks a whole tree, its depth included.
Status CheckExpression(const FilterExpression& expression);

Result<FilterExpressionPtr> MakeCondition(FilterExpression::Kind kind, std::string path,
                                          std::vector<Value> values);

/// AND, OR or NOT over conditions; AND and OR of a single one are that one.
/// Errors: InvalidArgument when the result is nested too deeply. REQUIRES: at least one child.
Result<FilterExpressionPtr> MakeLogic(FilterExpression::Kind kind,
                                      std::vector<FilterExpressionPtr> children);

/// Kept in one place since the text and JSON readers say it too, each with its own position.
std::string TooDeepMessage();
std::string TooManyValuesMessage();

}  // namespace tracevec
