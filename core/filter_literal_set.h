#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/filter_compare.h"

namespace tracevec {

/// The values of an IN list, ready for many questions. Immutable; safe for concurrent use.
class FilterLiteralSet {
 public:
  explicit FilterLiteralSet(std::vector<FilterLiteral> literals);

  /// True when EqualsLiteral() holds for one of the literals. O(log n) but for lists, which are
  /// compared one by one.
  bool Contains(const ValueView& stored) const;

 private:
  void Add(FilterLiteral literal);
  bool ContainsNumber(double number) const;
  bool ContainsText(std::string_view text) const;

  bool has_null_ = false;
  bool has_true_ = false;
  bool has_false_ = false;
  // Each sorted. A double that is an int64 stands among the integers, so that a stored number of
  // either type is looked for in one place.
  std::vector<std::int64_t> integers_;
  std::vector<double> fractions_;
  std::vector<std::string> strings_;
  std::vector<std::int64_t> timestamps_;  // What a stored string can equal,
  std::vector<std::int64_t> instants_;    // and a stored timestamp: also strings read as one.
  std::vector<FilterLiteral> lists_;
};

}  // namespace tracevec
