#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracevec/pipeline.h"
#include "tracevec/status.h"

namespace tracevec {

/// How passages are put into a prompt. A template is text with names in braces:
///
///     {query}                    what was asked
///     {#passages} ... {/passages}  this, once a passage; at least one such part, none in another.
///                                A line break right behind either mark is left out.
///
/// and of a passage, between those marks:
///
///     {number}                   1, 2, 3...
///     {text} {document} {version} {collection} {section} {page} {score} {tokens}
///     {start} {end}              of its span, in code points
///     {chunk}                    id of its best chunk; {chunks}: of all it is made of, ", "
///     between {meta.NAME}                a metadata field: a text as it is, another value as JSON
///
/// What a passage lacks is empty. {{ and }} stand for braces. What is put in is never read as a
/// template. Immutable; safe for concurrent use.
class PromptTemplate {
 public:
  /// An empty text stands for Default(). Errors: InvalidArgument with the line and, for a name that
  /// does not exist, the nearest one.
  static Result<PromptTemplate> Parse(std::string_view text);
  /// Numbered passages with document and section, then the question.
  static std::string_view Default();

  std::string Render(std::string_view query, std::span<const Passage> passages) const;
  /// 32 hex digits over the template's text: its version.
  const std::string& hash() const { return hash_; }

 private:
  friend class PromptTemplateParser;

  enum class Part : std::uint8_t {
    kLiteral,
    kQuery,
    kNumber,
    kText,
    kDocument,
    kVersion,
    kCollection,
    kSection,
    kPage,
    kScore,
    kTokens,
    kStart,
    kEnd,
    kChunk,
    kChunks,
    kMeta,
  };
  struct Piece {
    Part part = Part::kLiteral;
    std::string text;  ///< The literal, or the field's name.
  };
  /// Pieces that come once, or once a passage.
  struct Section {
    bool repeated = false;
    std::vector<Piece> pieces;
  };

  static const std::vector<std::pair<std::string, Part>>& Names();
  static void RenderPiece(const Piece& piece, std::string_view query, const Passage* passage,
                          std::size_t number, std::string* out);

  std::vector<Section> sections_;
  std::string hash_;
};

}  // namespace tracevec
