#include "core/filter_expression.h"

#include <algorithm>

namespace tracevec {

bool SameExpression(const FilterExpression& a, const FilterExpression& b) {
  return a.kind == b.kind && a.path == b.path && a.values == b.values &&
         std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                    [](const auto& x, const auto& y) { return SameExpression(*x, *y); });
}

}  // namespace tracevec
