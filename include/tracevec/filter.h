#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/export.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

struct FilterExpression;  // core/filter_expression.h

/// A condition on a chunk: its metadata (own and its document's) and the reserved names `id`,
/// `document`, `version`, `text`. docs/filters.md defines the language and its three-valued rules.
/// Made from text, from JSON, or with Field; a value, cheap to copy, safe to share.
///
///     Filter a = "year >= 2020 AND lang IN ('en', 'nl') AND NOT tags CONTAINS 'draft'";
///     Filter b = Field("year") >= 2020 && Field("lang").In({"en", "nl"});
class TRACEVEC_EXPORT Filter {
 public:
  /// No condition.
  Filter() = default;
  /// Parses the text; a mistake is kept in status() and returned by the call that uses the filter.
  Filter(const char* text);         // NOLINT(google-explicit-constructor)
  Filter(const std::string& text);  // NOLINT(google-explicit-constructor)
  Filter(std::string_view text);    // NOLINT(google-explicit-constructor)
  explicit Filter(std::shared_ptr<const FilterExpression> expression);

  /// Errors: InvalidArgument with position and caret; nesting over 64; IN over 100,000 values.
  static Result<Filter> Parse(std::string_view text);
  /// The dialect of Python users: {"year": {"$gte": 2020}, "$or": [...]}. Errors as in Parse,
  /// with the path into the JSON.
  static Result<Filter> FromJson(std::string_view json);

  bool empty() const { return expression_ == nullptr && status_.ok(); }
  const Status& status() const { return status_; }
  /// The filter as text that parses to the same expression; "" when empty.
  std::string ToString() const;
  /// The filter in the JSON dialect; "{}" when empty.
  std::string ToJson() const;
  /// Null when empty.
  const FilterExpression* expression() const { return expression_.get(); }

  Filter operator&&(const Filter& other) const;
  Filter operator||(const Filter& other) const;
  Filter operator!() const;

 private:
  static Filter FromResult(Result<std::shared_ptr<const FilterExpression>> result);

  std::shared_ptr<const FilterExpression> expression_;
  Status status_;
};

/// Builds conditions on one field; a nested field is a path, `Field("author.name")`.
class TRACEVEC_EXPORT Field {
 public:
  explicit Field(std::string path) : path_(std::move(path)) {}

  Filter operator==(Value value) const;
  Filter operator!=(Value value) const;
  Filter operator<(Value value) const;
  Filter operator<=(Value value) const;
  Filter operator>(Value value) const;
  Filter operator>=(Value value) const;
  Filter In(std::vector<Value> values) const;
  Filter NotIn(std::vector<Value> values) const;
  Filter Between(Value low, Value high) const;  ///< Both ends included.
  Filter Contains(Value value) const;           ///< List holds it; string has it as a part.
  Filter ContainsAny(std::vector<Value> values) const;
  Filter ContainsAll(std::vector<Value> values) const;
  Filter Like(std::string pattern) const;  ///< % any run, _ one code point, \ escapes.
  Filter StartsWith(std::string prefix) const;
  Filter IsNull() const;  ///< Missing, or null.
  Filter Exists() const;  ///< Present, null included.

 private:
  std::string path_;
};

}  // namespace tracevec
