#include "core/markdown_line.h"

#include <algorithm>

namespace tracevec {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kMaxIndent = 3;  // Four spaces make indented code.
constexpr std::size_t kMaxLevel = 6;
constexpr std::size_t kMinFence = 3;
constexpr std::size_t kMaxListDigits = 9;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool StartsWithBlank(std::string_view text) { return text.empty() || IsBlank(text.front()); }

std::string_view TrimBlanksBehind(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);  // npos + 1 is 0.
}

std::string_view TrimBlanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return TrimBlanksBehind(text);
}

/// The line without its indent, or empty when that is deeper than a block mark may have.
std::string_view WithoutIndent(std::string_view line) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  return indent > kMaxIndent ? std::string_view() : line.substr(indent);
}

std::size_t CountLeading(std::string_view text, char mark) {
  return std::min(text.find_first_not_of(mark), text.size());
}

/// "- ", "1. ", "2) " and the like.
bool StartsListItem(std::string_view text) {
  if (std::string_view("-+*").find(text.front()) != std::string_view::npos) {
    return StartsWithBlank(text.substr(1));
  }
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > kMaxListDigits || digits == text.size()) return false;
  return (text[digits] == '.' || text[digits] == ')') && StartsWithBlank(text.substr(digits + 1));
}

/// "---", "* * *".
bool IsThematicBreak(std::string_view text) {
  const char mark = text.front();
  if (mark != '-' && mark != '*' && mark != '_') return false;
  return std::all_of(text.begin(), text.end(), [mark](char c) { return c == mark || IsBlank(c); });
}

}  // namespace

std::optional<AtxHeading> ParseAtxHeading(std::string_view line) {
  line = WithoutIndent(line);
  const std::size_t level = CountLeading(line, '#');
  if (level == 0 || level > kMaxLevel || !StartsWithBlank(line.substr(level))) return std::nullopt;
  const std::string_view title = TrimBlanks(line.substr(level));
  // Closing marks count as such only behind white space: "# C#" is titled "C#".
  const std::string_view opened = title.substr(0, title.find_last_not_of('#') + 1);
  const bool closed = opened.empty() || IsBlank(opened.back());
  return AtxHeading{level, closed ? TrimBlanksBehind(opened) : title};
}

std::size_t SetextLevel(std::string_view line) {
  line = TrimBlanksBehind(WithoutIndent(line));
  if (line.empty() || (line.front() != '=' && line.front() != '-')) return 0;
  if (CountLeading(line, line.front()) != line.size()) return 0;
  return line.front() == '=' ? 1 : 2;
}

bool CanStartSetextTitle(std::string_view line) {
  line = WithoutIndent(line);
  if (line.empty() || line.front() == '\t' || line.front() == '>' || line.front() == '|') {
    return false;
  }
  return !StartsListItem(line) && !IsThematicBreak(line);
}

std::optional<CodeFence> ParseCodeFence(std::string_view line) {
  line = WithoutIndent(line);
  if (line.empty() || (line.front() != '`' && line.front() != '~')) return std::nullopt;
  const CodeFence fence{line.front(), CountLeading(line, line.front())};
  if (fence.length < kMinFence) return std::nullopt;
  // Backticks further on make it a code span: "```a```".
  const bool span = fence.mark == '`' && line.find('`', fence.length) != std::string_view::npos;
  return span ? std::nullopt : std::optional(fence);
}

bool ClosesCodeFence(std::string_view line, const CodeFence& fence) {
  line = TrimBlanksBehind(WithoutIndent(line));
  return line.size() >= fence.length && CountLeading(line, fence.mark) == line.size();
}

bool IsBlankLine(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

}  // namespace tracevec
