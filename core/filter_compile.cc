#include <algorithm>
#include <utility>

#include "core/filter_field.h"
#include "core/filter_node.h"
#include "core/filter_program.h"
#include "core/filter_types.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;
using Node = FilterProgram::Node;

class Compiler {
 public:
  Compiler(const CollectionSchema& schema, const std::vector<std::string>* known_fields)
      : schema_(schema), known_fields_(known_fields) {}

  Result<Node> Compile(const FilterExpression& expression) const {
    switch (expression.kind) {
      case Kind::kAnd:
      case Kind::kOr:
      case Kind::kNot: return CompileLogic(expression);
      default: return CompileCondition(expression);
    }
  }

 private:
  Result<Node> CompileLogic(const FilterExpression& expression) const;
  Result<Node> CompileCondition(const FilterExpression& condition) const;

  const CollectionSchema& schema_;
  const std::vector<std::string>* known_fields_;
};

Result<Node> Compiler::CompileLogic(const FilterExpression& expression) const {
  Node node;
  node.kind = expression.kind;
  node.children.reserve(expression.children.size());
  for (const auto& child : expression.children) {
    TRACEVEC_ASSIGN_OR_RETURN(Node compiled, Compile(*child));
    node.needs_text |= compiled.needs_text;
    node.children.push_back(std::move(compiled));
  }
  // AND and OR give the same answer in any order; a text that no longer decides is never loaded.
  std::stable_partition(node.children.begin(), node.children.end(),
                        [](const Node& child) { return !child.needs_text; });
  return node;
}

Result<Node> Compiler::CompileCondition(const FilterExpression& condition) const {
  Node node;
  node.kind = condition.kind;
  TRACEVEC_ASSIGN_OR_RETURN(node.field, ResolveFilterField(condition.path, schema_, known_fields_));
  node.needs_text = node.field.source == FilterField::Source::kText;
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<Value> values, ConvertFilterValues(condition, node.field));
  if (condition.kind == Kind::kLike) {
    TRACEVEC_ASSIGN_OR_RETURN(node.pattern, LikePattern::Compile(*values[0].AsString()));
    return node;
  }
  std::vector<FilterLiteral> literals = MakeFilterLiterals(std::move(values));
  // On a string CONTAINS looks for each as a part, on a list it asks the set for each element; an
  // index looks each up.
  if (condition.kind == Kind::kIn || condition.kind == Kind::kNotIn ||
      condition.kind == Kind::kContainsAny) {
    node.set = std::make_unique<const FilterLiteralSet>(literals);
  }
  node.literals = std::move(literals);
  return node;
}

}  // namespace

Result<FilterProgram> FilterProgram::Compile(const Filter& filter, const CollectionSchema& schema,
                                             const std::vector<std::string>* known_fields) {
  TRACEVEC_RETURN_IF_ERROR(filter.status());
  FilterProgram program;
  if (filter.expression() == nullptr) return program;
  TRACEVEC_ASSIGN_OR_RETURN(Node root,
                            Compiler(schema, known_fields).Compile(*filter.expression()));
  program.needs_text_ = root.needs_text;
  program.root_ = std::make_shared<const Node>(std::move(root));
  return program;
}

}  // namespace tracevec
