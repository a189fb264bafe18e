#include "index/int4_code.h"

#include <algorithm>
#include <cmath>

#include "core/vector_math.h"

namespace tracevec {
namespace {

/// Of a normal distribution's deviation: the step with which 16 levels are off least (Max, 1960).
constexpr double kStep = 0.3352;
constexpr float kMiddle = 7.5F;
constexpr float kHighestLevel = 15.0F;

}  // namespace

float EncodeInt4(const float* rotated, std::size_t count, std::uint8_t* codes) {
  const std::size_t bytes = (count + 1) / 2;
  std::fill_n(codes, bytes, std::uint8_t{0});
  const double squared_norm = SquaredNorm(rotated, count);
  const double step = kStep * std::sqrt(squared_norm / static_cast<double>(count));
  const auto inverse = static_cast<float>(1 / step);
  if (!std::isfinite(inverse)) return 0;  // Too small to tell from zero.
  double product = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // In this order no number at all becomes the highest level.
    const float level =
        std::max(0.0F, std::min(kHighestLevel, std::floor(rotated[i] * inverse) + 8));
    product += double{rotated[i]} * double{level - kMiddle};
    const auto code = static_cast<std::uint8_t>(level);
    codes[i % bytes] |= static_cast<std::uint8_t>(i < bytes ? code : code << 4);
  }
  return static_cast<float>(squared_norm / product);
}

}  // namespace tracevec
