#include "core/prompt_template.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "core/content_hash.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "core/utf8.h"

namespace tracevec {
namespace {

constexpr std::string_view kDefaultTemplate =
    "Answer the question from the passages below, and name those you used by number.\n"
    "\n"
    "{#passages}\n"
    "[{number}] {document} {section}\n"
    "{text}\n"
    "\n"
    "{/passages}\n"
    "Question: {query}\n";
constexpr std::string_view kMetaPrefix = "meta.";
constexpr std::string_view kOpen = "#passages";
constexpr std::string_view kClose = "/passages";

void AppendNumber(std::optional<std::uint64_t> number, std::string* out) {
  if (number) fmt::format_to(std::back_inserter(*out), "{}", *number);
}

void AppendMetadata(const Metadata& metadata, const std::string& name, std::string* out) {
  const auto found = metadata.find(name);
  if (found == metadata.end() || found->second.is_null()) return;
  const std::string* text = found->second.AsString();
  *out += text != nullptr ? *text : found->second.ToJson();
}

void AppendChunks(const Passage& passage, std::string* out) {
  std::string_view between;
  for (const Citation& citation : passage.citations) {
    if (citation.role == CitationRole::kDuplicate) continue;
    out->append(between).append(citation.chunk);
    between = ", ";
  }
}

}  // namespace

/// Reads a template from start to end.
class PromptTemplateParser {
 public:
  PromptTemplateParser(std::string_view text, PromptTemplate* parsed)
      : text_(text), parsed_(parsed) {
    parsed_->sections_.emplace_back();
  }

  Status Parse() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool doubled = at_ + 1 < text_.size() && text_[at_ + 1] == c;
      if ((c == '{' || c == '}') && doubled) {
        AddLiteral(c);
        at_ += 2;
      } else if (c == '{') {
        TRACEVEC_RETURN_IF_ERROR(ParseName());
      } else if (c == '}') {
        return Wrong("a '}' that closes nothing; write }} for a brace");
      } else {
        AddLiteral(c);
        ++at_;
      }
    }
    if (section().repeated) return Wrong("{#passages} is not closed; write {/passages} behind it");
    if (!has_passages_) return Wrong("it has no {#passages} ... {/passages}");
    return Status::Ok();
  }

 private:
  using Part = PromptTemplate::Part;

  PromptTemplate::Section& section() { return parsed_->sections_.back(); }

  Status Wrong(std::string_view what) const {
    const auto line =
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    return Status::InvalidArgument(fmt::format("template: line {}: {}", line + 1, what));
  }

  void AddLiteral(char c) {
    std::vector<PromptTemplate::Piece>& pieces = section().pieces;
    if (pieces.empty() || pieces.back().part != Part::kLiteral) pieces.emplace_back();
    pieces.back().text += c;
  }

  Status ParseName() {
    const std::size_t close = text_.find_first_of("{}\n", at_ + 1);
    if (close == std::string_view::npos || text_[close] != '}') {
      return Wrong("a '{' that is not closed; write {{ for a brace");
    }
    const std::string name(text_.substr(at_ + 1, close - at_ - 1));
    if (name == kOpen || name == kClose) return ParseMark(name == kOpen, close + 1);
    TRACEVEC_RETURN_IF_ERROR(AddName(name));
    at_ = close + 1;
    return Status::Ok();
  }

  Status ParseMark(bool opens, std::size_t behind) {
    if (opens == section().repeated) {
      return Wrong(opens ? "{#passages} within another" : "{/passages} without {#passages}");
    }
    parsed_->sections_.emplace_back().repeated = opens;
    has_passages_ = true;
    at_ = behind;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    return Status::Ok();
  }

  Status AddName(const std::string& name) {
    const auto& names = PromptTemplate::Names();
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const auto& each) { return each.first == name; });
    const bool is_meta = name.starts_with(kMetaPrefix) && name.size() > kMetaPrefix.size();
    if (found == names.end() && !is_meta) return NoSuchName(name);
    const Part part = is_meta ? Part::kMeta : found->second;
    if (part != Part::kQuery && !section().repeated) {
      return Wrong(
          fmt::format("{{{}}} is of a passage: it stands between {{#passages}} and "
                      "{{/passages}}",
                      name));
    }
    section().pieces.push_back({part, is_meta ? name.substr(kMetaPrefix.size()) : std::string()});
    return Status::Ok();
  }

  Status NoSuchName(const std::string& name) const {
    std::vector<std::string> known = {std::string(kOpen), std::string(kClose)};
    for (const auto& [each, part] : PromptTemplate::Names()) known.push_back(each);
    return Wrong(fmt::format("no {{{}}}{}; there are {}, and meta.NAME", name,
                             DidYouMean(name, known), fmt::join(known, ", ")));
  }

  std::string_view text_;
  PromptTemplate* parsed_;
  std::size_t at_ = 0;
  bool has_passages_ = false;
};

const std::vector<std::pair<std::string, PromptTemplate::Part>>& PromptTemplate::Names() {
  static const std::vector<std::pair<std::string, Part>> names = {
      {"query", Part::kQuery},       {"number", Part::kNumber},   {"text", Part::kText},
      {"document", Part::kDocument}, {"version", Part::kVersion}, {"collection", Part::kCollection},
      {"section", Part::kSection},   {"page", Part::kPage},       {"score", Part::kScore},
      {"tokens", Part::kTokens},     {"start", Part::kStart},     {"end", Part::kEnd},
      {"chunk", Part::kChunk},       {"chunks", Part::kChunks}};
  return names;
}

std::string_view PromptTemplate::Default() { return kDefaultTemplate; }

Result<PromptTemplate> PromptTemplate::Parse(std::string_view text) {
  if (text.empty()) text = kDefaultTemplate;
  TRACEVEC_RETURN_IF_ERROR(CheckUtf8(text, "template"));
  PromptTemplate parsed;
  TRACEVEC_RETURN_IF_ERROR(PromptTemplateParser(text, &parsed).Parse());
  parsed.hash_ = HashContent(text).ToHex();
  return parsed;
}

void PromptTemplate::RenderPiece(const Piece& piece, std::string_view query, const Passage* passage,
                                 std::size_t number, std::string* out) {
  switch (piece.part) {
    case Part::kLiteral: *out += piece.text; break;
    case Part::kQuery: *out += query; break;
    case Part::kNumber: AppendNumber(number, out); break;
    case Part::kText: *out += passage->text; break;
    case Part::kDocument: *out += passage->document; break;
    case Part::kVersion: AppendNumber(passage->version, out); break;
    case Part::kCollection: *out += passage->collection; break;
    case Part::kSection: *out += passage->section; break;
    case Part::kPage: AppendNumber(passage->page, out); break;
    case Part::kScore: fmt::format_to(std::back_inserter(*out), "{:.4f}", passage->score); break;
    case Part::kTokens: AppendNumber(passage->tokens, out); break;
    case Part::kStart:
      if (passage->span) AppendNumber(passage->span->start, out);
      break;
    case Part::kEnd:
      if (passage->span) AppendNumber(passage->span->end, out);
      break;
    case Part::kChunk:
      if (!passage->citations.empty()) *out += passage->citations.front().chunk;
      break;
    case Part::kChunks: AppendChunks(*passage, out); break;
    case Part::kMeta: AppendMetadata(passage->metadata, piece.text, out); break;
  }
}

std::string PromptTemplate::Render(std::string_view query,
                                   std::span<const Passage> passages) const {
  std::string prompt;
  for (const Section& section : sections_) {
    if (!section.repeated) {
      for (const Piece& piece : section.pieces) RenderPiece(piece, query, nullptr, 0, &prompt);
      continue;
    }
    for (std::size_t i = 0; i < passages.size(); ++i) {
      for (const Piece& piece : section.pieces) {
        RenderPiece(piece, query, &passages[i], i + 1, &prompt);
      }
    }
  }
  return prompt;
}

}  // namespace tracevec
