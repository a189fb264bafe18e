#include <algorithm>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/return_if_error.h"
#include "core/utf8.h"
#include "tracevec/value.h"

namespace tracevec {
namespace {

using Json = nlohmann::json;

// Deeper values are refused before anything recursive (copies, comparisons, destructors) sees them.
constexpr std::size_t kMaxDepth = 64;

Json ToNlohmann(const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull: return nullptr;
    case Value::Type::kBool: return *value.AsBool();
    case Value::Type::kInt: return *value.AsInt();
    case Value::Type::kDouble: return *value.AsDouble();
    case Value::Type::kString: return *value.AsString();
    case Value::Type::kTimestamp: return FormatTimestamp(*value.AsTimestamp());
    case Value::Type::kList: {
      Json list = Json::array();
      for (const Value& item : *value.AsList()) list.push_back(ToNlohmann(item));
      return list;
    }
    case Value::Type::kMap: {
      Json map = Json::object();
      for (const auto& [name, item] : *value.AsMap()) map.emplace(name, ToNlohmann(item));
      return map;
    }
  }
  return nullptr;
}

/// Builds a Value from the parser's events. A handler that returns false stops the parser.
class ValueBuilder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Add(Value()); }
  bool boolean(bool v) override { return Add(Value(v)); }
  bool number_integer(number_integer_t v) override { return Add(Value(std::int64_t{v})); }
  bool number_unsigned(number_unsigned_t v) override {
    const bool fits = v <= static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return Add(fits ? Value(static_cast<std::int64_t>(v)) : Value(static_cast<double>(v)));
  }
  bool number_float(number_float_t v, const string_t&) override { return Add(Value(v)); }
  bool string(string_t& v) override { return Add(Value(std::move(v))); }
  bool binary(binary_t&) override { return Fail("binary data is not JSON"); }

  bool start_object(std::size_t) override { return Open(true); }
  bool start_array(std::size_t) override { return Open(false); }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const Json::exception& error) override {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) {
      return Fail("number out of range before byte " + std::to_string(position));
    }
    // The text is "[json.exception.parse_error.101] parse error at line 1, column 2: ...; last
    // read: '...'"; what was read last may be long, or end in the middle of a character.
    std::string message = error.what();
    message.erase(std::min(message.find("; last read"), message.size()));
    const std::size_t name_end = message.find("] ");
    if (name_end != std::string::npos) message.erase(0, name_end + 2);
    return Fail(std::move(message));
  }

  Value TakeRoot() { return std::move(root_); }
  const std::string& message() const { return message_; }

 private:
  struct Container {
    bool is_map = false;
    std::string key;  // Of the value that comes next.
    Value::Map map;
    Value::List list;
  };

  bool Add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Container& container = open_.back(); container.is_map) {
      container.map.insert_or_assign(std::move(container.key), std::move(value));
    } else {
      container.list.push_back(std::move(value));
    }
    return true;
  }

  bool Open(bool is_map) {
    if (open_.size() == kMaxDepth) {
      return Fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    open_.emplace_back().is_map = is_map;
    return true;
  }

  bool Close() {
    Container done = std::move(open_.back());
    open_.pop_back();
    return Add(done.is_map ? Value(std::move(done.map)) : Value(std::move(done.list)));
  }

  bool Fail(std::string message) {
    message_ = std::move(message);
    return false;
  }

  Value root_;
  std::vector<Container> open_;
  std::string message_;
};

}  // namespace

std::string Value::ToJson() const {
  // A string that never passed a check may hold any bytes: they become U+FFFD, not an exception.
  return ToNlohmann(*this).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Value> Value::FromJson(std::string_view json) {
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(json, "JSON"));
  ValueBuilder builder;
  if (!Json::sax_parse(json.begin(), json.end(), &builder)) {
    return Status::InvalidArgument("JSON: " + builder.message());
  }
  return builder.TakeRoot();
}

}  // namespace tracevec
