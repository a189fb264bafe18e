#pragma once

#include <cstddef>
#include <string_view>

namespace tracevec {

/// The first of `count` terms in ascending order, term_of(0), term_of(1), ..., that is not less
/// than the one wanted; `count` where all are.
template <typename TermOf>
std::size_t LowerBoundOfTerms(std::size_t count, std::string_view wanted, const TermOf& term_of) {
  std::size_t first = 0;
  std::size_t last = count;
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (term_of(middle) < wanted) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

}  // namespace tracevec
