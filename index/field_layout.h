#pragma once

#include <cstddef>
#include <cstdint>

#include "tracevec/schema.h"

namespace tracevec {

/// The shape of one vector field inside an index.
struct FieldLayout {
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;

  /// Bytes of codes a row, which starts on a cache line. Vectors stand one after the other: they
  /// are read for few rows, and padding a hundred floats would cost an eighth of the disk.
  std::size_t code_stride() const { return (std::size_t{dimension} + 63) / 64 * 64; }

  /// Numbers that make a score of a product of codes: the row's scale and, under l2, its squared
  /// norm. They end the cache line that the codes end in, where there is room: fetching another
  /// line for each row costs a search of 339,479 x 100 a tenth. Else they stand apart.
  std::size_t factors() const { return metric == Metric::kL2 ? 2 : 1; }
  bool factors_beside_codes() const {
    return code_stride() - dimension >= factors() * sizeof(float);
  }
  /// Bytes of factors a row that stand apart.
  std::size_t factor_bytes() const {
    return factors_beside_codes() ? 0 : factors() * sizeof(float);
  }

  friend bool operator==(const FieldLayout&, const FieldLayout&) = default;
};

}  // namespace tracevec
