#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/filter_field.h"
#include "index/metadata_columns.h"

namespace tracevec {
namespace {

template <typename T>
void AppendBytes(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Equal for values that are Identical, and all maps.
void AppendKey(const Value& value, std::string* key) {
  key->push_back(static_cast<char>(value.type()));
  switch (value.type()) {
    case Value::Type::kNull:
    case Value::Type::kMap: break;
    case Value::Type::kBool: key->push_back(*value.AsBool() ? 1 : 0); break;
    case Value::Type::kInt: AppendBytes(*value.AsInt(), key); break;
    case Value::Type::kTimestamp: AppendBytes(value.AsTimestamp()->micros, key); break;
    case Value::Type::kDouble:
      if (!std::isnan(*value.AsDouble())) AppendBytes(*value.AsDouble(), key);
      break;
    case Value::Type::kString:
      AppendBytes(value.AsString()->size(), key);
      key->append(*value.AsString());
      break;
    case Value::Type::kList:
      AppendBytes(value.AsList()->size(), key);
      for (const Value& element : *value.AsList()) AppendKey(element, key);
      break;
  }
}

/// Texts that are longer are no keywords; they would be held in memory twice over while columns are
/// made.
constexpr std::size_t kLongestText = 256;
/// Of a field's distinct texts.
constexpr std::size_t kMostTextBytes = std::size_t{64} << 20;

/// Collects which row has which value.
class ValueRowsBuilder {
 public:
  /// A number for the value, the same for the same one.
  std::uint32_t Number(const Value& value) {
    key_.clear();
    AppendKey(value, &key_);
    const auto [found, is_new] = numbers_.try_emplace(key_, values_.size());
    if (is_new) {
      values_.push_back(value.AsMap() != nullptr ? Value(Value::Map()) : value);
      text_bytes_ += key_.size();
    }
    return found->second;
  }
  /// Of distinct values, about.
  std::size_t text_bytes() const { return text_bytes_; }
  void Add(std::uint32_t number, std::uint32_t row) { entries_.emplace_back(number, row); }

  ValueRows Build(std::uint32_t rows) {
    std::vector<std::uint32_t> order(values_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
      return ValueTable::Before(values_[a], values_[b]);
    });
    std::vector<const Value*> sorted;
    std::vector<std::uint32_t> places(values_.size());
    for (std::uint32_t place = 0; place < order.size(); ++place) {
      sorted.push_back(&values_[order[place]]);
      places[order[place]] = place;
    }
    for (auto& [number, row] : entries_) number = places[number];
    std::sort(entries_.begin(), entries_.end());
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    return {ValueTable(sorted), entries_, rows};
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Value> values_;
  std::vector<ValueRows::Entry> entries_;
  std::string key_;
  std::size_t text_bytes_ = 0;
};

struct ColumnBuilder {
  ValueRowsBuilder values;
  ValueRowsBuilder elements;
  std::vector<std::uint32_t> present;
  /// It has a text that is no keyword, or too many of them: rows are asked.
  bool given_up = false;

  void GiveUp() {
    *this = ColumnBuilder();
    given_up = true;
  }
  std::size_t text_bytes() const { return values.text_bytes() + elements.text_bytes(); }
};

/// A text in a value that is longer than what anybody asks to be equal.
bool HasLongText(const Value& value) {
  if (const std::string* text = value.AsString()) return text->size() > kLongestText;
  const Value::List* list = value.AsList();
  return list != nullptr && std::any_of(list->begin(), list->end(), HasLongText);
}

/// All paths by which something in a map may be found. Names can have dots of their own, so that
/// two of them may be one path.
void ListPaths(const Metadata& map, const std::string& prefix,
               std::unordered_set<std::string>* paths) {
  for (const auto& [name, value] : map) {
    std::string path = prefix + name;
    if (const Value::Map* inner = value.AsMap()) ListPaths(*inner, path + ".", paths);
    paths->insert(std::move(path));
  }
}

class MetadataColumnsBuilder {
 public:
  /// Declared fields have their columns before any row says what else there is.
  explicit MetadataColumnsBuilder(const MetadataColumns::FieldNames& declared) {
    for (const std::string& name : declared) ColumnOf(name);
    complete_ = true;  // A declared field too many may be one that no row has.
  }

  void Add(std::uint32_t row, const FilterSubject& subject) {
    if (subject.own == nullptr) {
      if (subject.inherited == nullptr) return;
      // Rows of a document are neighbours, and most have what it has and nothing else.
      if (!document_ || *document_ != *subject.inherited) {
        document_ = *subject.inherited;
        FindValues(subject, &document_values_);
      }
      AddValues(row, document_values_);
      return;
    }
    FindValues(subject, &own_values_);
    AddValues(row, own_values_);
  }

  MetadataColumns Build(std::uint32_t rows) {
    MetadataColumns::Columns columns;
    for (auto& [path, builder] : builders_) {
      if (builder.given_up || builder.present.empty()) continue;
      MetadataColumn column;
      column.present = RowBitmap::Of(builder.present);
      column.present.ShrinkToFit();
      column.values = builder.values.Build(rows);
      column.elements = builder.elements.Build(rows);
      columns.emplace(path, std::move(column));
      builder = {};
    }
    return {rows, complete_, std::move(columns)};
  }

 private:
  struct FieldValue {
    ColumnBuilder* column = nullptr;
    std::uint32_t value = 0;
    std::vector<std::uint32_t> elements;
  };

  ColumnBuilder* ColumnOf(const std::string& path) {
    const auto found = builders_.find(path);
    if (found != builders_.end()) return &found->second;
    if (builders_.size() == MetadataColumns::kMostColumns) {
      complete_ = false;
      return nullptr;
    }
    return &builders_[path];
  }

  /// What each path leads to is asked of the filter's own function, so that it cannot be another.
  void FindValues(const FilterSubject& subject, std::vector<FieldValue>* found) {
    found->clear();
    std::unordered_set<std::string> paths;
    if (subject.own != nullptr) ListPaths(*subject.own, "", &paths);
    if (subject.inherited != nullptr) ListPaths(*subject.inherited, "", &paths);
    for (const std::string& path : paths) {
      const Value* value = FindMetadata(subject, path);
      if (value == nullptr) continue;  // Hidden by another field.
      ColumnBuilder* column = ColumnOf(path);
      if (column == nullptr || column->given_up) continue;
      if (HasLongText(*value) || column->text_bytes() > kMostTextBytes) {
        column->GiveUp();
        complete_ = false;
        continue;
      }
      FieldValue field{column, column->values.Number(*value), {}};
      if (const Value::List* list = value->AsList()) {
        for (const Value& element : *list) {
          field.elements.push_back(column->elements.Number(element));
        }
      }
      found->push_back(std::move(field));
    }
  }

  static void AddValues(std::uint32_t row, const std::vector<FieldValue>& fields) {
    for (const FieldValue& field : fields) {
      if (field.column->given_up) continue;
      field.column->present.push_back(row);
      field.column->values.Add(field.value, row);
      for (const std::uint32_t element : field.elements) field.column->elements.Add(element, row);
    }
  }

  bool complete_ = true;
  std::unordered_map<std::string, ColumnBuilder> builders_;  // Its elements do not move.
  std::optional<Metadata> document_;
  std::vector<FieldValue> document_values_;
  std::vector<FieldValue> own_values_;
};

}  // namespace

MetadataColumns MetadataColumns::Build(std::uint32_t rows, const FieldNames& declared,
                                       const SubjectOf& subject_of) {
  MetadataColumnsBuilder builder(declared);
  for (std::uint32_t row = 0; row < rows; ++row) builder.Add(row, subject_of(row));
  return builder.Build(rows);
}

}  // namespace tracevec
