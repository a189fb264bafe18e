#include "core/vector_math.h"

#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

namespace tracevec {

double SquaredNorm(const float* vector, std::size_t count) {
  // Four sums hide the latency of addition; the compiler may not reorder one sum by itself.
  double sums[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      sums[lane] += double{vector[i + lane]} * double{vector[i + lane]};
    }
  }
  for (; i < count; ++i) sums[0] += double{vector[i]} * double{vector[i]};
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void Normalise(const float* vector, std::size_t count, float* out) {
  const double inverse = 1.0 / std::sqrt(SquaredNorm(vector, count));
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(double{vector[i]} * inverse);
  }
}

Status CheckVector(const float* vector, std::size_t count, Metric metric, const char* what) {
  constexpr double kLargestSquaredNorm = double{std::numeric_limits<float>::max()} / 4;
  const double squared_norm = SquaredNorm(vector, count);
  if (!std::isfinite(squared_norm)) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::isfinite(vector[i])) {
        return Status::InvalidArgument(
            fmt::format("{}: component {} is {}, expected a finite number", what, i, vector[i]));
      }
    }
  }
  if (metric == Metric::kCosine) {
    if (squared_norm == 0) {
      return Status::InvalidArgument(fmt::format(
          "{}: all {} components are zero, which has no direction under cosine", what, count));
    }
  } else if (squared_norm > kLargestSquaredNorm) {
    return Status::InvalidArgument(
        fmt::format("{}: squared norm {:.3g} is over {:.3g}, where float32 products overflow; "
                    "scale the vectors "
                    "down",
                    what, squared_norm, kLargestSquaredNorm));
  }
  return Status::Ok();
}

}  // namespace tracevec
