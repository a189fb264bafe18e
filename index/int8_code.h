#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/code_rows.h"
#include "tracevec/schema.h"

namespace tracevec {

/// Scalar quantisation of a vector to 8 bits: component = scale * (code - 128), symmetric, with a
/// scale of its own for each vector, so that the largest component is 127. Unsigned codes against
/// a signed query are what VNNI multiplies; the offset costs one subtraction a distance.
/// Writes `count` codes and returns the scale (0 for the zero vector).
float EncodeInt8(const float* vector, std::size_t count, std::uint8_t* codes);

/// A query prepared for approximate scores against int8 codes.
class Int8Query {
 public:
  Int8Query(const float* query, std::size_t count, Metric metric);
  /// The query whose vector a coded row is.
  Int8Query(const CodeRows& rows, std::uint32_t row);

  const std::int8_t* codes() const { return codes_.data(); }
  /// The approximate score of a row: its code's scale, its squared norm (used by l2 only), and
  /// the kernel's dot product of codes.
  float Score(float scale, float squared_norm, std::int32_t dot) const {
    return factor_ * scale * static_cast<float>(dot - offset_) - norm_weight_ * squared_norm -
           constant_;
  }

 private:
  std::vector<std::int8_t> codes_;
  std::int32_t offset_ = 0;  // 128 times the sum of the query's codes.
  float factor_ = 0;         // The query's scale, doubled for l2.
  float norm_weight_ = 0;    // 1 for l2, else 0.
  float constant_ = 0;       // The query's squared norm for l2, else 0.
};

}  // namespace tracevec
