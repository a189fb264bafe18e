#pragma once

#include <cstddef>
#include <cstdint>

namespace tracevec {

/// Scalar quantisation of a vector to 8 bits: component = scale * code, symmetric, with a scale of
/// its own for each vector, so that the largest component is 127. Writes `count` codes and returns
/// the scale (0 for the zero vector).
float EncodeSignedInt8(const float* vector, std::size_t count, std::int8_t* codes);

/// The same with 128 added to each code: unsigned codes against a signed query are what VNNI
/// multiplies; the offset costs one subtraction a distance.
float EncodeInt8(const float* vector, std::size_t count, std::uint8_t* codes);
constexpr std::int32_t kInt8Offset = 128;

}  // namespace tracevec
