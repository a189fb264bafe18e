#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "index/collection_index.h"
#include "retrieval/collection_state.h"
#include "storage/store.h"

namespace tracevec {

/// As `only_field`: no vectors at all.
inline constexpr std::size_t kNoField = ~std::size_t{0};

/// What is read of rows besides names and states.
struct RowParts {
  std::optional<std::size_t> only_field;  ///< Leaves the vectors of other fields out.
  bool terms = false;                     ///< Of texts, where they are indexed.
  bool sparse = false;                    ///< Vectors of sparse fields.

  static RowParts All() { return {std::nullopt, true, true}; }
  static RowParts NoVectors() { return {kNoField, false, false}; }
};

/// Takes the rows of one document; their vectors are valid during the call only.
using DocumentConsumer = std::function<Status(DocumentNumber, std::vector<NewRow>)>;

/// Reads the rows of a collection that are live at a commit, document by document in ascending
/// order, and hands each document that has any to `consume`. One pass over the collection's key
/// ranges. Errors: IOError, Corruption, `consume`'s.
Status LoadAllDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                        const RowParts& parts, const DocumentConsumer& consume);

/// The same, with all parts, for some documents, given ascending; one without live rows is handed
/// over too, empty. Cost: about 20 us for one that stands alone, a fifth of it for one beside the
/// last.
Status LoadDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                     std::span<const DocumentNumber> documents, const DocumentConsumer& consume);

/// The rows of a view: its index, or for a small collection a block of these parts, read for this
/// one use.
Result<IndexView> RowsOf(const Store& store, const CollectionState& state,
                         const CollectionView& view, const RowParts& parts);

/// What the rows of a stored version share.
std::shared_ptr<const DocumentState> MakeDocumentState(DocumentNumber number,
                                                       const VersionRecord& version);

}  // namespace tracevec
