#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "tracevec/schema.h"
#include "tracevec/status.h"

namespace tracevec {

/// More than any text has different words.
inline constexpr std::size_t kMostSparseEntries = 65'536;

/// A copy by ascending index. `what` starts messages. Errors: InvalidArgument: not as many values
/// as indexes, more than kMostSparseEntries, an index twice, a value that is not finite, or values
/// so large that a product may overflow.
Result<SparseVector> SortSparse(const SparseVector& given, std::string_view what);

/// The inner product of two vectors by ascending index: products are added in double, where each is
/// exact, by ascending index. Nothing: they have no index in common. Pure.
std::optional<float> SparseDot(const SparseVector& a, const SparseVector& b);

}  // namespace tracevec
