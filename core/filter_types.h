#pragma once

#include "core/filter_expression.h"
#include "core/filter_field.h"
#include "tracevec/status.h"

namespace tracevec {

/// The values of a condition on a field of a declared type, turned into that type where the
/// meaning stays the same: a string becomes the timestamp it spells. Values of undeclared fields
/// are given back as they are. Errors: InvalidArgument with field, type and value when such a
/// field can never hold the value, or has no such operator.
Result<std::vector<Value>> ConvertFilterValues(const FilterExpression& condition,
                                               const FilterField& field);

}  // namespace tracevec
