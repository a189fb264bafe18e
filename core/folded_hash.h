#pragma once

#include <string>
#include <string_view>

#include "core/content_hash.h"

namespace tracevec {

/// A text in lower case (ASCII letters alone), runs of white space as one space, none at both ends,
/// in place of what `folded` held. White space is ASCII's and U+00A0.
void FoldSpaceAndCase(std::string_view text, std::string* folded);

/// Hashes texts so that those are equal which differ in white space and in the case of ASCII
/// letters alone. Not thread-safe.
class FoldedHasher {
 public:
  ContentHash Hash(std::string_view text);

 private:
  std::string folded_;
};

}  // namespace tracevec
