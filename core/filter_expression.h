#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tracevec/value.h"

namespace tracevec {

/// One node of a filter. Immutable once built; shared between filters.
struct FilterExpression {
  enum class Kind : std::uint8_t {
    // Of children; kNot of one, the others of two or more.
    kAnd,
    kOr,
    kNot,
    // Of path and values[0].
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    // Of path and any number of values.
    kIn,
    kNotIn,
    kBetween,      // path, values[0] and values[1]
    kContainsAny,  // path, values; CONTAINS is this of one
    kContainsAll,  // path, values
    kLike,         // path, values[0], a string
    kStartsWith,   // path, values[0], a string
    kIsNull,       // path
    kExists,       // path
  };

  Kind kind = Kind::kAnd;
  std::string path;  ///< As written: `meta.id`, `author.name`.
  std::vector<Value> values;
  std::vector<std::shared_ptr<const FilterExpression>> children;

  static constexpr int kMaxDepth = 64;
  static constexpr std::size_t kMaxValues = 100'000;
};

/// Same shape and same values.
bool SameExpression(const FilterExpression& a, const FilterExpression& b);

}  // namespace tracevec
