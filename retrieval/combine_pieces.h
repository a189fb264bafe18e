#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "retrieval/stage.h"
#include "retrieval/stage_reader.h"
#include "tracevec/pipeline.h"
#include "tracevec/status.h"

namespace tracevec {

/// A piece of a document's text, and the chunks it rests on.
struct Piece {
  bool is_slice = true;
  TextRange range;  ///< Of a slice.
  /// A text given apart, where it is not what the candidate says anyway.
  std::optional<std::string> apart;
  std::vector<std::size_t> members;  ///< Candidates, by their place in the list.
  std::vector<std::size_t> context;  ///< Ordinals of chunks that were added.
  std::size_t first = 0;             ///< Ordinals of the chunks at both ends, in the order of the
  std::size_t last = 0;              ///< document's list.
};

/// Combines the candidates of one document version. Pieces of its text never overlap, whatever its
/// chunks do. Cost: what is looked at are the chunks beside the candidates; under kSection and
/// kParent all of the document.
class DocumentPieces {
 public:
  DocumentPieces(const CombineStage& stage, StageDocument& document)
      : stage_(stage), document_(document), entries_(document.version().entries) {}

  /// A candidate, what it says, and the ordinal of its best chunk. Without a range it has a text
  /// given apart, and is left alone unless its parent takes its place.
  void Add(std::size_t candidate, std::size_t ordinal, const std::optional<TextRange>& range);
  /// Errors: Corruption, IOError.
  Result<std::vector<Piece>> Combine();

 private:
  bool Fits(const Span& span) const { return span.end - span.start <= stage_.max_chars; }
  std::optional<std::size_t> Sibling(std::size_t ordinal, int step) const;
  void GrowToNeighbors(Piece* piece) const;
  bool GrowTo(std::optional<std::size_t> ordinal, Piece* piece) const;
  void FindParents();
  void TakeSections();
  Status TakeParents();
  Result<bool> TakeParent(std::size_t parent, const std::vector<std::size_t>& children);
  Result<bool> Touch(const Piece& before, const Piece& after);
  Status Join();

  const CombineStage& stage_;
  StageDocument& document_;
  const std::vector<VersionEntry>& entries_;
  std::vector<Piece> pieces_;  // Of slices.
  std::vector<Piece> apart_;
  std::vector<std::uint32_t> children_;  // How many each chunk has, once asked for.
};

}  // namespace tracevec
