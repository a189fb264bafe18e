#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tracevec {

// What a line of Markdown is by itself, after CommonMark. Lines come without their line ending.

/// "## Title ##".
struct AtxHeading {
  std::size_t level = 0;   ///< 1 to 6.
  std::string_view title;  ///< Without the marks and the white space around it; may be empty.
};
std::optional<AtxHeading> ParseAtxHeading(std::string_view line);

/// 1 for "===", 2 for "---", 0 for any other line. Whether it makes a heading of the paragraph
/// before it is decided by that paragraph.
std::size_t SetextLevel(std::string_view line);
/// Whether a paragraph that begins with this line can be a setext heading's title. Quotes, list
/// items, tables, thematic breaks and indented code cannot.
bool CanStartSetextTitle(std::string_view line);

/// The line that opens a fenced code block: "```cpp", "~~~".
struct CodeFence {
  char mark = '`';
  std::size_t length = 0;  ///< The closing fence has at least as many marks.
};
std::optional<CodeFence> ParseCodeFence(std::string_view line);
bool ClosesCodeFence(std::string_view line, const CodeFence& fence);

/// Nothing but spaces and tabs.
bool IsBlankLine(std::string_view line);

}  // namespace tracevec
