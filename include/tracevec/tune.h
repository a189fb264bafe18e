#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tracevec/value.h"

namespace tracevec {

/// How a search width is chosen by measuring.
struct TuneOptions {
  double target_recall = 0.95;  ///< Over 0 and below 1, of the k best by float32.
  std::string field;            ///< May be empty when there is one vector field.
  std::uint32_t k = 10;         ///< 1 to 1,000. More are searched for in proportion wider.
  /// Queries like those that will be asked, row-major, of the field's dimension; at most
  /// `most_queries` of them are used, spread evenly. Empty: those remembered of searches since this
  /// open, or, where they are fewer than 100, stored vectors, each searched as if it was not there.
  std::span<const float> queries;
  std::uint32_t most_queries = 500;  ///< 10 to 100,000.
};

/// What one width was found to give.
struct TunePoint {
  std::uint32_t ef = 0;
  double recall = 0;
  double micros = 0;  ///< A query, on one thread.
  friend bool operator==(const TunePoint&, const TunePoint&) = default;
};

/// Which width searches of a field take, and the evidence for it. Kept in the database.
struct TuneResult {
  std::string field;
  double target_recall = 0;
  std::uint32_t k = 0;
  std::uint32_t ef = 0;      ///< 0: no width measured reaches the target.
  double recall = 0;         ///< At that width, between the points; with ef = 0 the most measured.
  double half_width = 0;     ///< Of the 95 % interval around it.
  std::string queries;       ///< "given", "recent" or "stored".
  std::uint32_t used = 0;    ///< How many.
  std::uint64_t chunks = 0;  ///< Of the collection at that time.
  std::uint64_t commit = 0;
  Timestamp time;
  std::vector<TunePoint> points;  ///< Ascending by ef.
  friend bool operator==(const TuneResult&, const TuneResult&) = default;
};

}  // namespace tracevec
