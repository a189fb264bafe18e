#pragma once

#include <cstddef>
#include <cstdint>

namespace tracevec {

/// Scalar quantisation of a rotated vector to 4 bits: component = scale * (code - 7.5). After a
/// Rotation components are about normal, so the width of a step follows from the vector's length
/// alone. The scale returned is that with which the vector's product with its own code is right
/// (0 for the zero vector), so that products with others are not too small on average (as in
/// RaBitQ, Gao and Long 2024). Two codes a byte, see KernelTable::dot_u4s8; writes
/// (count + 1) / 2 bytes.
float EncodeInt4(const float* rotated, std::size_t count, std::uint8_t* codes);

}  // namespace tracevec
