#include "core/bm25.h"

#include <algorithm>
#include <cmath>

namespace tracevec {
namespace {

constexpr double kUnitsOfScore = 4294967296.0;  // 2^32

}  // namespace

Bm25::Bm25(double k1, double b, const TextTotals& totals)
    : k1_(k1), rows_(static_cast<double>(totals.rows)) {
  base_ = static_cast<float>(k1 * (1 - b));
  const double average =
      totals.rows > 0 ? static_cast<double>(totals.terms) / static_cast<double>(totals.rows) : 0;
  // Without a term in any text there is nothing to score.
  if (average > 0) per_term_ = static_cast<float>(k1 * b / average);
}

float Bm25::Weight(std::uint64_t df) const {
  const auto with_term = static_cast<double>(df);
  const double idf = std::log1p(std::max(rows_ - with_term + 0.5, 0.0) / (with_term + 0.5));
  return static_cast<float>(idf * (k1_ + 1) * kUnitsOfScore);
}

float Bm25::ToScore(Sum sum) {
  return static_cast<float>(static_cast<double>(sum) / kUnitsOfScore);
}

Bm25::Sum Bm25::LeastSum(float score) {
  const double least = static_cast<double>(std::nextafter(score, 0.0F)) * kUnitsOfScore;
  return least > 0 ? static_cast<Sum>(least) : 0;
}

}  // namespace tracevec
