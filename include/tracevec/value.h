#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tracevec/export.h"
#include "tracevec/status.h"

namespace tracevec {

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Time zones are applied when a text
/// is parsed and are not kept.
struct Timestamp {
  std::int64_t micros = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

class Value;
/// Metadata of a document or a chunk: field name -> value, in name order.
using Metadata = std::map<std::string, Value, std::less<>>;

/// A metadata value: null, bool, int64, double, string, timestamp, a list of values, or a map
/// of names to values (reached in filters by a path: `author.name`). Copies are deep.
class TRACEVEC_EXPORT Value {
 public:
  using List = std::vector<Value>;
  using Map = Metadata;
  /// The order is that of the alternatives below. Stored on disk: do not renumber.
  enum class Type : std::uint8_t {
    kNull = 0,
    kBool = 1,
    kInt = 2,
    kDouble = 3,
    kString = 4,
    kTimestamp = 5,
    kList = 6,
    kMap = 7
  };

  Value() = default;
  Value(std::nullptr_t) {}                               // NOLINT
  Value(bool v) : data_(v) {}                            // NOLINT
  Value(std::int64_t v) : data_(v) {}                    // NOLINT
  Value(int v) : data_(static_cast<std::int64_t>(v)) {}  // NOLINT
  Value(double v) : data_(v) {}                          // NOLINT
  Value(std::string v) : data_(std::move(v)) {}          // NOLINT
  Value(std::string_view v) : data_(std::string(v)) {}   // NOLINT
  Value(const char* v) : data_(std::string(v)) {}        // NOLINT
  Value(Timestamp v) : data_(v) {}                       // NOLINT
  Value(List v) : data_(std::move(v)) {}                 // NOLINT
  Value(Map v) : data_(std::move(v)) {}                  // NOLINT

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is_null() const { return type() == Type::kNull; }

  /// Null pointers when the value is of another type.
  const bool* AsBool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* AsInt() const { return std::get_if<std::int64_t>(&data_); }
  const double* AsDouble() const { return std::get_if<double>(&data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const Timestamp* AsTimestamp() const { return std::get_if<Timestamp>(&data_); }
  const List* AsList() const { return std::get_if<List>(&data_); }
  const Map* AsMap() const { return std::get_if<Map>(&data_); }

  /// Equal in type and content (a NaN equals a NaN, 1 does not equal 1.0): identity of stored
  /// data. Filters compare by their own rules.
  bool Identical(const Value& other) const;
  friend bool operator==(const Value& a, const Value& b) { return a.Identical(b); }

  /// JSON. Timestamps become ISO 8601 strings in UTC, non-finite numbers null.
  std::string ToJson() const;
  /// Numbers without fraction and exponent become int64 when they fit, else double. Errors:
  /// InvalidArgument with the position; nesting deeper than 64.
  static Result<Value> FromJson(std::string_view json);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Timestamp, List, Map> data_;
};

/// "null", "bool", "int", "float", "string", "timestamp", "list", "map".
TRACEVEC_EXPORT std::string_view ValueTypeName(Value::Type type);

/// Parses ISO 8601: a date, or a date and a time with optional fraction and zone ("Z", "+02:00");
/// without a zone UTC is meant. Errors: InvalidArgument.
TRACEVEC_EXPORT Result<Timestamp> ParseTimestamp(std::string_view text);
/// "2026-07-30T12:00:00Z", with a fraction of 6 digits where there is one.
TRACEVEC_EXPORT std::string FormatTimestamp(Timestamp timestamp);

}  // namespace tracevec
