#include "index/code_array.h"

#include <cstring>

#include "core/vector_math.h"
#include "index/int4_code.h"
#include "index/int8_code.h"

namespace tracevec {

CodeArray::CodeArray(const CodeLayout& layout, std::uint32_t count)
    : layout_(layout),
      code_bytes_(count * layout.stride()),
      codes_(code_bytes_),
      factors_(count * layout.factor_bytes()) {}

std::uint8_t* CodeArray::FactorsOf(std::uint32_t row) {
  if (!layout_.factors_beside_codes()) return factors_.data() + row * layout_.factor_bytes();
  return CodesOf(row) + layout_.stride() - layout_.factors() * sizeof(float);
}

void CodeArray::StoreFactors(std::uint32_t row, float scale, const float* vector) {
  float factors[2] = {scale, 0};
  if (layout_.metric == Metric::kL2) {
    factors[1] = static_cast<float>(SquaredNorm(vector, layout_.dimension));
  }
  std::memcpy(FactorsOf(row), factors, layout_.factors() * sizeof(float));
}

void CodeArray::Encode(std::uint32_t row, const float* vector) {
  StoreFactors(row, EncodeInt8(vector, layout_.dimension, CodesOf(row)), vector);
}

void CodeArray::EncodeRotated(std::uint32_t row, const float* vector, const Rotation& rotation) {
  std::vector<float> rotated(vector, vector + layout_.dimension);
  rotation.Apply(rotated.data());
  StoreFactors(row, EncodeInt4(rotated.data(), layout_.dimension, CodesOf(row)), vector);
}

void CodeArray::Copy(std::uint32_t row, const CodeRows& from, std::uint32_t from_row) {
  std::memcpy(CodesOf(row), from.row(from_row), layout_.bytes());
  std::memcpy(FactorsOf(row), from.factors + from_row * from.factor_stride,
              layout_.factors() * sizeof(float));
}

}  // namespace tracevec
