#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/rotation.h"
#include "index/aligned_array.h"
#include "index/code_rows.h"

namespace tracevec {

/// Codes of rows, written one by one. Readers may have rows() of rows that are written.
class CodeArray {
 public:
  CodeArray() = default;
  /// Zeros for so many rows. Throws std::bad_alloc.
  CodeArray(const CodeLayout& layout, std::uint32_t count);

  /// The first `count` rows. Valid as long as this, and wherever it is moved to.
  CodeRows rows(std::uint32_t count) const {
    return CodeRows(layout_, codes_.data(), factors_.data(), count);
  }
  std::span<const std::uint8_t> code_bytes() const { return {codes_.data(), code_bytes_}; }
  std::span<const std::uint8_t> factor_bytes() const { return factors_; }

  /// REQUIRES: a layout of 8 bits.
  void Encode(std::uint32_t row, const float* vector);
  /// REQUIRES: a layout of 4 bits. Throws std::bad_alloc.
  void EncodeRotated(std::uint32_t row, const float* vector, const Rotation& rotation);
  /// A row of the same layout.
  void Copy(std::uint32_t row, const CodeRows& from, std::uint32_t from_row);

 private:
  std::uint8_t* CodesOf(std::uint32_t row) { return codes_.data() + row * layout_.stride(); }
  std::uint8_t* FactorsOf(std::uint32_t row);
  void StoreFactors(std::uint32_t row, float scale, const float* vector);

  CodeLayout layout_;
  std::size_t code_bytes_ = 0;
  AlignedArray<std::uint8_t> codes_;
  std::vector<std::uint8_t> factors_;  // Those that stand apart.
};

}  // namespace tracevec
