#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/filter_builder.h"

namespace tracevec {

/// Makes random filters and the values that stand in them. Two profiles: `kAnything` has odd names
/// and values from the whole range, for reading and writing; `kSmall` has few names and values, so
/// that conditions often meet what they ask for.
class RandomFilter {
 public:
  enum class Profile { kAnything, kSmall };

  RandomFilter(std::uint64_t seed, Profile profile) : random_(seed), profile_(profile) {}

  std::size_t Below(std::size_t end) { return random_() % end; }

  FilterExpressionPtr Expression(int depth) {
    using Kind = FilterExpression::Kind;
    if (depth == 0 || Below(4) == 0) return Condition();
    const std::size_t pick = Below(3);
    if (pick == 0) return *MakeLogic(Kind::kNot, {Expression(depth - 1)});
    std::vector<FilterExpressionPtr> children(2 + Below(3));
    for (FilterExpressionPtr& child : children) child = Expression(depth - 1);
    return *MakeLogic(pick == 1 ? Kind::kAnd : Kind::kOr, std::move(children));
  }

  FilterExpressionPtr Condition() {
    using Kind = FilterExpression::Kind;
    const Kind kind = static_cast<Kind>(3 + Below(15));  // kEqual to kExists.
    std::vector<Value> values;
    std::size_t count = 1;
    switch (kind) {
      case Kind::kIsNull:
      case Kind::kExists: count = 0; break;
      case Kind::kBetween: count = 2; break;
      case Kind::kIn:
      case Kind::kNotIn:
      case Kind::kContainsAny:
      case Kind::kContainsAll: count = Below(4); break;
      case Kind::kLike: values.emplace_back(Pattern()); break;
      case Kind::kStartsWith: values.emplace_back(String()); break;
      default: break;
    }
    const bool lists = kind == Kind::kEqual || kind == Kind::kNotEqual || kind == Kind::kIn ||
                       kind == Kind::kNotIn;
    while (values.size() < count) {
      values.push_back(lists && Below(4) == 0 ? FiniteList() : FiniteScalar());
    }
    return *MakeCondition(kind, Path(), std::move(values));
  }

  std::string Path() {
    // No reserved names among the few: those have a type, and most values would be refused.
    static const std::vector<std::string> kSmall = {"a",     "b",   "c",      "m.a",    "m.b",
                                                    "m.m.a", "x.y", "meta.a", "meta.id"};
    static const std::vector<std::string> kAnything = {
        "year", "author.name", "meta.id",      "id",        "text",      "odd name",
        "in",   "NULL",        "a.in.or",      "quote\"d",  "back`tick", "a..b",
        ".",    "5th",         "naïve",        "日本",      "it's",      "line\nend",
        "_",    "meta.$price", "content-type", "timestamp", "any"};
    const auto& paths = profile_ == Profile::kSmall ? kSmall : kAnything;
    return paths[Below(paths.size())];
  }

  /// Any scalar, NaN and infinities included.
  Value Scalar() {
    const std::size_t pick = Below(12);
    if (pick == 0) return Value(std::numeric_limits<double>::quiet_NaN());
    if (pick == 1) return Value(-std::numeric_limits<double>::infinity());
    return FiniteScalar();
  }

  Value FiniteScalar() {
    switch (Below(6)) {
      case 0: return Value();
      case 1: return Value(Below(2) == 0);
      case 2: return Value(Integer());
      case 3: return Value(Double());
      case 4: return Value(String());
      default: return Value(Time());
    }
  }

  Value::List List() {
    Value::List list(Below(4));
    for (Value& element : list) element = Scalar();
    return list;
  }

 private:
  Value FiniteList() {
    Value::List list(Below(4));
    for (Value& element : list) element = FiniteScalar();
    return Value(std::move(list));
  }

  std::int64_t Integer() {
    static constexpr std::int64_t kEdges[] = {0,
                                              1,
                                              -1,
                                              2,
                                              (std::int64_t{1} << 53),
                                              (std::int64_t{1} << 53) + 1,
                                              std::numeric_limits<std::int64_t>::max(),
                                              std::numeric_limits<std::int64_t>::min()};
    if (profile_ == Profile::kAnything && Below(2) == 0)
      return static_cast<std::int64_t>(random_());
    return kEdges[Below(std::size(kEdges))];
  }

  double Double() {
    static constexpr double kEdges[] = {0.0,
                                        -0.0,
                                        1.0,
                                        1.5,
                                        -0.5,
                                        9007199254740992.0,
                                        9223372036854775808.0,
                                        -9223372036854775808.0,
                                        1e300};
    if (profile_ == Profile::kSmall || Below(2) == 0) return kEdges[Below(std::size(kEdges))];
    for (;;) {
      const std::uint64_t bits = random_();
      double number = 0;
      std::memcpy(&number, &bits, sizeof(number));
      if (std::isfinite(number)) return number;
    }
  }

  std::string String() {
    static const std::vector<std::string> kSmall = {
        "", "a", "b", "ab", "aé", "é", "2020-01-01", "2020-01-01T01:00:00+01:00", "2020-13-01"};
    static const std::vector<std::string> kAnything = {
        "it's", "''", "\"", "\\", "%_", "a\nb", "\x01", "日本語", std::string("a\0b", 3), "🎉"};
    if (profile_ == Profile::kAnything && Below(2) == 0) return kAnything[Below(kAnything.size())];
    return kSmall[Below(kSmall.size())];
  }

  std::string Pattern() {
    static const std::vector<std::string> kParts = {"%", "_", "a", "b", "é", "\\%", "\\\\"};
    std::string pattern;
    for (std::size_t parts = Below(6); parts > 0; --parts) pattern += kParts[Below(kParts.size())];
    return pattern;
  }

  Timestamp Time() {
    if (profile_ == Profile::kAnything) {
      return Timestamp{static_cast<std::int64_t>(random_() % 200'000'000'000'000'000U)};
    }
    return Timestamp{1'577'836'800'000'000 + static_cast<std::int64_t>(Below(2)) * 3'600'000'000};
  }

  std::mt19937_64 random_;
  Profile profile_;
};

}  // namespace tracevec
