#include "core/rotation.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

namespace tracevec {
namespace {

using FourFloats [[gnu::vector_size(16)]] = float;

/// The first two steps of the transform, on four values. By lanes, which every processor has:
/// compilers make single additions of loops over one and two values.
FourFloats TransformOfFour(FourFloats values) {
  const FourFloats pairs =
      __builtin_shufflevector(values, values, 0, 0, 2, 2) +
      __builtin_shufflevector(values, values, 1, 1, 3, 3) * FourFloats{1, -1, 1, -1};
  return __builtin_shufflevector(pairs, pairs, 0, 1, 0, 1) +
         __builtin_shufflevector(pairs, pairs, 2, 3, 2, 3) * FourFloats{1, 1, -1, -1};
}

/// The fast Walsh-Hadamard transform, without its factor. REQUIRES: a power of two.
void Transform(float* values, std::size_t count) {
  std::size_t first_half = 1;
  if (count >= 4) {
    for (std::size_t i = 0; i < count; i += 4) {
      FourFloats four;
      std::memcpy(&four, values + i, sizeof four);
      four = TransformOfFour(four);
      std::memcpy(values + i, &four, sizeof four);
    }
    first_half = 4;
  }
  for (std::size_t half = first_half; half < count; half *= 2) {
    for (std::size_t first = 0; first < count; first += 2 * half) {
      float* const a = values + first;
      float* const b = a + half;
      for (std::size_t i = 0; i < half; ++i) {
        const float sum = a[i] + b[i];
        b[i] = a[i] - b[i];
        a[i] = sum;
      }
    }
  }
}

/// Turns each component and its fellow in the other half by an eighth: where the transforms' two
/// places overlap in few components, little else passes from one half to the other.
void MixHalves(float* values, std::size_t count) {
  constexpr float kHalfRoot = 0.70710678F;
  const std::size_t half = count / 2;
  for (std::size_t i = 0; i < half; ++i) {
    const float a = values[i] * kHalfRoot;
    const float b = values[half + i] * kHalfRoot;
    values[i] = a + b;
    values[half + i] = a - b;
  }
}

}  // namespace

Rotation::Rotation(std::size_t count)
    : count_(count),
      width_(std::bit_floor(count)),
      rounds_(width_ == count ? 2 : 4),
      signs_(rounds_ * count) {
  // Signs carry the factor of the transform that follows them, where it reaches.
  std::mt19937_64 random(count);
  for (std::size_t round = 0; round < rounds_; ++round) {
    const std::size_t first = round % 2 == 0 ? 0 : count_ - width_;
    for (std::size_t i = 0; i < count_; ++i) {
      const bool transformed = i >= first && i < first + width_;
      const float size = transformed ? 1 / std::sqrt(static_cast<float>(width_)) : 1;
      signs_[round * count_ + i] = random() % 2 == 0 ? size : -size;
    }
  }
}

void Rotation::Apply(float* vector) const {
  for (std::size_t round = 0; round < rounds_; ++round) {
    const float* signs = signs_.data() + round * count_;
    for (std::size_t i = 0; i < count_; ++i) vector[i] *= signs[i];
    Transform(vector + (round % 2 == 0 ? 0 : count_ - width_), width_);
    if (width_ != count_) MixHalves(vector, count_);
  }
}

}  // namespace tracevec
