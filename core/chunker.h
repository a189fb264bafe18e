#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/status.h"

namespace tracevec {

/// A piece of a text: a span of code points, the same in bytes, and the headings above it.
struct TextPiece {
  Span span;
  Span bytes;
  std::string section;  ///< Headings joined by " > "; only the heading chunker fills it.
};

/// Checks strategy name and ranges (see Chunker). Errors: InvalidArgument with the nearest name.
Status CheckChunker(const Chunker& chunker);

/// Cuts a text with a built-in strategy. Pieces come in order, hold no leading or trailing white
/// space, are not empty, and never cut a code point (nor a grapheme cluster where one fits).
/// Every character that is not white space is in at least one piece. Pieces are at most
/// chunker.size code points; with overlap > 0 neighbours share up to that many code points.
/// Pure. Errors: InvalidArgument (invalid UTF-8, CheckChunker's, a strategy that is not built in).
Result<std::vector<TextPiece>> CutText(std::string_view text, const Chunker& chunker);

}  // namespace tracevec
