#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retrieval/source_call.h"
#include "tracevec/pipeline_spec.h"

namespace tracevec {

/// Errors: InvalidArgument: more than 65,536 bytes, or no UTF-8.
Status CheckQueryText(std::string_view text);

/// The query, then what the rewriter makes of it, without what is no query or there already.
/// Errors: with raise_on_error those of the rewriter.
Result<std::vector<std::string>> MakePhrasings(StageContext& context, const ExpandStep& step,
                                               const std::string& text, StageReport* report);

}  // namespace tracevec
