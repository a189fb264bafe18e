#pragma once

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
  std::unique_ptr<const FilterLiteralSet> set;  ///< Of IN, NOT IN, CONTAINS ANY.
  LikePattern pattern;
  std::vector<Node> children;
  bool needs_text = false;  ///< `text` occurs in it.
};

}  // namespace tracevec
