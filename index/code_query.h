#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/kernels.h"
#include "core/rotation.h"
#include "index/code_rows.h"
#include "tracevec/schema.h"

namespace tracevec {

/// A query prepared for approximate scores against codes of one kind: itself quantised to 8 bits,
/// with a scale of its own.
class CodeQuery {
 public:
  /// Against codes of 8 bits.
  CodeQuery(const float* query, std::size_t count, Metric metric);
  /// Against codes of 4 bits of rotated vectors. `query` is not rotated.
  CodeQuery(const float* query, const Rotation& rotation, Metric metric);
  /// The query whose vector a row is that is coded with 8 bits.
  CodeQuery(const CodeRows& rows, std::uint32_t row);

  /// Approximate scores of scattered rows, whose codes are of this query's kind. `dots` has room
  /// for `count` numbers.
  void ScoreRows(const CodeRows& rows, const std::uint32_t* which, std::size_t count,
                 const KernelTable& kernels, std::int32_t* dots, float* scores) const;
  /// Of `count` rows from `first` on.
  void ScoreRange(const CodeRows& rows, std::uint32_t first, std::size_t count,
                  const KernelTable& kernels, std::int32_t* dots, float* scores) const;

 private:
  /// Quantises what is in `query` and sets what depends on the metric.
  void Prepare(const float* query, std::size_t count, Metric metric);
  float Score(const CodeRows& rows, std::uint32_t row, std::int32_t dot) const {
    return factor_ * rows.scale(row) * static_cast<float>(dot * multiple_ - offset_);
  }

  std::vector<std::int8_t> codes_;
  std::int32_t multiple_ =
      1;                     // 2 for codes of 4 bits, whose middle is 7.5: whole numbers are exact.
  std::int32_t offset_ = 0;  // What the middle of the rows' codes adds to a product.
  float factor_ = 0;         // The query's scale, doubled for l2.
  float constant_ = 0;       // The query's squared norm for l2, else 0.
};

}  // namespace tracevec
