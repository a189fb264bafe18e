#include "index/code_query.h"

#include <numeric>

#include "core/vector_math.h"
#include "index/int8_code.h"

namespace tracevec {
namespace {

constexpr std::int32_t kInt4OffsetTwice = 15;

}  // namespace

CodeQuery::CodeQuery(const float* query, std::size_t count, Metric metric) {
  Prepare(query, count, metric);
  offset_ = kInt8Offset * std::accumulate(codes_.begin(), codes_.end(), 0);
}

CodeQuery::CodeQuery(const float* query, const Rotation& rotation, Metric metric) {
  std::vector<float> rotated(query, query + rotation.count());
  rotation.Apply(rotated.data());
  Prepare(rotated.data(), rotated.size(), metric);
  // An odd number of codes has one more, which counts nothing.
  codes_.resize((codes_.size() + 1) / 2 * 2);
  offset_ = kInt4OffsetTwice * std::accumulate(codes_.begin(), codes_.end(), 0);
  multiple_ = 2;
  factor_ /= 2;
}

CodeQuery::CodeQuery(const CodeRows& rows, std::uint32_t row) : codes_(rows.dimension) {
  const std::uint8_t* codes = rows.row(row);
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    codes_[i] = static_cast<std::int8_t>(std::int32_t{codes[i]} - kInt8Offset);
  }
  offset_ = kInt8Offset * std::accumulate(codes_.begin(), codes_.end(), 0);
  factor_ = rows.scale(row);
  if (rows.metric == Metric::kL2) {
    factor_ *= 2;
    constant_ = rows.squared_norm(row);
  }
}

void CodeQuery::Prepare(const float* query, std::size_t count, Metric metric) {
  codes_.resize(count);
  factor_ = EncodeSignedInt8(query, count, codes_.data());
  if (metric == Metric::kL2) {
    factor_ *= 2;
    constant_ = static_cast<float>(SquaredNorm(query, count));
  }
}

void CodeQuery::ScoreRows(const CodeRows& rows, const std::uint32_t* which, std::size_t count,
                          const KernelTable& kernels, std::int32_t* dots, float* scores) const {
  const auto gather =
      rows.kind == CodeKind::kInt8 ? kernels.dot_u8s8_gather : kernels.dot_u4s8_gather;
  gather(codes_.data(), rows.codes, rows.stride, which, count, rows.bytes, dots);
  for (std::size_t i = 0; i < count; ++i) scores[i] = Score(rows, which[i], dots[i]);
  if (rows.metric != Metric::kL2) return;
  for (std::size_t i = 0; i < count; ++i) {
    scores[i] = scores[i] - rows.squared_norm(which[i]) - constant_;
  }
}

void CodeQuery::ScoreRange(const CodeRows& rows, std::uint32_t first, std::size_t count,
                           const KernelTable& kernels, std::int32_t* dots, float* scores) const {
  const auto scan = rows.kind == CodeKind::kInt8 ? kernels.dot_u8s8_rows : kernels.dot_u4s8_rows;
  scan(codes_.data(), rows.row(first), rows.stride, count, rows.bytes, dots);
  for (std::uint32_t i = 0; i < count; ++i) {
    scores[i] = Score(rows, first + i, dots[i]);
    if (rows.metric == Metric::kL2) {
      scores[i] = scores[i] - rows.squared_norm(first + i) - constant_;
    }
  }
}

}  // namespace tracevec
