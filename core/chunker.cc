#include "core/chunker.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/chunker_internal.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, 3> kStrategies = {"heading", "sentence", "fixed"};
constexpr std::uint32_t kMinSize = 16;
constexpr std::uint32_t kMaxSize = 1'000'000;

TextPiece MakePiece(const Unit& first, const Unit& last, std::string_view section) {
  return {Span{first.begin, last.end}, Span{first.bytes.begin, last.bytes.end},
          std::string(section)};
}

/// The part of the closed piece units[first, next) that the next piece, whose first new unit is
/// units[next], begins with; or units[next] itself when no part is both within the overlap and
/// short enough to leave room for the new unit.
Unit FindOverlap(CutContext& context, const std::vector<Unit>& units, std::size_t piece_begin,
                 std::size_t first, std::size_t next) {
  const std::size_t piece_end = units[next - 1].end;
  const std::size_t needed_end = units[next].end;
  const auto fits = [&](std::size_t begin) {
    return begin > piece_begin && begin < units[next].begin &&
           piece_end - std::min(begin, piece_end) <= context.overlap &&
           needed_end - begin <= context.size;
  };
  Unit overlap = units[next];
  std::size_t k = next;
  while (k > first && fits(units[k - 1].begin)) overlap = units[--k];
  if (k == first || !units[k - 1].prose) return overlap;
  // The unit before is too long as a whole: take the longest run of sentences at its end.
  ByteRange rest = units[k - 1].bytes;
  while (!rest.empty()) {
    const std::size_t begin = context.index.ToCodePoint(rest.begin);
    if (fits(begin)) return {rest, begin, units[k - 1].end, true};
    rest.begin = SkipWhiteSpace(context.text, {FindSentenceEnd(context.text, rest), rest.end});
  }
  return overlap;
}

}  // namespace

void PackUnits(CutContext& context, const std::vector<Unit>& units, std::string_view section,
               std::vector<TextPiece>& pieces) {
  if (units.empty()) return;
  Unit start = units.front();  // What the open piece begins with.
  std::size_t first = 0;       // The first unit in the open piece as a whole or in part.
  for (std::size_t next = 1; next < units.size(); ++next) {
    if (units[next].end - start.begin <= context.size) continue;
    pieces.push_back(MakePiece(start, units[next - 1], section));
    const std::size_t closed_begin = start.begin;
    start =
        context.overlap == 0 ? units[next] : FindOverlap(context, units, closed_begin, first, next);
    while (units[first].end <= start.begin) ++first;
  }
  pieces.push_back(MakePiece(start, units.back(), section));
}

Status CheckChunker(const Chunker& chunker) {
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(chunker.strategy, "chunker: strategy"));
  if (std::find(kStrategies.begin(), kStrategies.end(), chunker.strategy) == kStrategies.end()) {
    const std::vector<std::string> known(kStrategies.begin(), kStrategies.end());
    return Status::InvalidArgument("chunker: unknown strategy '" + chunker.strategy + "'" +
                                   DidYouMean(chunker.strategy, known) +
                                   "; built in: heading, sentence, fixed; with any other the "
                                   "document's chunks must be given");
  }
  if (chunker.size < kMinSize || chunker.size > kMaxSize) {
    return Status::InvalidArgument("chunker: size: expected " + std::to_string(kMinSize) + " to " +
                                   std::to_string(kMaxSize) + ", got " +
                                   std::to_string(chunker.size));
  }
  if (chunker.overlap > chunker.size / 2) {
    return Status::InvalidArgument("chunker: overlap: expected at most half the size, " +
                                   std::to_string(chunker.size / 2) + ", got " +
                                   std::to_string(chunker.overlap));
  }
  return Status::Ok();
}

Result<std::vector<TextPiece>> CutText(std::string_view text, const Chunker& chunker) {
  TRACEVEC_RETURN_IF_ERROR(CheckChunker(chunker));
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(text, "text"));
  CutContext context(text, chunker);
  if (chunker.strategy == "heading") return CutByHeading(context);

  const ByteRange whole = Trim(text, {0, text.size()});
  std::vector<Unit> units;
  std::vector<TextPiece> pieces;
  if (chunker.strategy == "sentence") {
    SplitSentences(context, whole, units);
    PackUnits(context, units, "", pieces);
  } else {
    SplitFixed(context, whole, units);
    pieces.reserve(units.size());
    for (const Unit& unit : units) pieces.push_back(MakePiece(unit, unit, ""));
  }
  return pieces;
}

}  // namespace tracevec
