#pragma once

#include <string>
#include <string_view>

namespace tracevec {

/// A word as it is compared: compatibility forms replaced, case folded, composed (NFKC with
/// Unicode case folding, invisible characters dropped), in place of what `folded` held. ASCII, and
/// everything that utf8proc refuses, is lower-cased byte by byte.
void FoldWord(std::string_view word, std::string* folded);

/// Drops the marks of Latin and Greek letters ("café" becomes "cafe"), in place. A word with other
/// letters, or of marks alone, stays as it is.
void StripMarks(std::string* word);

/// At most `bytes` of a word, cut between code points.
std::string_view CutWord(std::string_view word, std::size_t bytes);

}  // namespace tracevec
