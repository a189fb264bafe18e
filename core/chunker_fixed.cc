#include <utf8proc.h>

#include <algorithm>

#include "core/chunker_internal.h"

namespace tracevec {
namespace {

// The part of a window, from its end, in which a cut between words is preferred to a full window.
constexpr std::size_t kBreakFraction = 5;

unsigned ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

utf8proc_int32_t ToUtf8proc(char32_t code_point) {
  return static_cast<utf8proc_int32_t>(code_point);
}

/// Whether a grapheme cluster begins at `at` whatever stands further left. REQUIRES: a code point
/// on both sides.
bool IsCertainClusterStart(std::string_view text, std::size_t at) {
  const unsigned left = ByteAt(text, at - 1);
  const unsigned right = ByteAt(text, at);
  if (left < 0x80 && right < 0x80) return !(left == '\r' && right == '\n');
  const utf8proc_int32_t before = ToUtf8proc(DecodeBefore(text, at).value);
  // After a joiner or a mark the answer hangs on what it joins; two regional indicators count from
  // the start of their run, and utf8proc says no to them.
  const auto boundclass = utf8proc_get_property(before)->boundclass;
  if (boundclass == UTF8PROC_BOUNDCLASS_ZWJ || boundclass == UTF8PROC_BOUNDCLASS_EXTEND) {
    return false;
  }
  return utf8proc_grapheme_break(before, ToUtf8proc(DecodeAt(text, at).value));
}

/// The grapheme cluster boundaries around a position.
struct ClusterEdges {
  std::size_t before = 0;  ///< The last boundary at or before it.
  std::size_t after = 0;   ///< The first boundary at or after it.
};

/// REQUIRES: range.begin <= at <= range.end. The ends of `range` count as boundaries.
ClusterEdges FindClusterEdges(std::string_view text, ByteRange range, std::size_t at) {
  std::size_t cursor = at;
  while (cursor > range.begin && cursor < range.end && !IsCertainClusterStart(text, cursor)) {
    cursor -= DecodeBefore(text, cursor).length;
  }
  ClusterEdges edges{cursor, cursor};
  utf8proc_int32_t state = 0;
  while (edges.after < at) {
    const DecodedCodePoint left = DecodeAt(text, cursor);
    cursor += left.length;
    if (cursor < range.end &&
        !utf8proc_grapheme_break_stateful(ToUtf8proc(left.value),
                                          ToUtf8proc(DecodeAt(text, cursor).value), &state)) {
      continue;
    }
    edges.after = cursor;
    if (cursor <= at) edges.before = cursor;
  }
  return edges;
}

/// The last white space in [range.begin, range.end] that can end a window: its first byte, or
/// npos. Looks at the code point at range.end too, which must exist.
std::size_t FindLastWhiteSpace(std::string_view text, ByteRange range) {
  for (std::size_t at = range.end;;) {
    if (IsWhiteSpace(DecodeAt(text, at).value)) return at;
    if (at == range.begin) return std::string_view::npos;
    at -= DecodeBefore(text, at).length;
  }
}

/// Where the window that begins at range.begin ends: after it, at most `size` code points on.
std::size_t FindWindowEnd(CutContext& context, ByteRange range) {
  const std::size_t begin = context.index.ToCodePoint(range.begin);
  const std::size_t end = begin + context.size;
  if (end >= context.index.code_points()) return range.end;
  const std::size_t full = context.index.ToByte(end);
  if (full >= range.end) return range.end;
  const std::size_t earliest = context.index.ToByte(end - context.size / kBreakFraction);
  const std::size_t space = FindLastWhiteSpace(context.text, {earliest, full});
  if (space != std::string_view::npos) return space;
  const std::size_t boundary = FindClusterEdges(context.text, range, full).before;
  return boundary > range.begin ? boundary : full;  // A cluster longer than a chunk is cut.
}

/// Where the window after `unit` begins: `overlap` code points back, at the start of a word if one
/// starts in the first half of them, else at a cluster; or at `next`, which shares nothing.
std::size_t FindOverlapBegin(CutContext& context, const Unit& unit, std::size_t next) {
  if (context.overlap == 0 || unit.end - unit.begin <= context.overlap) return next;
  const std::string_view text = context.text;
  const std::size_t wanted = unit.end - context.overlap;
  const std::size_t at = context.index.ToByte(wanted);
  const std::size_t half = context.index.ToByte(wanted + context.overlap / 2);
  bool after_space = IsWhiteSpace(DecodeBefore(text, at).value);
  for (std::size_t word = at; word <= half;) {
    const DecodedCodePoint code_point = DecodeAt(text, word);
    const bool is_space = IsWhiteSpace(code_point.value);
    if (after_space && !is_space) return word;
    after_space = is_space;
    word += code_point.length;
  }
  const std::size_t boundary = FindClusterEdges(text, unit.bytes, at).after;
  if (boundary == unit.bytes.end) return next;
  return SkipWhiteSpace(text, {boundary, unit.bytes.end});
}

}  // namespace

void SplitFixed(CutContext& context, ByteRange range, std::vector<Unit>& units) {
  std::size_t begin = range.begin;
  std::size_t fresh = range.begin;  // The first character that no window holds yet.
  while (begin < range.end) {
    const std::size_t end = FindWindowEnd(context, {begin, range.end});
    if (end <= fresh && begin < fresh) {
      begin = fresh;  // The overlap left no room for the next cluster: do without.
      continue;
    }
    units.push_back(context.MakeUnit(Trim(context.text, {begin, end}), false));
    fresh = SkipWhiteSpace(context.text, {end, range.end});
    if (fresh == range.end) return;
    begin = FindOverlapBegin(context, units.back(), fresh);
  }
}

}  // namespace tracevec
