#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tracevec {

/// A random rotation of vectors, which spreads what few components hold over all of them, so that
/// few bits a component are enough. Two rounds of flipping signs and a fast Hadamard transform;
/// where the length is no power of two, four, of its first and its last components in turn, as many
/// as the largest power of two has, each followed by a turn of one half against the other (as in
/// the RaBitQ library, Gao et al. 2024). Lengths and products of vectors stay as they are, to
/// rounding. Equal lengths have equal rotations in every build: images are made with them
/// (segment_format.h). Immutable.
class Rotation {
 public:
  explicit Rotation(std::size_t count);

  std::size_t count() const { return count_; }
  /// Rotates `count()` components in place. Cost: at most 4 count log2(count) additions.
  void Apply(float* vector) const;

 private:
  std::size_t count_;
  std::size_t width_;  // Of the transform.
  std::size_t rounds_;
  std::vector<float> signs_;
};

}  // namespace tracevec
