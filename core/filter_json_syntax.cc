#include "core/filter_json_syntax.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace tracevec {
namespace {

// Looks at the events of nlohmann's parser, which keeps its own stack on the heap, before a
// document is built.
class SyntaxCheck : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SyntaxCheck(int max_depth) : max_depth_(static_cast<std::size_t>(max_depth)) {}

  const std::string& error() const { return error_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override { return Enter(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    error_ = "the key \"" + name + "\" is twice in one object; join both conditions with \"$and\"";
    return false;
  }

  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": the code is of no
    // use to a reader.
    const std::string_view message = exception.what();
    const std::size_t code_end = message.find("] ");
    error_ = "byte " + std::to_string(byte) + ": ";
    error_ += code_end == std::string_view::npos ? message : message.substr(code_end + 2);
    return false;
  }

 private:
  bool Enter() {
    if (keys_.size() == max_depth_) {
      error_ = "nested deeper than " + std::to_string(max_depth_) + " objects and arrays";
      return false;
    }
    keys_.emplace_back();
    return true;
  }

  bool Leave() {
    keys_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  std::vector<std::set<std::string>> keys_;  // One for each object and array that is open.
  std::string error_;
};

}  // namespace

Status ParseJsonSafely(std::string_view text, int max_depth, nlohmann::json* document) {
  SyntaxCheck check(max_depth);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &check)) {
    return Status::InvalidArgument("JSON: " + check.error());
  }
  *document = nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  return Status::Ok();
}

}  // namespace tracevec
