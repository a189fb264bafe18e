#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/chunker_internal.h"
#include "core/markdown_line.h"

namespace tracevec {
namespace {

constexpr std::size_t kMaxLevel = 6;
// A section's path is stored with each of its chunks, so a "title" that is a whole page cannot be
// let in. The longest title of 4,083 pages of C++ documentation has 206 bytes.
constexpr std::size_t kMaxTitleBytes = 512;

/// The line that begins at `begin`, without its line ending, and where the next one begins.
struct Line {
  ByteRange bytes;
  std::size_t next = 0;
};

Line ReadLine(std::string_view text, ByteRange range) {
  const std::size_t newline = text.find('\n', range.begin);
  if (newline >= range.end) return {range, range.end};
  const bool crlf = newline > range.begin && text[newline - 1] == '\r';
  return {{range.begin, newline - (crlf ? 1 : 0)}, newline + 1};
}

/// A title on one line, of bounded length.
std::string CleanTitle(std::string_view title) {
  std::string clean;
  for (const char c : title.substr(0, kMaxTitleBytes)) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) {
      clean += c;
    } else if (!clean.empty() && clean.back() != ' ') {
      clean += ' ';
    }
  }
  // The bound may have cut a code point.
  if (title.size() > kMaxTitleBytes) clean.resize(FindInvalidUtf8(clean).value_or(clean.size()));
  if (!clean.empty() && clean.back() == ' ') clean.pop_back();
  return clean;
}

/// Reads a text line by line and cuts it section by section.
class HeadingCutter {
 public:
  explicit HeadingCutter(CutContext& context) : context_(context), text_(context.text) {}

  std::vector<TextPiece> Cut() {
    for (ByteRange rest{0, text_.size()}; !rest.empty();) {
      const Line line = ReadLine(text_, rest);
      AddLine(line.bytes);
      rest.begin = line.next;
    }
    CloseParagraph();
    CloseCode(text_.size());  // A fence that is never closed runs to the end.
    CloseSection();
    return std::move(pieces_);
  }

 private:
  std::string_view Slice(ByteRange bytes) const {
    return text_.substr(bytes.begin, bytes.end - bytes.begin);
  }

  void AddLine(ByteRange bytes) {
    const std::string_view line = Slice(bytes);
    if (fence_) {
      if (ClosesCodeFence(line, *fence_)) CloseCode(bytes.end);
    } else if (IsBlankLine(line)) {
      CloseParagraph();
    } else if (const auto heading = ParseAtxHeading(line)) {
      CloseParagraph();
      OpenSection(heading->level, heading->title, bytes);
    } else if (const auto fence = ParseCodeFence(line)) {
      CloseParagraph();
      fence_ = fence;
      code_begin_ = bytes.begin;
    } else if (const std::size_t level = SetextLevel(line); level > 0 && ParagraphCanBeTitle()) {
      const ByteRange title = *std::exchange(paragraph_, std::nullopt);
      OpenSection(level, Slice(title), {title.begin, bytes.end});
    } else if (paragraph_) {
      paragraph_->end = bytes.end;
    } else {
      paragraph_ = bytes;
    }
  }

  bool ParagraphCanBeTitle() const {
    return paragraph_ && CanStartSetextTitle(Slice(ReadLine(text_, *paragraph_).bytes));
  }

  void OpenSection(std::size_t level, std::string_view title, ByteRange heading) {
    CloseSection();
    titles_[level - 1] = CleanTitle(title);
    std::fill(titles_.begin() + static_cast<std::ptrdiff_t>(level), titles_.end(), std::string());
    section_.clear();
    for (const std::string& part : titles_) {
      if (part.empty()) continue;
      if (!section_.empty()) section_ += " > ";
      section_ += part;
    }
    AddProse(heading);
    heading_units_ = units_.size();
  }

  void CloseSection() {
    PackUnits(context_, units_, section_, pieces_);
    units_.clear();
    heading_units_ = 0;
  }

  void CloseParagraph() {
    if (const auto paragraph = std::exchange(paragraph_, std::nullopt)) AddProse(*paragraph);
  }

  void AddProse(ByteRange bytes) {
    bytes = Trim(text_, bytes);
    if (bytes.empty()) return;
    const Unit unit = context_.MakeUnit(bytes, true);
    // A paragraph that fits alone but not with the heading above it is cut too, so that no chunk
    // is a bare heading.
    const bool follows_heading = heading_units_ > 0 && units_.size() == heading_units_;
    const std::size_t begin = follows_heading ? units_.back().begin : unit.begin;
    if (unit.end - begin <= context_.size) {
      units_.push_back(unit);
    } else {
      SplitSentences(context_, bytes, units_);
    }
  }

  void CloseCode(std::size_t end) {
    if (!std::exchange(fence_, std::nullopt)) return;
    ByteRange code = Trim(text_, {code_begin_, end});
    if (AddIfItFits(code)) return;
    while (!code.empty()) {
      const Line line = ReadLine(text_, code);
      const ByteRange bytes = Trim(text_, line.bytes);
      if (!bytes.empty() && !AddIfItFits(bytes)) SplitFixed(context_, bytes, units_);
      code.begin = line.next;
    }
  }

  /// REQUIRES: trimmed and not empty.
  bool AddIfItFits(ByteRange bytes) {
    const Unit unit = context_.MakeUnit(bytes, false);
    if (unit.end - unit.begin > context_.size) return false;
    units_.push_back(unit);
    return true;
  }

  CutContext& context_;
  std::string_view text_;
  std::array<std::string, kMaxLevel> titles_;  // Of the open sections, by level.
  std::string section_;
  std::vector<Unit> units_;             // Of the open section.
  std::size_t heading_units_ = 0;       // How many of them are its heading line.
  std::optional<ByteRange> paragraph_;  // The open paragraph, without a line ending.
  std::optional<CodeFence> fence_;      // The open fence, which began at code_begin_.
  std::size_t code_begin_ = 0;
  std::vector<TextPiece> pieces_;
};

}  // namespace

std::vector<TextPiece> CutByHeading(CutContext& context) { return HeadingCutter(context).Cut(); }

}  // namespace tracevec
