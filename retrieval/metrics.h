#pragma once

#include "retrieval/engine.h"
#include "tracevec/metrics.h"

namespace tracevec {

/// Database::Metrics. Takes no lock that a writer holds for longer than a pointer's copy.
MetricsReport GatherMetrics(const Engine& engine);

}  // namespace tracevec
