#include "index/int8_code.h"

#include <algorithm>
#include <cmath>

#include "core/vector_math.h"

namespace tracevec {
namespace {

constexpr float kLargestCode = 127.0F;
constexpr std::int32_t kOffset = 128;

float LargestMagnitude(const float* vector, std::size_t count) {
  // Lanes of their own become vector instructions; one maximum would wait for itself.
  constexpr std::size_t kLanes = 8;
  float largest[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      largest[lane] = std::max(largest[lane], std::fabs(vector[i + lane]));
    }
  }
  for (; i < count; ++i) largest[0] = std::max(largest[0], std::fabs(vector[i]));
  return *std::max_element(largest, largest + kLanes);
}

/// The nearest integer, halves to even. Adding this number leaves no bit of a float for a fraction;
/// std::nearbyint would do, but without SSE4.1 it is a call a component: 5.4 against 0.4 us for
/// 384.
float Round(float value) {
  constexpr float kNoFraction = 1.5F * 8'388'608;
  return (value + kNoFraction) - kNoFraction;
}

std::int32_t Quantise(float component, float inverse_scale) {
  return static_cast<std::int32_t>(
      Round(std::clamp(component * inverse_scale, -kLargestCode, kLargestCode)));
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

Int8Query::Int8Query(const CodeRows& rows, std::uint32_t row) : codes_(rows.dimension) {
  const std::uint8_t* codes = rows.row(row);
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    const std::int32_t code = std::int32_t{codes[i]} - kOffset;
    codes_[i] = static_cast<std::int8_t>(code);
    sum += code;
  }
  offset_ = kOffset * sum;
  factor_ = rows.scale(row);
  if (rows.metric == Metric::kL2) {
    factor_ *= 2;
    norm_weight_ = 1;
    constant_ = rows.squared_norm(row);
  }
}

}  // namespace tracevec
