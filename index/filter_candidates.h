#pragma once

#include "core/filter_program.h"
#include "index/column_selection.h"
#include "index/metadata_columns.h"
#include "index/name_columns.h"
#include "index/row_bitmap.h"

namespace tracevec {

/// What columns say of a filter: the rows that it accepts, or, where the columns cannot tell all,
/// those among which these are.
struct FilterCandidates {
  RowBitmap rows;
  bool exact = true;
  RowEstimate estimate;  ///< What EstimateMatches says.
};

/// A condition on version, text, or a field that got no column leaves open which rows it accepts;
/// so does one on id or document where `names` is null. REQUIRES: the filter is not empty. Throws
/// std::bad_alloc.
FilterCandidates FindCandidates(const FilterProgram& filter, const MetadataColumns& columns,
                                const NameColumns* names = nullptr);

struct FilterEstimate {
  RowEstimate rows;
  bool exact = true;  ///< Whether columns could tell all.
};

/// How many rows the filter accepts, from the counts of values alone: the bounds hold whatever
/// fields have to do with each other, `likely` takes them to have nothing. REQUIRES: as above.
/// Cost: a few microseconds.
FilterEstimate EstimateMatches(const FilterProgram& filter, const MetadataColumns& columns,
                               const NameColumns* names = nullptr);

}  // namespace tracevec
