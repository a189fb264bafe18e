#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/kernels.h"
#include "index/code_layout.h"
#include "tracevec/schema.h"

namespace tracevec {

/// The codes of one field's rows, side by side, as graphs are searched, and with int8 built, over
/// them. Points into a block or an image, which must outlive it.
struct CodeRows {
  const std::uint8_t* codes = nullptr;
  std::size_t stride = 0;                 ///< Bytes from row to row.
  std::size_t bytes = 0;                  ///< Of codes a row.
  const std::uint8_t* factors = nullptr;  ///< See CodeLayout::factors.
  std::size_t factor_stride = 0;
  std::uint32_t rows = 0;
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  CodeKind kind = CodeKind::kInt8;

  CodeRows() = default;
  /// `apart`: the factors, where the layout does not have them beside the codes.
  CodeRows(const CodeLayout& layout, const std::uint8_t* row_codes, const std::uint8_t* apart,
           std::uint32_t row_count)
      : codes(row_codes),
        stride(layout.stride()),
        bytes(layout.bytes()),
        factors(apart),
        factor_stride(layout.factor_bytes()),
        rows(row_count),
        dimension(layout.dimension),
        metric(layout.metric),
        kind(layout.kind) {
    if (!layout.factors_beside_codes()) return;
    factors = codes + stride - layout.factors() * sizeof(float);
    factor_stride = stride;
  }

  const std::uint8_t* row(std::uint32_t index) const { return codes + index * stride; }
  float scale(std::uint32_t index) const { return Factor(index, 0); }
  /// 0 but under l2.
  float squared_norm(std::uint32_t index) const {
    return metric == Metric::kL2 ? Factor(index, 1) : 0;
  }
  bool factors_apart() const { return factor_stride != stride; }

 private:
  float Factor(std::uint32_t index, std::size_t place) const {
    float value;
    std::memcpy(&value, factors + index * factor_stride + place * sizeof value, sizeof value);
    return value;
  }
};

/// Approximate scores between two rows coded with 8 bits, larger is nearer, as CodeQuery gives them
/// between a query and a row.
class RowScorer {
 public:
  RowScorer(const CodeRows& rows, const KernelTable& kernels);

  const CodeRows& rows() const { return rows_; }
  /// 128 times the sum of (code - 128) of a row: what the unsigned codes add to a product.
  std::int32_t offset(std::uint32_t row) const { return offsets_[row]; }

  float Score(std::uint32_t a, std::uint32_t b) const {
    return FromDot(a, b, dot_(rows_.row(a), rows_.row(b), rows_.dimension) - offsets_[b]);
  }
  /// The score that belongs to the product of the two rows' signed codes.
  float FromDot(std::uint32_t a, std::uint32_t b, std::int32_t dot) const {
    const float product = rows_.scale(a) * rows_.scale(b) * static_cast<float>(dot);
    if (rows_.metric != Metric::kL2) return product;
    return 2 * product - rows_.squared_norm(a) - rows_.squared_norm(b);
  }

 private:
  CodeRows rows_;
  std::int32_t (*dot_)(const std::uint8_t*, const std::uint8_t*, std::size_t);
  std::vector<std::int32_t> offsets_;
};

}  // namespace tracevec
