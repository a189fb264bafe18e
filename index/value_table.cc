#include "index/value_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>
#include <utility>

#include "core/sort_key.h"

namespace tracevec {

ValueTable::Group ValueTable::GroupOf(const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull: return Group::kNull;
    case Value::Type::kBool: return Group::kBool;
    case Value::Type::kInt: return Group::kNumber;
    case Value::Type::kDouble: return std::isnan(*value.AsDouble()) ? Group::kNan : Group::kNumber;
    case Value::Type::kString: return Group::kString;
    case Value::Type::kTimestamp: return Group::kTimestamp;
    case Value::Type::kList: return Group::kList;
    case Value::Type::kMap: break;
  }
  return Group::kMap;
}

bool ValueTable::Before(const Value& a, const Value& b) {
  if (const auto groups = GroupOf(a) <=> GroupOf(b); groups != 0) return groups < 0;
  if (const auto values = CompareForSorting(a, b); values != 0) return values < 0;
  // Equal numbers of two types, or the two zeros, or lists of such.
  if (a.type() != b.type()) return a.type() < b.type();
  if (const double* number = a.AsDouble())
    return std::signbit(*number) > std::signbit(*b.AsDouble());
  if (const Value::List* list = a.AsList()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (Before((*list)[i], (*b.AsList())[i])) return true;
      if (Before((*b.AsList())[i], (*list)[i])) return false;
    }
  }
  return false;
}

ValueTable::ValueTable(const std::vector<const Value*>& sorted) {
  types_.reserve(sorted.size());
  bits_.reserve(sorted.size());
  for (const Value* value : sorted) {
    ++group_starts_[static_cast<std::size_t>(GroupOf(*value)) + 1];
    Add(*value);
  }
  for (std::size_t i = 1; i <= kGroups; ++i) group_starts_[i] += group_starts_[i - 1];
  texts_.shrink_to_fit();
  text_ends_.shrink_to_fit();
}

void ValueTable::Add(const Value& value) {
  std::uint64_t bits = 0;
  switch (value.type()) {
    case Value::Type::kNull:
    case Value::Type::kMap: break;
    case Value::Type::kBool: bits = *value.AsBool() ? 1 : 0; break;
    case Value::Type::kInt: bits = static_cast<std::uint64_t>(*value.AsInt()); break;
    case Value::Type::kDouble: bits = std::bit_cast<std::uint64_t>(*value.AsDouble()); break;
    case Value::Type::kTimestamp:
      bits = static_cast<std::uint64_t>(value.AsTimestamp()->micros);
      break;
    case Value::Type::kString:
      bits = text_ends_.size();
      texts_ += *value.AsString();
      text_ends_.push_back(texts_.size());
      break;
    case Value::Type::kList:
      bits = lists_.size();
      lists_.push_back(*value.AsList());
      break;
  }
  types_.push_back(value.type());
  bits_.push_back(bits);
}

ValueTable ValueTable::OfTexts(RowOrder rows, TextOf text_of) {
  ValueTable table;
  const auto texts = static_cast<std::size_t>(Group::kString);
  std::fill(table.group_starts_.begin() + texts + 1, table.group_starts_.end(),
            static_cast<std::uint32_t>(rows->size()));
  table.text_rows_ = std::move(rows);
  table.text_of_ = std::move(text_of);
  return table;
}

ValueView ValueTable::view(std::uint32_t place) const {
  if (text_rows_ != nullptr) return ValueView::Of(text_of_((*text_rows_)[place]));
  ValueView view;
  view.type = types_[place];
  const std::uint64_t bits = bits_[place];
  switch (view.type) {
    case Value::Type::kNull:
    case Value::Type::kMap: break;
    case Value::Type::kBool: view.boolean = bits != 0; break;
    case Value::Type::kInt:
    case Value::Type::kTimestamp: view.integer = static_cast<std::int64_t>(bits); break;
    case Value::Type::kDouble: view.number = std::bit_cast<double>(bits); break;
    case Value::Type::kList: view.list = &lists_[bits]; break;
    case Value::Type::kString: {
      const std::uint64_t begin = bits == 0 ? 0 : text_ends_[bits - 1];
      view.text = std::string_view(texts_).substr(begin, text_ends_[bits] - begin);
      break;
    }
  }
  return view;
}

Value ValueTable::value(std::uint32_t place) const {
  const ValueView view = this->view(place);
  switch (view.type) {
    case Value::Type::kNull: break;
    case Value::Type::kBool: return view.boolean;
    case Value::Type::kInt: return view.integer;
    case Value::Type::kDouble: return view.number;
    case Value::Type::kString: return std::string(view.text);
    case Value::Type::kTimestamp: return Timestamp{view.integer};
    case Value::Type::kList: return *view.list;
    case Value::Type::kMap: return Value::Map();
  }
  return {};
}

std::size_t ValueTable::memory_bytes() const {
  constexpr std::size_t kListBytes = 200;  // Lists as whole values are rare; a rough guess does.
  return types_.capacity() + bits_.capacity() * sizeof(std::uint64_t) +
         text_ends_.capacity() * sizeof(std::uint64_t) + texts_.capacity() +
         lists_.size() * kListBytes +
         (text_rows_ != nullptr ? text_rows_->capacity() * sizeof(std::uint32_t) : 0);
}

}  // namespace tracevec
