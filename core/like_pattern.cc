#include "core/like_pattern.h"

#include <algorithm>
#include <limits>

#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

std::size_t NextCodePoint(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

}  // namespace

Result<LikePattern> LikePattern::Compile(std::string_view pattern) {
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(pattern, "LIKE pattern"));
  LikePattern result;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '%') {
      // Two runs next to each other are one.
      if (result.elements_.empty() || result.elements_.back().kind != Element::Kind::kAnyRun) {
        result.elements_.push_back({Element::Kind::kAnyRun, '\0'});
      }
      continue;
    }
    if (c == '_') {
      result.elements_.push_back({Element::Kind::kOneCodePoint, '\0'});
      continue;
    }
    if (c == '\\') {
      if (++at == pattern.size()) {
        return Status::InvalidArgument(
            "the LIKE pattern ends with a single \\; write \\\\ for the character itself");
      }
      c = pattern[at];
    }
    result.elements_.push_back({Element::Kind::kByte, c});
    result.literal_ += c;
  }
  result.shape_ = result.FindShape();
  return result;
}

LikePattern::Shape LikePattern::FindShape() const {
  const std::size_t wildcards = elements_.size() - literal_.size();
  if (wildcards == 0) return Shape::kExact;
  const bool first = elements_.front().kind == Element::Kind::kAnyRun;
  const bool last = elements_.back().kind == Element::Kind::kAnyRun;
  if (wildcards == 1 && last) return Shape::kPrefix;
  if (wildcards == 1 && first) return Shape::kSuffix;
  if (wildcards == 2 && first && last) return Shape::kSubstring;
  return Shape::kGeneral;
}

bool LikePattern::Matches(std::string_view text) const {
  switch (shape_) {
    case Shape::kExact: return text == literal_;
    case Shape::kPrefix: return text.starts_with(literal_);
    case Shape::kSuffix: return text.ends_with(literal_);
    case Shape::kSubstring: return text.find(literal_) != std::string_view::npos;
    case Shape::kGeneral: return MatchesElements(text);
  }
  return false;
}

// When a match fails, only the last run seen needs to grow: an earlier one already took the
// leftmost place for what follows it, and a later place would leave the rest less text. So there
// is one point of return and the cost is bounded by a product, never exponential.
bool LikePattern::MatchesElements(std::string_view text) const {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::size_t at = 0;
  std::size_t element = 0;
  std::size_t run = kNone;  // The last run in the pattern that was passed,
  std::size_t run_end = 0;  // and where in the text it ends by now.
  while (at < text.size()) {
    const bool more = element < elements_.size();
    if (more && elements_[element].kind == Element::Kind::kAnyRun) {
      run = element++;
      run_end = at;
    } else if (more && elements_[element].kind == Element::Kind::kOneCodePoint) {
      at = NextCodePoint(text, at);
      ++element;
    } else if (more && elements_[element].byte == text[at]) {
      ++at;
      ++element;
    } else if (run != kNone) {
      run_end = NextCodePoint(text, run_end);
      at = run_end;
      element = run + 1;
    } else {
      return false;
    }
  }
  return std::all_of(elements_.begin() + static_cast<std::ptrdiff_t>(element), elements_.end(),
                     [](const Element& rest) { return rest.kind == Element::Kind::kAnyRun; });
}

}  // namespace tracevec
