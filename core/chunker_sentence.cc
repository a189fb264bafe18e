#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/chunker_internal.h"

namespace tracevec {
namespace {

enum class ByteClass : std::uint8_t { kPlain, kNewline, kStop, kLeadOfStop };

// One lookup a byte decides for all but a few bytes in a hundred that no sentence ends here.
constexpr std::array<ByteClass, 256> MakeByteClasses() {
  std::array<ByteClass, 256> classes{};
  classes['\n'] = ByteClass::kNewline;
  for (const unsigned char stop : {'.', '!', '?'}) classes[stop] = ByteClass::kStop;
  // First bytes of the stops of StopKindOf in UTF-8.
  for (const unsigned lead : {0xD8u, 0xDBu, 0xE0u, 0xE3u, 0xEFu}) {
    classes[lead] = ByteClass::kLeadOfStop;
  }
  return classes;
}
constexpr std::array<ByteClass, 256> kByteClasses = MakeByteClasses();

enum class StopKind : std::uint8_t {
  kNone,
  kSpaced,       ///< Ends a sentence where white space follows.
  kIdeographic,  ///< Ends a sentence whatever follows: such scripts put no spaces.
};

StopKind StopKindOf(char32_t code_point) {
  switch (code_point) {
    case '.':
    case '!':
    case '?':
    case 0x061F:
    case 0x06D4:  // Arabic question mark and full stop.
    case 0x0964:
    case 0x0965:  // Danda and double danda.
      return StopKind::kSpaced;
    case 0x3002:
    case 0xFF01:
    case 0xFF1F:
    case 0xFF61: return StopKind::kIdeographic;
    default: return StopKind::kNone;
  }
}

/// What may stand between the stop and the white space: quotes, brackets, Markdown emphasis.
bool IsCloser(char32_t code_point) {
  switch (code_point) {
    case '"':
    case '\'':
    case ')':
    case ']':
    case '}':
    case '*':
    case '_':
    case 0x00BB:
    case 0x2019:
    case 0x201D:
    case 0x203A:
    case 0x3009:
    case 0x300B:
    case 0x300D:
    case 0x300F:
    case 0x3011:
    case 0xFF09: return true;
    default: return false;
  }
}

bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Those that are followed by more of the sentence nearly always; "etc." and "Inc." are not.
constexpr std::array<std::string_view, 18> kAbbreviations = {
    "al",  "approx", "cf", "ca",   "dr",  "eq", "fig", "gen", "mr",
    "mrs", "ms",     "pp", "prof", "sec", "st", "viz", "vol", "vs"};
constexpr std::size_t kLongestAbbreviation = 6;

/// Whether the full stop at `at` belongs to the word before it: "Dr.", "e.g.", the initial in
/// "J. Smith".
bool EndsAbbreviation(std::string_view text, std::size_t begin, std::size_t at) {
  const std::size_t furthest = at - std::min(at - begin, kLongestAbbreviation + 1);
  std::size_t word_begin = at;
  bool inner_stop = false;
  while (word_begin > furthest &&
         (IsAsciiLetter(text[word_begin - 1]) || text[word_begin - 1] == '.')) {
    inner_stop = inner_stop || text[word_begin - 1] == '.';
    --word_begin;
  }
  const std::size_t length = at - word_begin;
  if (length == 0 || length > kLongestAbbreviation) return false;
  const bool part_of_word =
      word_begin > begin && (IsDigit(text[word_begin - 1]) || (text[word_begin - 1] & 0x80) != 0);
  if (part_of_word) return false;
  if (inner_stop) return length >= 3 && text[at - 2] == '.';  // "e.g", "U.S"; not "file.txt".
  if (length == 1) {
    return text[word_begin] >= 'A' && text[word_begin] <= 'Z' && text[word_begin] != 'I';
  }
  std::array<char, kLongestAbbreviation> folded{};
  for (std::size_t i = 0; i < length; ++i) {
    folded[i] = static_cast<char>(text[word_begin + i] | 0x20);
  }
  const std::string_view word(folded.data(), length);
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

/// Whether the full stop at `at` ends the number of a list item: "  12. Item".
bool EndsListNumber(std::string_view text, std::size_t begin, std::size_t at) {
  constexpr std::size_t kMaxDigits = 3;  // "1999." at the start of a line is a year.
  std::size_t cursor = at;
  while (cursor > begin && IsDigit(text[cursor - 1])) --cursor;
  if (cursor == at || at - cursor > kMaxDigits) return false;
  while (cursor > begin && (text[cursor - 1] == ' ' || text[cursor - 1] == '\t')) --cursor;
  return cursor == begin || text[cursor - 1] == '\n';
}

struct StopRun {
  std::size_t end = 0;  ///< Behind the stops and what closes after them.
  bool ends_sentence = false;
};

/// Reads the stops and closers at `at`, such as `?!")`, and decides whether they end a sentence.
StopRun ReadStops(std::string_view text, ByteRange range, std::size_t at) {
  StopKind kind = StopKind::kNone;
  char32_t last = 0;
  std::size_t cursor = at;
  bool closed = false;
  while (cursor < range.end) {
    const DecodedCodePoint code_point = DecodeAt(text, cursor);
    const StopKind next = closed ? StopKind::kNone : StopKindOf(code_point.value);
    if (next == StopKind::kNone) {
      if (kind == StopKind::kNone || !IsCloser(code_point.value)) break;
      closed = true;
    } else {
      kind = next;
    }
    last = code_point.value;
    cursor += code_point.length;
  }
  if (kind == StopKind::kNone) return {at + DecodeAt(text, at).length, false};
  if (cursor == range.end) return {cursor, true};
  const char32_t following = DecodeAt(text, cursor).value;
  if (!IsWhiteSpace(following)) {
    // A variation selector or a mark that follows belongs to the stop.
    const bool free = utf8proc_grapheme_break(static_cast<utf8proc_int32_t>(last),
                                              static_cast<utf8proc_int32_t>(following));
    return {cursor, kind == StopKind::kIdeographic && free};
  }
  const bool lone_full_stop = text[at] == '.' && cursor == at + 1;
  const bool inside = lone_full_stop && (EndsAbbreviation(text, range.begin, at) ||
                                         EndsListNumber(text, range.begin, at));
  return {cursor, !inside};
}

/// Skips white space from `at` on; true when there is nothing else on the line.
bool RestOfLineIsBlank(std::string_view text, std::size_t end, std::size_t& at) {
  while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) ++at;
  return at == end || text[at] == '\n';
}

}  // namespace

std::size_t FindSentenceEnd(std::string_view text, ByteRange range) {
  std::size_t at = range.begin;
  while (at < range.end) {
    switch (kByteClasses[static_cast<unsigned char>(text[at])]) {
      case ByteClass::kPlain: ++at; break;
      case ByteClass::kNewline: {
        const std::size_t newline = at++;
        if (RestOfLineIsBlank(text, range.end, at)) return newline;
        break;
      }
      case ByteClass::kStop:
      case ByteClass::kLeadOfStop: {
        const StopRun run = ReadStops(text, range, at);
        if (run.ends_sentence) return run.end;
        at = run.end;
        break;
      }
    }
  }
  return range.end;
}

void SplitSentences(CutContext& context, ByteRange range, std::vector<Unit>& units) {
  range = Trim(context.text, range);
  while (!range.empty()) {
    const std::size_t end = FindSentenceEnd(context.text, range);
    const ByteRange sentence = Trim(context.text, {range.begin, end});
    const Unit unit = context.MakeUnit(sentence, false);
    if (unit.end - unit.begin <= context.size) {
      units.push_back(unit);
    } else {
      SplitFixed(context, sentence, units);
    }
    range.begin = SkipWhiteSpace(context.text, {end, range.end});
  }
}

}  // namespace tracevec
