#pragma once

#include <cstdint>
#include <string>

#include "tests/database_model.h"
#include "tracevec/database.h"

namespace tracevec {

// Compares a database with its model through every reading call there is. All return the first
// difference in words, or "". Versions the model does not know are learnt.

/// Everything: each collection's chunks by scan, get, document and search, counts and filters, and
/// that nothing else is there. `seed` chooses queries and filters.
std::string DifferenceOf(Database& database, DatabaseModel* model, std::uint64_t seed);

/// The same for one collection.
std::string DifferenceOf(const Collection& collection, ModelCollection* model, std::uint64_t seed);

/// One document that was just written, or deleted: its record, its chunks, their vectors.
std::string DifferenceOfDocument(const Collection& collection, ModelCollection* model,
                                 const std::string& id);

}  // namespace tracevec
