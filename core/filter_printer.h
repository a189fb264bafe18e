#pragma once

#include <string>
#include <string_view>

#include "core/filter_expression.h"

namespace tracevec {

/// The text that parses to the same expression. REQUIRES: CheckExpression() is OK with it.
std::string PrintFilter(const FilterExpression& expression);

/// A path with quotes around the parts that need them.
std::string PrintFieldPath(std::string_view path);
/// A value as a filter's text writes it: 'it''s', 2020.0, TIMESTAMP '2026-01-01T00:00:00Z', [1, 2].
std::string PrintFilterValue(const Value& value);
/// Type and value for an error, long ones cut: `string 'abc'`.
std::string DescribeFilterValue(const Value& value);

/// "AND", "=", "NOT IN", "CONTAINS ANY", ...
std::string_view FilterOperatorText(FilterExpression::Kind kind);

/// True for words that a field's name must be quoted to be: AND, OR, NOT, IN, ... in any case.
bool IsReservedWord(std::string_view word);

}  // namespace tracevec
