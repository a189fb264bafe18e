#include "core/filter_program.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/filter_node.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;
using Node = FilterProgram::Node;

Truth FromBool(bool truth) { return truth ? Truth::kTrue : Truth::kFalse; }

Truth Negate(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return FromBool(truth == Truth::kFalse);
}

}  // namespace

Truth TestOrder(FilterExpression::Kind kind, std::partial_ordering order) {
  if (order == std::partial_ordering::unordered) return Truth::kUnknown;
  switch (kind) {
    case Kind::kLess: return FromBool(std::is_lt(order));
    case Kind::kLessEqual: return FromBool(std::is_lteq(order));
    case Kind::kGreater: return FromBool(std::is_gt(order));
    default: return FromBool(std::is_gteq(order));
  }
}

namespace {

// `x >= low AND x <= high`.
Truth Between(const ValueView& stored, const std::vector<FilterLiteral>& bounds) {
  const Truth low = TestOrder(Kind::kGreaterEqual, CompareToLiteral(stored, bounds[0]));
  const Truth high = TestOrder(Kind::kLessEqual, CompareToLiteral(stored, bounds[1]));
  if (low == Truth::kFalse || high == Truth::kFalse) return Truth::kFalse;
  return low == Truth::kUnknown ? low : high;
}

bool HasPart(std::string_view text, const FilterLiteral& literal) {
  const std::string* part = literal.value.AsString();
  return part != nullptr && text.find(*part) != std::string_view::npos;
}

bool ContainsAny(const ValueView& stored, const Node& node) {
  if (stored.type == Value::Type::kString) {
    return std::any_of(node.literals.begin(), node.literals.end(),
                       [&](const FilterLiteral& each) { return HasPart(stored.text, each); });
  }
  return stored.type == Value::Type::kList &&
         std::any_of(stored.list->begin(), stored.list->end(), [&](const Value& element) {
           return node.set->Contains(ValueView::Of(element));
         });
}

bool ContainsAll(const ValueView& stored, const Node& node) {
  if (stored.type != Value::Type::kString && stored.type != Value::Type::kList) return false;
  const auto held = [&](const FilterLiteral& each) {
    if (stored.type == Value::Type::kString) return HasPart(stored.text, each);
    return std::any_of(stored.list->begin(), stored.list->end(), [&](const Value& element) {
      return EqualsLiteral(ValueView::Of(element), each);
    });
  };
  return std::all_of(node.literals.begin(), node.literals.end(), held);
}

}  // namespace

Truth TestValue(const FilterProgram::Node& node, const ValueView& stored) {
  const bool is_text = stored.type == Value::Type::kString;
  switch (node.kind) {
    case Kind::kEqual: return FromBool(EqualsLiteral(stored, node.literals[0]));
    case Kind::kNotEqual: return FromBool(!EqualsLiteral(stored, node.literals[0]));
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
      return TestOrder(node.kind, CompareToLiteral(stored, node.literals[0]));
    case Kind::kIn: return FromBool(node.set->Contains(stored));
    case Kind::kNotIn: return FromBool(!node.set->Contains(stored));
    case Kind::kBetween: return Between(stored, node.literals);
    case Kind::kContainsAny: return FromBool(ContainsAny(stored, node));
    case Kind::kContainsAll: return FromBool(ContainsAll(stored, node));
    case Kind::kLike:
      return is_text ? FromBool(node.pattern.Matches(stored.text)) : Truth::kUnknown;
    case Kind::kStartsWith:
      return is_text ? FromBool(stored.text.starts_with(*node.literals[0].value.AsString()))
                     : Truth::kUnknown;
    case Kind::kIsNull: return FromBool(stored.type == Value::Type::kNull);
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
    case Kind::kExists: break;
  }
  return Truth::kUnknown;
}

namespace {

// One chunk's evaluation. Recursion is as deep as the expression, which is bounded.
class Evaluation {
 public:
  explicit Evaluation(const FilterSubject& subject) : subject_(subject) {}

  Truth Run(const Node& node) {
    switch (node.kind) {
      case Kind::kAnd: return RunUntil(Truth::kFalse, Truth::kTrue, node.children);
      case Kind::kOr: return RunUntil(Truth::kTrue, Truth::kFalse, node.children);
      case Kind::kNot: return Negate(Run(node.children[0]));
      default: break;
    }
    const std::optional<ValueView> stored = Find(node.field);
    if (node.kind == Kind::kExists) return FromBool(stored.has_value());
    return TestValue(node, stored.value_or(ValueView()));
  }

 private:
  // `deciding` ends AND (false) and OR (true); without it, one unknown makes all unknown.
  Truth RunUntil(Truth deciding, Truth otherwise, const std::vector<Node>& children) {
    Truth result = otherwise;
    for (const Node& child : children) {
      const Truth truth = Run(child);
      if (truth == deciding) return truth;
      if (truth == Truth::kUnknown) result = truth;
    }
    return result;
  }

  // Nothing when the field is missing.
  std::optional<ValueView> Find(const FilterField& field) {
    switch (field.source) {
      case FilterField::Source::kId: return ValueView::Of(subject_.id);
      case FilterField::Source::kDocument: return ValueView::Of(subject_.document);
      case FilterField::Source::kVersion: return ValueView::Of(subject_.version);
      case FilterField::Source::kText: return FindText();
      case FilterField::Source::kMetadata: break;
    }
    const Value* value = FindMetadata(subject_, field.name);
    if (value == nullptr) return std::nullopt;
    return ValueView::Of(*value);
  }

  // Loaded once, however many conditions ask for it.
  std::optional<ValueView> FindText() {
    if (!text_loaded_ && subject_.load_text != nullptr) {
      text_ = subject_.load_text(subject_.text_context);
    }
    text_loaded_ = true;
    if (text_ == nullptr) return std::nullopt;
    return ValueView::Of(std::string_view(*text_));
  }

  const FilterSubject& subject_;
  const std::string* text_ = nullptr;
  bool text_loaded_ = false;
};

}  // namespace

Truth FilterProgram::Evaluate(const FilterSubject& subject) const {
  if (root_ == nullptr) return Truth::kTrue;
  return Evaluation(subject).Run(*root_);
}

}  // namespace tracevec
