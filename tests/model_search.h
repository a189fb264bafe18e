#pragma once

#include <cstdint>
#include <string>

#include "tests/database_model.h"
#include "tracevec/collection.h"

namespace tracevec {

/// Searches a collection, exactly and through the codes, with a random vector and by a stored
/// chunk's (`like`), in each vector field, and compares with brute force over the model in double
/// precision: which chunks, in which order, with which scores and contents. Returns the first
/// difference in words, or "".
std::string DifferenceOfSearches(const Collection& collection, const ModelCollection& model,
                                 const std::string& where, std::uint64_t seed);

}  // namespace tracevec
