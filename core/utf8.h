#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tracevec/status.h"

namespace tracevec {

/// Byte offset of the first byte that is not valid UTF-8 (overlong forms, surrogates and code
/// points past U+10FFFF are invalid), or nothing when all is.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);
/// InvalidArgument naming `what` and the offset, or OK.
Status CheckUtf8(std::string_view text, std::string_view what);

/// Number of code points. REQUIRES: valid UTF-8.
std::size_t CountCodePoints(std::string_view text);

/// Turns code point offsets into byte offsets. Offsets may be asked in any order; ascending ones
/// cost one pass over the text in all (an ASCII text costs nothing).
/// REQUIRES: valid UTF-8 that outlives this. Not thread-safe.
class CodePointIndex {
 public:
  explicit CodePointIndex(std::string_view text);
  std::size_t code_points() const { return code_points_; }
  /// Byte offset of a code point; code_points() gives text.size(). REQUIRES: at most that.
  std::size_t ToByte(std::size_t code_point);
  /// Code point at a byte offset that starts a code point (or text.size()).
  std::size_t ToCodePoint(std::size_t byte);

 private:
  void MoveTo(std::size_t code_point);

  std::string_view text_;
  std::size_t code_points_ = 0;
  bool ascii_ = false;
  std::size_t at_code_point_ = 0;  // The cursor: at_code_point_ starts at byte at_byte_.
  std::size_t at_byte_ = 0;
};

}  // namespace tracevec
