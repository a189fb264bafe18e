#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter_expression.h"
#include "core/filter_program.h"
#include "tracevec/value.h"

namespace tracevec {

// docs/filters.md written a second time, in the plainest way: values are copied, paths are looked
// up piece by piece, numbers are compared as long double (which must hold every int64), patterns
// by backtracking. Shares no code with what it checks. Knows no reserved names.
class FilterOracle {
 public:
  explicit FilterOracle(const FilterSubject& subject) : subject_(subject) {}

  std::optional<bool> Run(const FilterExpression& e) const {
    using Kind = FilterExpression::Kind;
    if (e.kind == Kind::kNot) return Not(Run(*e.children[0]));
    if (e.kind == Kind::kAnd || e.kind == Kind::kOr) {
      const bool deciding = e.kind == Kind::kOr;
      bool unknown = false;
      for (const auto& child : e.children) {
        const std::optional<bool> truth = Run(*child);
        if (truth == deciding) return deciding;
        unknown |= !truth.has_value();
      }
      if (unknown) return std::nullopt;
      return !deciding;
    }
    const std::optional<Value> found = Field(e.path);
    if (e.kind == Kind::kExists) return found.has_value();
    return Condition(e, found.value_or(Value()));
  }

 private:
  using Truth3 = std::optional<bool>;

  static Truth3 Not(Truth3 truth) { return truth ? Truth3(!*truth) : truth; }

  static Truth3 Condition(const FilterExpression& e, const Value& stored) {
    using Kind = FilterExpression::Kind;
    const std::string* text = stored.AsString();
    switch (e.kind) {
      case Kind::kIsNull: return stored.is_null();
      case Kind::kEqual: return Equal(stored, e.values[0]);
      case Kind::kNotEqual: return !Equal(stored, e.values[0]);
      case Kind::kIn: return EqualToAny(stored, e.values);
      case Kind::kNotIn: return !EqualToAny(stored, e.values);
      case Kind::kContainsAny: {
        if (!text && !stored.AsList()) return false;
        for (const Value& value : e.values) {
          if (Holds(stored, value)) return true;
        }
        return false;
      }
      case Kind::kContainsAll: {
        if (!text && !stored.AsList()) return false;
        for (const Value& value : e.values) {
          if (!Holds(stored, value)) return false;
        }
        return true;
      }
      case Kind::kLike:
        if (!text) return std::nullopt;
        return Like(*text, *e.values[0].AsString());
      case Kind::kStartsWith:
        if (!text) return std::nullopt;
        return text->compare(0, e.values[0].AsString()->size(), *e.values[0].AsString()) == 0;
      case Kind::kBetween: {
        const Truth3 low = Not(Less(stored, e.values[0]));
        const Truth3 high = Not(Less(e.values[1], stored));
        if (low == false || high == false) return false;
        if (!low || !high) return std::nullopt;
        return true;
      }
      case Kind::kLess: return Less(stored, e.values[0]);
      case Kind::kGreaterEqual: return Not(Less(stored, e.values[0]));
      case Kind::kGreater: return Less(e.values[0], stored);
      case Kind::kLessEqual: return Not(Less(e.values[0], stored));
      default: return std::nullopt;
    }
  }

  static std::optional<long double> Number(const Value& value) {
    if (value.AsInt()) return static_cast<long double>(*value.AsInt());
    if (value.AsDouble()) return static_cast<long double>(*value.AsDouble());
    return std::nullopt;
  }

  static std::optional<std::int64_t> Instant(const Value& value) {
    if (value.AsTimestamp()) return value.AsTimestamp()->micros;
    if (!value.AsString()) return std::nullopt;
    const Result<Timestamp> parsed = ParseTimestamp(*value.AsString());
    return parsed.ok() ? std::optional<std::int64_t>(parsed->micros) : std::nullopt;
  }

  // Nothing when the two have no order.
  static Truth3 Less(const Value& a, const Value& b) {
    if (const auto x = Number(a), y = Number(b); x && y) {
      if (*x != *x || *y != *y) return std::nullopt;
      return *x < *y;
    }
    if (a.AsBool() && b.AsBool()) return *a.AsBool() < *b.AsBool();
    if (a.AsString() && b.AsString()) return *a.AsString() < *b.AsString();
    if (a.AsTimestamp() || b.AsTimestamp()) {
      if (const auto x = Instant(a), y = Instant(b); x && y) return *x < *y;
    }
    return std::nullopt;
  }

  static bool Equal(const Value& a, const Value& b) {
    if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
    if (a.AsList() && b.AsList()) {
      if (a.AsList()->size() != b.AsList()->size()) return false;
      for (std::size_t i = 0; i < a.AsList()->size(); ++i) {
        if (!Equal((*a.AsList())[i], (*b.AsList())[i])) return false;
      }
      return true;
    }
    return Less(a, b) == false && Less(b, a) == false;
  }

  static bool EqualToAny(const Value& stored, const std::vector<Value>& values) {
    for (const Value& value : values) {
      if (Equal(stored, value)) return true;
    }
    return false;
  }

  static bool Holds(const Value& stored, const Value& value) {
    if (stored.AsString()) {
      return value.AsString() && stored.AsString()->find(*value.AsString()) != std::string::npos;
    }
    return EqualToAny(value, *stored.AsList());
  }

  static bool Like(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '%') {
      return Like(text, pattern.substr(1)) || (!text.empty() && Like(text.substr(1), pattern));
    }
    if (text.empty()) return false;
    if (pattern[0] == '_') {
      std::size_t length = 1;
      while (length < text.size() && (text[length] & 0xC0) == 0x80) ++length;
      return (text[0] & 0xC0) != 0x80 && Like(text.substr(length), pattern.substr(1));
    }
    if (pattern[0] == '\\') pattern.remove_prefix(1);
    return pattern[0] == text[0] && Like(text.substr(1), pattern.substr(1));
  }

  std::optional<Value> Field(const std::string& path) const {
    const std::string name = path.rfind("meta.", 0) == 0 ? path.substr(5) : path;
    Metadata both = *subject_.inherited;
    for (const auto& [key, value] : *subject_.own) both[key] = value;
    return Lookup(both, name);
  }

  static std::optional<Value> Lookup(const Metadata& map, const std::string& name) {
    if (map.count(name)) return map.at(name);
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return std::nullopt;
    const auto head = map.find(name.substr(0, dot));
    if (head == map.end() || !head->second.AsMap()) return std::nullopt;
    return Lookup(*head->second.AsMap(), name.substr(dot + 1));
  }

  const FilterSubject& subject_;
};

inline Truth OracleEvaluate(const FilterExpression& expression, const FilterSubject& subject) {
  const std::optional<bool> truth = FilterOracle(subject).Run(expression);
  if (!truth) return Truth::kUnknown;
  return *truth ? Truth::kTrue : Truth::kFalse;
}

}  // namespace tracevec
