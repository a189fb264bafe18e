#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/status.h"

namespace tracevec {

/// The pattern of LIKE: `%` is any run of characters, `_` one code point, `\` takes the special
/// meaning from the character after it. Upper and lower case differ. Immutable; safe for
/// concurrent use.
class LikePattern {
 public:
  /// Matches only the empty string.
  LikePattern() = default;
  /// Errors: InvalidArgument for invalid UTF-8, or a `\` at the end.
  static Result<LikePattern> Compile(std::string_view pattern);

  /// O(length of the text x longest part between two `%`); no allocation.
  bool Matches(std::string_view text) const;

 private:
  // What most patterns are. Each is one search of the standard library, which is several times
  // faster than the general loop.
  enum class Shape : std::uint8_t { kExact, kPrefix, kSuffix, kSubstring, kGeneral };
  struct Element {
    enum class Kind : std::uint8_t { kByte, kOneCodePoint, kAnyRun };
    Kind kind = Kind::kByte;
    char byte = '\0';
  };

  Shape FindShape() const;
  bool MatchesElements(std::string_view text) const;

  Shape shape_ = Shape::kExact;
  std::string literal_;  // The bytes without the wildcards: all there is unless kGeneral.
  std::vector<Element> elements_;
};

}  // namespace tracevec
