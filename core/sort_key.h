#pragma once

#include <compare>

#include "tracevec/value.h"

namespace tracevec {

/// A total order over metadata values, for sorting: by kind (bool, number, string, timestamp,
/// list, map), then by value; int and double compare as numbers, exactly; a NaN comes after every
/// number. Not what filters use: there, values of different kinds do not compare.
std::weak_ordering CompareForSorting(const Value& a, const Value& b);

}  // namespace tracevec
