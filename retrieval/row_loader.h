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

/// Takes the rows of one document; their vectors are valid during the call only.
using DocumentConsumer = std::function<Status(DocumentNumber, std::vector<NewRow>)>;

/// Reads the rows of a collection that are live at a commit, document by document in ascending
/// order, and hands each document that has any to `consume`. `only_field` leaves the vectors of the
/// other fields out, `with_terms` reads the texts too, where they are indexed. One pass over the
/// collection's key ranges. Errors: IOError, Corruption, `consume`'s.
Status LoadAllDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                        std::optional<std::size_t> only_field, bool with_terms,
                        const DocumentConsumer& consume);

/// The same, with terms, for some documents, given ascending; one without live rows is handed over
/// too, empty. Cost: about 20 us for one that stands alone, a fifth of it for one beside the last.
Status LoadDocuments(const Store& store, const CollectionState& state, CommitNumber commit,
                     std::span<const DocumentNumber> documents, const DocumentConsumer& consume);

/// The rows of a view: its index, or for a small collection a block read for this one use, which
/// has the terms of texts only `with_terms`.
Result<IndexView> RowsOf(const Store& store, const CollectionState& state,
                         const CollectionView& view, std::optional<std::size_t> only_field,
                         bool with_terms = false);

/// What the rows of a stored version share.
std::shared_ptr<const DocumentState> MakeDocumentState(DocumentNumber number,
                                                       const VersionRecord& version);

}  // namespace tracevec
