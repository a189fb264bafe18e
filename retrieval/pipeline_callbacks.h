#pragma once

#include "tracevec/pipeline_spec.h"
#include "tracevec/query.h"
#include "tracevec/status.h"

namespace tracevec {

/// Gives the steps of a pipeline that have only a callback's name the callback of that name. Those
/// of sources that have a vector need none. Errors: InvalidArgument: there is none, with the place
/// and the nearest name.
Status BindCallbacks(const PipelineCallbacks& callbacks, PipelineSpec* spec);

}  // namespace tracevec
