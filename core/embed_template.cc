#include "core/embed_template.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/nearest_name.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

constexpr std::array<std::string_view, 3> kPlaceholders = {"title", "section", "text"};
enum Placeholder : std::size_t { kTitle, kSection, kText };

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name when `tmpl` starts with "{name}", or empty.
std::string_view LeadingName(std::string_view tmpl) {
  const auto end = std::find_if_not(tmpl.begin() + 1, tmpl.end(), IsNameCharacter);
  if (end == tmpl.end() || *end != '}') return {};
  return tmpl.substr(1, static_cast<std::size_t>(end - tmpl.begin()) - 1);
}

std::optional<Placeholder> FindPlaceholder(std::string_view name) {
  const auto found = std::find(kPlaceholders.begin(), kPlaceholders.end(), name);
  if (found == kPlaceholders.end()) return std::nullopt;
  return static_cast<Placeholder>(found - kPlaceholders.begin());
}

}  // namespace

std::string FillEmbedTemplate(std::string_view tmpl, std::string_view title,
                              std::string_view section, std::string_view text) {
  if (tmpl == "{text}") return std::string(text);
  const std::array<std::string_view, 3> values = {title, section, text};
  std::string filled;
  filled.reserve(tmpl.size() + title.size() + section.size() + text.size());
  while (!tmpl.empty()) {
    const std::size_t brace = std::min(tmpl.find('{'), tmpl.size());
    filled += tmpl.substr(0, brace);
    tmpl.remove_prefix(brace);
    if (tmpl.empty()) break;
    const std::string_view name = LeadingName(tmpl);
    if (const auto placeholder = FindPlaceholder(name)) {
      filled += values[*placeholder];
      tmpl.remove_prefix(name.size() + 2);
    } else {
      filled += '{';
      tmpl.remove_prefix(1);
    }
  }
  return filled;
}

Status CheckEmbedTemplate(std::string_view tmpl) {
  if (Status status = CheckUtf8(tmpl, "embed_template"); !status.ok()) return status;
  bool has_text = false;
  for (std::size_t brace = tmpl.find('{'); brace != std::string_view::npos;
       brace = tmpl.find('{', brace + 1)) {
    const std::string_view name = LeadingName(tmpl.substr(brace));
    if (name.empty()) continue;
    const auto placeholder = FindPlaceholder(name);
    if (!placeholder) {
      const std::vector<std::string> known(kPlaceholders.begin(), kPlaceholders.end());
      return Status::InvalidArgument("embed_template: unknown placeholder {" + std::string(name) +
                                     "}" + DidYouMean(name, known) +
                                     "; known: {title}, {section}, {text}");
    }
    has_text = has_text || *placeholder == kText;
  }
  if (has_text) return Status::Ok();
  return Status::InvalidArgument(
      "embed_template: {text} is missing, so all chunks of a section would get one vector");
}

}  // namespace tracevec
