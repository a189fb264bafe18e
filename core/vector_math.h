#pragma once

#include <cstddef>

#include "tracevec/schema.h"
#include "tracevec/status.h"

namespace tracevec {

/// Sum of squares, in double, so that neither float's range nor its rounding shows.
double SquaredNorm(const float* vector, std::size_t count);

/// Writes vector / |vector|. `out` may be `vector`. REQUIRES: CheckVector under cosine passed.
void Normalise(const float* vector, std::size_t count, float* out);

/// Whether a vector may be stored or asked for: finite, not zero under cosine, and short enough
/// that no product of two such vectors overflows float32 (squared norm at most a quarter of the
/// largest float, by Cauchy-Schwarz). Errors: InvalidArgument that names the component or the norm;
/// `what` is put before it.
Status CheckVector(const float* vector, std::size_t count, Metric metric, const char* what);

}  // namespace tracevec
