#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/kernels.h"
#include "tracevec/schema.h"

namespace tracevec {

/// The int8 codes of one field's rows, side by side, as graphs are built and searched over them.
/// Points into a block or an image, which must outlive it. See EncodeInt8 for what a code means.
struct CodeRows {
  const std::uint8_t* codes = nullptr;
  std::size_t stride = 0;  ///< Bytes from row to row.
  const float* scales = nullptr;
  const float* squared_norms = nullptr;  ///< Read under l2 only.
  std::uint32_t rows = 0;
  std::uint32_t dimension = 0;
  Metric metric = Metric::kCosine;

  const std::uint8_t* row(std::uint32_t index) const { return codes + index * stride; }
};

/// Approximate scores between two coded rows, larger is nearer, as Int8Query gives them between a
/// query and a row.
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
    const float product = rows_.scales[a] * rows_.scales[b] * static_cast<float>(dot);
    if (rows_.metric != Metric::kL2) return product;
    return 2 * product - rows_.squared_norms[a] - rows_.squared_norms[b];
  }

 private:
  CodeRows rows_;
  std::int32_t (*dot_)(const std::uint8_t*, const std::uint8_t*, std::size_t);
  std::vector<std::int32_t> offsets_;
};

}  // namespace tracevec
