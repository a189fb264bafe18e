#pragma once

#include "index/postings.h"
#include "tracevec/status.h"

namespace tracevec {

/// Whether a search that trusts the postings stays within them, and within the rows: blocks cover
/// the rows of terms in order, and each of their numbers is of a row. Cost: one pass over blocks
/// and rows, 0.5 ns a row of a term. Errors: Corruption.
Status CheckPostings(const Postings& postings);

}  // namespace tracevec
