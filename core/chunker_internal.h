#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/chunker.h"
#include "core/utf8.h"

// How the built-in chunkers share their work: each level splits a range of bytes into units that
// fit a chunk, and hands a range that does not fit to the level below (paragraph, sentence, fixed
// window). Units are then packed, in order, into pieces.

namespace tracevec {

/// A half-open range of bytes of the text. Both ends lie between code points.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool empty() const { return begin == end; }
};

/// A stretch of text that is kept in one piece. Trimmed, not empty, at most one chunk long.
struct Unit {
  ByteRange bytes;
  std::size_t begin = 0;  ///< The same in code points.
  std::size_t end = 0;
  bool prose = false;  ///< A paragraph of sentences: overlap may begin inside it.
};

/// What all levels need: the text, the limits, and the way from bytes to code points.
struct CutContext {
  std::string_view text;
  std::size_t size = 0;
  std::size_t overlap = 0;
  CodePointIndex index;

  CutContext(std::string_view whole, const Chunker& chunker)
      : text(whole), size(chunker.size), overlap(chunker.overlap), index(whole) {}

  /// REQUIRES: `bytes` is trimmed and not empty.
  Unit MakeUnit(ByteRange bytes, bool prose) {
    const std::size_t begin = index.ToCodePoint(bytes.begin);
    return {bytes, begin, index.ToCodePoint(bytes.end), prose};
  }
};

/// A code point and the bytes it takes.
struct DecodedCodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};

/// REQUIRES: valid UTF-8, and a code point that starts at `at`.
DecodedCodePoint DecodeAt(std::string_view text, std::size_t at);
/// The code point that ends at `at`. REQUIRES: valid UTF-8, at > 0.
DecodedCodePoint DecodeBefore(std::string_view text, std::size_t at);

/// Unicode's White_Space property.
bool IsWhiteSpace(char32_t code_point);
/// First byte in `range` that is not white space, or its end.
std::size_t SkipWhiteSpace(std::string_view text, ByteRange range);
/// The range without white space at both ends.
ByteRange Trim(std::string_view text, ByteRange range);

/// Appends windows of at most `size` code points that share up to `overlap`.
void SplitFixed(CutContext& context, ByteRange range, std::vector<Unit>& units);
/// Appends sentences; one that is longer than a chunk is split into windows.
void SplitSentences(CutContext& context, ByteRange range, std::vector<Unit>& units);
/// The first sentence of a trimmed range: where it ends, at most the range's end.
std::size_t FindSentenceEnd(std::string_view text, ByteRange range);

/// Packs units greedily into pieces of at most `size` code points. With overlap a piece begins
/// with the last units, or sentences of the last unit, of the piece before.
void PackUnits(CutContext& context, const std::vector<Unit>& units, std::string_view section,
               std::vector<TextPiece>& pieces);

/// Markdown: sections by heading, paragraphs and fenced code packed within a section.
std::vector<TextPiece> CutByHeading(CutContext& context);

}  // namespace tracevec
