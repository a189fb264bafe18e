#include "index/code_rows.h"

namespace tracevec {

RowScorer::RowScorer(const CodeRows& rows, const KernelTable& kernels)
    : rows_(rows), dot_(kernels.dot_u8u8), offsets_(rows.rows) {
  const std::vector<std::uint8_t> ones(rows.dimension, 1);
  for (std::uint32_t i = 0; i < rows.rows; ++i) {
    offsets_[i] = 128 * kernels.dot_u8u8(ones.data(), rows.row(i), rows.dimension);
  }
}

}  // namespace tracevec
