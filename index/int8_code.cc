#include "index/int8_code.h"

#include <algorithm>
#include <cmath>

#include "core/vector_math.h"

namespace tracevec {
namespace {

constexpr float kLargestCode = 127.0F;
constexpr std::int32_t kOffset = 128;

float LargestMagnitude(const float* vector, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(vector[i]));
  return largest;
}

std::int32_t Quantise(float component, float inverse_scale) {
  const float scaled = std::nearbyint(component * inverse_scale);
  return static_cast<std::int32_t>(std::clamp(scaled, -kLargestCode, kLargestCode));
}

/// 0 where a reciprocal would overflow: such a vector is too small to tell from zero in 8 bits.
float InverseScale(float scale) {
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  return std::isfinite(inverse) ? inverse : 0.0F;
}

}  // namespace

float EncodeInt8(const float* vector, std::size_t count, std::uint8_t* codes) {
  const float scale = LargestMagnitude(vector, count) / kLargestCode;
  const float inverse = InverseScale(scale);
  for (std::size_t i = 0; i < count; ++i) {
    codes[i] = static_cast<std::uint8_t>(Quantise(vector[i], inverse) + kOffset);
  }
  return scale;
}

Int8Query::Int8Query(const float* query, std::size_t count, Metric metric) : codes_(count) {
  const float scale = LargestMagnitude(query, count) / kLargestCode;
  const float inverse = InverseScale(scale);
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t code = Quantise(query[i], inverse);
    codes_[i] = static_cast<std::int8_t>(code);
    sum += code;
  }
  offset_ = kOffset * sum;
  factor_ = scale;
  if (metric == Metric::kL2) {
    factor_ = 2 * scale;
    norm_weight_ = 1;
    constant_ = static_cast<float>(SquaredNorm(query, count));
  }
}

}  // namespace tracevec
