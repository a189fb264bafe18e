#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "tracevec/schema.h"

namespace tracevec {

/// The score of two vectors as the metric defines it, in double precision.
inline double OracleScore(std::span<const float> a, std::span<const float> b, Metric metric) {
  double dot = 0;
  double distance = 0;
  double norm_a = 0;
  double norm_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * double{b[i]};
    distance += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
    norm_a += double{a[i]} * double{a[i]};
    norm_b += double{b[i]} * double{b[i]};
  }
  if (metric == Metric::kL2) return -distance;
  return metric == Metric::kIp ? dot : dot / std::sqrt(norm_a * norm_b);
}

}  // namespace tracevec
