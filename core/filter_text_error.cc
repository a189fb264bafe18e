#include "core/filter_text_error.h"

#include <string>

#include "core/utf8.h"

namespace tracevec {
namespace {

// Code points shown on each side of the caret: with both marks and the indent a line stays under
// 80 columns, the width of a terminal.
constexpr std::size_t kShownEachSide = 34;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t StepBack(std::string_view text, std::size_t at, std::size_t code_points) {
  while (at > 0 && code_points > 0) {
    --at;
    if (!IsContinuation(text[at])) --code_points;
  }
  return at;
}

std::size_t StepForward(std::string_view text, std::size_t at, std::size_t code_points) {
  while (at < text.size() && code_points > 0) {
    ++at;
    while (at < text.size() && IsContinuation(text[at])) ++at;
    --code_points;
  }
  return at;
}

// Line ends and other control characters would move the caret away from what it points at.
std::string OnOneLine(std::string_view text) {
  std::string line(text);
  for (char& byte : line) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) byte = ' ';
  }
  return line;
}

}  // namespace

Status FilterTextError(std::string_view text, std::size_t at, std::string_view message) {
  const std::size_t begin = StepBack(text, at, kShownEachSide);
  const std::size_t end = StepForward(text, at, kShownEachSide);
  const std::string_view before = text.substr(begin, at - begin);
  const std::string indent = begin > 0 ? "  ..." : "  ";

  std::string result = "filter: position ";
  result += std::to_string(CountCodePoints(text.substr(0, at)) + 1);
  result.append(": ").append(message).append("\n");
  result.append(indent).append(OnOneLine(text.substr(begin, end - begin)));
  if (end < text.size()) result += "...";
  result.append("\n").append(indent.size() + CountCodePoints(before), ' ').append("^");
  return Status::InvalidArgument(std::move(result));
}

}  // namespace tracevec
