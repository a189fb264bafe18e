#pragma once

#include <cstddef>
#include <cstdint>

#include "tracevec/schema.h"

namespace tracevec {

/// The shape of one vector field inside an index.
struct FieldLayout {
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  friend bool operator==(const FieldLayout&, const FieldLayout&) = default;
};

/// How many bits a component has in a code. See EncodeInt8 and EncodeInt4.
enum class CodeKind : std::uint8_t { kInt8 = 8, kInt4 = 4 };

/// How the codes of a field's rows lie in memory. Each row starts on a cache line.
struct CodeLayout {
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  CodeKind kind = CodeKind::kInt8;

  CodeLayout() = default;
  explicit CodeLayout(const FieldLayout& field, CodeKind code_kind = CodeKind::kInt8)
      : dimension(field.dimension), metric(field.metric), kind(code_kind) {}

  /// Bytes of codes a row.
  std::size_t bytes() const {
    return kind == CodeKind::kInt8 ? std::size_t{dimension} : (std::size_t{dimension} + 1) / 2;
  }
  /// Bytes from row to row.
  std::size_t stride() const { return (bytes() + 63) / 64 * 64; }

  /// Numbers that make a score of a product of codes: the row's scale and, under l2, its squared
  /// norm. They end the cache line that the codes end in, where there is room: fetching another
  /// line for each row costs a search of 339,479 x 100 a tenth. Else they stand apart.
  std::size_t factors() const { return metric == Metric::kL2 ? 2 : 1; }
  bool factors_beside_codes() const { return stride() - bytes() >= factors() * sizeof(float); }
  /// Bytes of factors a row that stand apart.
  std::size_t factor_bytes() const {
    return factors_beside_codes() ? 0 : factors() * sizeof(float);
  }
  /// Cache lines that are read for a row.
  std::size_t lines() const { return stride() / 64 + (factors_beside_codes() ? 0 : 1); }
};

}  // namespace tracevec
