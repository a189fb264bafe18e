#pragma once

#include <compare>
#include <memory>
#include <vector>

#include "core/filter_compare.h"
#include "core/filter_expression.h"
#include "core/filter_field.h"
#include "core/filter_literal_set.h"
#include "core/filter_program.h"
#include "core/like_pattern.h"

namespace tracevec {

/// A node of a bound filter: the expression's, with all that can be done before the first chunk.
struct FilterProgram::Node {
  FilterExpression::Kind kind = FilterExpression::Kind::kAnd;
  FilterField field;
  std::vector<FilterLiteral> literals;
  std::unique_ptr<const FilterLiteralSet> set;  ///< Of IN, NOT IN, CONTAINS ANY: the literals.
  LikePattern pattern;
  std::vector<Node> children;
  bool needs_text = false;  ///< `text` occurs in it.
};

/// What a condition other than EXISTS says of a value; a missing field is a null.
Truth TestValue(const FilterProgram::Node& condition, const ValueView& stored);
/// Whether the order of two values makes a comparison (<, <=, >, >=) true.
Truth TestOrder(FilterExpression::Kind kind, std::partial_ordering order);

}  // namespace tracevec
