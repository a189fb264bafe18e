#pragma once

#include <vector>

#include "retrieval/answer_query.h"
#include "retrieval/query_plan.h"

namespace tracevec {

/// The sources of a request, in the order in which weights stand, and what each searches with. Both
/// refer to the request.
struct RequestSources {
  std::vector<SourceSpec> specs;
  std::vector<SourceInput> inputs;  ///< One a source; the vector of `like` is not read yet.
};

/// Errors: InvalidArgument: nothing to search for, as a whole or in a phrasing; both `vector` and
/// `like`; a field without a vector. `may_be_empty`: a request without any source has a vector's,
/// of which a plan can be told.
Result<RequestSources> SourcesOf(const SearchRequest& request, bool may_be_empty = false);

}  // namespace tracevec
