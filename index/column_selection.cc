#include "index/column_selection.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tracevec {
namespace {

using Group = ValueTable::Group;
using Kind = FilterExpression::Kind;
using Node = FilterProgram::Node;
using Range = ValueTable::Range;
using Ranges = std::vector<Range>;

/// The first place of a range whose value does not satisfy a condition that those before it do.
template <typename Condition>
std::uint32_t FirstNot(const ValueTable& values, Range range, const Condition& condition) {
  while (range.first < range.last) {
    const std::uint32_t middle = range.first + (range.last - range.first) / 2;
    if (condition(values.view(middle))) {
      range.first = middle + 1;
    } else {
      range.last = middle;
    }
  }
  return range.first;
}

/// The values of a range that satisfy a condition, by asking each.
template <typename Condition>
void AddEach(const ValueTable& values, Range range, const Condition& condition, Ranges* ranges) {
  for (std::uint32_t place = range.first; place < range.last; ++place) {
    if (condition(values.view(place))) ranges->push_back({place, place + 1});
  }
}

/// Ascending, without gaps of nothing between two.
void Normalise(Ranges* ranges) {
  std::sort(ranges->begin(), ranges->end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const Range& range : *ranges) {
    if (range.first == range.last) continue;
    if (kept > 0 && range.first <= (*ranges)[kept - 1].last) {
      (*ranges)[kept - 1].last = std::max((*ranges)[kept - 1].last, range.last);
    } else {
      (*ranges)[kept++] = range;
    }
  }
  ranges->resize(kept);
}

/// REQUIRES: both normalised.
Ranges Intersection(const Ranges& a, const Ranges& b) {
  Ranges both;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const Range common = {std::max(x->first, y->first), std::min(x->last, y->last)};
    if (common.first < common.last) both.push_back(common);
    x->last < y->last ? ++x : ++y;
  }
  return both;
}

/// What a literal has an order with: a group whose values lie in that order, and strings, which
/// have to be read as timestamps one by one.
struct Comparable {
  std::vector<Group> ordered;
  bool strings_one_by_one = false;
};

Comparable ComparableTo(const FilterLiteral& literal) {
  switch (literal.value.type()) {
    case Value::Type::kBool: return {{Group::kBool}};
    case Value::Type::kInt: return {{Group::kNumber}};
    case Value::Type::kDouble:
      if (*literal.value.AsDouble() != *literal.value.AsDouble()) return {};
      return {{Group::kNumber}};
    case Value::Type::kString:
      if (literal.instant) return {{Group::kString, Group::kTimestamp}};
      return {{Group::kString}};
    case Value::Type::kTimestamp: return {{Group::kTimestamp}, true};
    case Value::Type::kNull:
    case Value::Type::kList:
    case Value::Type::kMap: break;
  }
  return {};
}

/// Where the values lie that an order says something of: before `equal.first` they are less.
Range EqualIn(const ValueTable& values, Range group, const FilterLiteral& literal) {
  const std::uint32_t first = FirstNot(values, group, [&](const ValueView& view) {
    return std::is_lt(CompareToLiteral(view, literal));
  });
  const std::uint32_t last = FirstNot(values, {first, group.last}, [&](const ValueView& view) {
    return std::is_lteq(CompareToLiteral(view, literal));
  });
  return {first, last};
}

/// The values that equal a literal, by EqualsLiteral.
void AddEqual(const ValueTable& values, const FilterLiteral& literal, Ranges* ranges) {
  const auto equals = [&](const ValueView& view) { return EqualsLiteral(view, literal); };
  if (literal.value.is_null()) ranges->push_back(values.group(Group::kNull));
  if (literal.value.AsList() != nullptr) {
    AddEach(values, values.group(Group::kList), equals, ranges);
  }
  const Comparable comparable = ComparableTo(literal);
  for (const Group group : comparable.ordered) {
    ranges->push_back(EqualIn(values, values.group(group), literal));
  }
  if (comparable.strings_one_by_one) {
    AddEach(values, values.group(Group::kString), equals, ranges);
  }
}

/// The values that a set of literals has.
void AddMembers(const ValueTable& values, const Node& condition, Ranges* ranges) {
  // Looking one up takes a search of two ends; asking a value, one of the set.
  const std::size_t slow = static_cast<std::size_t>(std::count_if(
      condition.literals.begin(), condition.literals.end(), [](const FilterLiteral& literal) {
        return literal.value.AsTimestamp() != nullptr || literal.value.AsList() != nullptr;
      }));
  if (slow <= 4 && condition.literals.size() <= 16 + values.size() / 4) {
    for (const FilterLiteral& literal : condition.literals) AddEqual(values, literal, ranges);
  } else {
    AddEach(
        values, {0, values.size()},
        [&](const ValueView& view) { return condition.set->Contains(view); }, ranges);
  }
}

/// The values whose order with a literal makes a comparison true, or false.
Ranges Ordered(const ValueTable& values, Kind kind, const FilterLiteral& literal, Truth truth) {
  Ranges ranges;
  const Comparable comparable = ComparableTo(literal);
  for (const Group group : comparable.ordered) {
    const Range all = values.group(group);
    const Range equal = EqualIn(values, all, literal);
    const auto add_if = [&](std::partial_ordering order, Range range) {
      if (TestOrder(kind, order) == truth) ranges.push_back(range);
    };
    add_if(std::partial_ordering::less, {all.first, equal.first});
    add_if(std::partial_ordering::equivalent, equal);
    add_if(std::partial_ordering::greater, {equal.last, all.last});
  }
  if (comparable.strings_one_by_one) {
    AddEach(
        values, values.group(Group::kString),
        [&](const ValueView& view) {
          return TestOrder(kind, CompareToLiteral(view, literal)) == truth;
        },
        &ranges);
  }
  Normalise(&ranges);
  return ranges;
}

/// Strings with the prefix.
Range WithPrefix(const ValueTable& values, std::string_view prefix) {
  const Range strings = values.group(Group::kString);
  const std::uint32_t first =
      FirstNot(values, strings, [&](const ValueView& view) { return view.text < prefix; });
  const std::uint32_t last = FirstNot(values, {first, strings.last}, [&](const ValueView& view) {
    return view.text.starts_with(prefix);
  });
  return {first, last};
}

/// Which of the two-valued conditions this is the negation of.
bool IsNegation(Kind kind) { return kind == Kind::kNotEqual || kind == Kind::kNotIn; }

bool IsThreeValued(Kind kind) {
  switch (kind) {
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
    case Kind::kBetween:
    case Kind::kLike:
    case Kind::kStartsWith: return true;
    default: return false;
  }
}

const ValueRows kNoValues;

}  // namespace

ColumnSelection::ColumnSelection(const Node& condition, Truth truth, const MetadataColumn* column,
                                 std::uint32_t rows)
    : column_(column), rows_(rows) {
  if (IsThreeValued(condition.kind)) {
    if (column_ != nullptr) SelectOrdered(condition, truth);
  } else {
    SelectPositive(condition);
    complement_ = (truth == Truth::kFalse) != IsNegation(condition.kind);
    if (condition.kind == Kind::kExists) complement_ = !complement_;  // Of the rows without.
  }
  Normalise(&values_);
}

void ColumnSelection::SelectPositive(const Node& condition) {
  const ValueTable& values = column_ != nullptr ? column_->values.values() : kNoValues.values();
  switch (condition.kind) {
    case Kind::kEqual:
    case Kind::kNotEqual:
      missing_ = condition.literals[0].value.is_null();
      AddEqual(values, condition.literals[0], &values_);
      break;
    case Kind::kIn:
    case Kind::kNotIn:
      missing_ = condition.set->Contains(ValueView());
      AddMembers(values, condition, &values_);
      break;
    case Kind::kIsNull:
      missing_ = true;
      values_.push_back(values.group(Group::kNull));
      break;
    case Kind::kExists: missing_ = true; break;
    case Kind::kContainsAny:
    case Kind::kContainsAll:
      AddEach(
          values, values.group(Group::kString),
          [&](const ValueView& view) { return TestValue(condition, view) == Truth::kTrue; },
          &values_);
      if (column_ != nullptr) SelectElements(condition);
      break;
    default: break;
  }
}

void ColumnSelection::SelectElements(const Node& condition) {
  const ValueTable& elements = column_->elements.values();
  if (condition.kind == Kind::kContainsAny) {
    elements_.resize(1);
    AddMembers(elements, condition, &elements_[0]);
  } else if (condition.literals.empty()) {
    values_.push_back(column_->values.values().group(Group::kList));
  } else {
    for (const FilterLiteral& literal : condition.literals) {
      AddEqual(elements, literal, &elements_.emplace_back());
    }
  }
  for (Ranges& ranges : elements_) Normalise(&ranges);
}

void ColumnSelection::SelectOrdered(const Node& condition, Truth truth) {
  const ValueTable& values = column_->values.values();
  if (condition.kind == Kind::kStartsWith && truth == Truth::kTrue) {
    values_.push_back(WithPrefix(values, *condition.literals[0].value.AsString()));
  } else if (condition.kind == Kind::kStartsWith || condition.kind == Kind::kLike) {
    AddEach(
        values, values.group(Group::kString),
        [&](const ValueView& view) { return TestValue(condition, view) == truth; }, &values_);
  } else if (condition.kind == Kind::kBetween) {
    Ranges low = Ordered(values, Kind::kGreaterEqual, condition.literals[0], truth);
    const Ranges high = Ordered(values, Kind::kLessEqual, condition.literals[1], truth);
    if (truth == Truth::kTrue) {
      values_ = Intersection(low, high);
    } else {
      values_ = std::move(low);
      values_.insert(values_.end(), high.begin(), high.end());
    }
  } else {
    values_ = Ordered(values, condition.kind, condition.literals[0], truth);
  }
}

RowEstimate ColumnSelection::Estimate() const {
  const double present = column_ != nullptr ? static_cast<double>(column_->present.count()) : 0;
  double exact = missing_ ? rows_ - present : 0;
  RowEstimate estimate;
  if (column_ != nullptr) {
    exact += static_cast<double>(column_->values.CountOf(values_));
    const auto lists =
        static_cast<double>(column_->values.CountOf(column_->values.values().group(Group::kList)));
    // A list that has several of the values is counted several times.
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      const auto entries = static_cast<double>(column_->elements.CountOf(elements_[i]));
      const double high = std::min(entries, lists);
      double low = 0;
      for (const Range& range : elements_[i]) {
        for (std::uint32_t place = range.first; place < range.last; ++place) {
          low = std::max(low, static_cast<double>(column_->elements.CountOf({place, place + 1})));
        }
      }
      if (i == 0) {
        estimate = {low, high, high};
        continue;
      }
      estimate.low = std::max(0.0, estimate.low + low - lists);
      estimate.likely = lists > 0 ? estimate.likely * high / lists : 0;
      estimate.high = std::min(estimate.high, high);
    }
  }
  estimate = {estimate.low + exact, estimate.likely + exact, estimate.high + exact};
  if (!complement_) return estimate;
  return {rows_ - estimate.high, rows_ - estimate.likely, rows_ - estimate.low};
}

bool ColumnSelection::IntersectWith(const ColumnSelection& other) {
  if (!IsRanges() || !other.IsRanges() || column_ != other.column_) return false;
  values_ = Intersection(values_, other.values_);
  return true;
}

RowBitmap ColumnSelection::Keep(const RowBitmap& rows) const {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows.Rows()) {
    const std::uint32_t place =
        column_ != nullptr ? column_->values.PlaceOf(row) : ValueRows::kNoPlace;
    bool selected = missing_ && place == ValueRows::kNoPlace;
    if (place != ValueRows::kNoPlace) {
      const auto after = std::upper_bound(
          values_.begin(), values_.end(), place,
          [](std::uint32_t value, const Range& range) { return value < range.first; });
      selected = after != values_.begin() && place < std::prev(after)->last;
    }
    if (selected != complement_) kept.push_back(row);
  }
  return RowBitmap::Of(kept);
}

RowBitmap ColumnSelection::RowsOfValues() const {
  const ValueRows& values = column_->values;
  const std::uint32_t all = values.values().size();
  if (2 * values.CountOf(values_) <= values.CountOf({0, all})) return values.RowsOf(values_);
  Ranges others;
  std::uint32_t first = 0;
  for (const Range& range : values_) {
    if (first < range.first) others.push_back({first, range.first});
    first = range.last;
  }
  if (first < all) others.push_back({first, all});
  RowBitmap rows = column_->present;
  rows -= values.RowsOf(others);
  return rows;
}

RowBitmap ColumnSelection::Rows() const {
  RowBitmap rows;
  if (column_ != nullptr) {
    rows = RowsOfValues();
    if (!elements_.empty()) {
      RowBitmap lists = column_->elements.RowsOf(elements_[0]);
      for (std::size_t i = 1; i < elements_.size() && !lists.empty(); ++i) {
        lists &= column_->elements.RowsOf(elements_[i]);
      }
      rows |= lists;
    }
    if (missing_) rows |= column_->present.Complement(rows_);
  } else if (missing_) {
    rows = RowBitmap::Below(rows_);
  }
  return complement_ ? rows.Complement(rows_) : std::move(rows);
}

}  // namespace tracevec
