#pragma once

#include <cstdint>
#include <memory>

#include "core/text_query.h"
#include "index/postings.h"
#include "index/row_set.h"
#include "index/term_rows_builder.h"

namespace tracevec {

/// The rows of a set that a clause of a query matches, and how often it stands in each: of a term
/// as the postings have them; of a phrase, a prefix, or a set without postings put together for
/// this query.
struct ClauseRows {
  TermRows rows;
  std::unique_ptr<TermRowsBuilder> owned;  ///< What `rows` refers to, if not to the postings.
};

/// Of the first `size` rows of a set, dead ones too. A prefix stands in a row as often as all terms
/// that begin with it do; a phrase as often as its terms stand there in order, each at its offset.
/// Cost: of a term, finding it; of a phrase, reading the positions of rows that have all its terms;
/// of a prefix, the rows of its terms; of a set without postings, some 20 ns a row.
ClauseRows FindClauseRows(const RowSet& set, std::uint32_t size, const TextClause& clause);

}  // namespace tracevec
