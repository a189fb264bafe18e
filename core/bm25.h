#pragma once

#include <cstdint>

namespace tracevec {

/// What BM25 needs to know of a collection at a view.
struct TextTotals {
  std::uint64_t rows = 0;   ///< Chunks, those without a text too.
  std::uint64_t terms = 0;  ///< Of all of them, repeated ones as often as they stand there.
};

/// BM25 with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), which is never negative, and
/// tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)): Robertson and Zaragoza 2009.
///
/// Scores of terms are added as integers, in units of 2^-32: a sum does not depend on the order of
/// its parts, so that a search that skips what cannot win gives to the last bit what one that skips
/// nothing gives. A value.
class Bm25 {
 public:
  /// A term's score, or the sum of some.
  using Sum = std::uint64_t;

  Bm25(double k1, double b, const TextTotals& totals);

  /// The factor of a term that stands in `df` of the rows, for Score.
  float Weight(std::uint64_t df) const;
  /// Of a term that stands `tf` times in a text of `length` terms. REQUIRES: tf > 0.
  Sum Score(float weight, std::uint32_t tf, std::uint32_t length) const {
    const auto times = static_cast<float>(tf);
    const float norm = base_ + per_term_ * static_cast<float>(length);
    return static_cast<Sum>(static_cast<std::int64_t>(weight * (times / (times + norm))));
  }
  /// At least Score for every tf and length that are no more, and no less, than these: what was
  /// rounded on the way is allowed for.
  Sum Bound(float weight, std::uint32_t most_tf, std::uint32_t least_length) const {
    const Sum score = Score(weight, most_tf, least_length);
    return score + (score >> 20) + 1;
  }
  /// As a hit has it.
  static float ToScore(Sum sum);
  /// The smallest sum that may have this score, or a better one.
  static Sum LeastSum(float score);

 private:
  double k1_;
  float base_ = 0;
  float per_term_ = 0;
  double rows_;
};

}  // namespace tracevec
