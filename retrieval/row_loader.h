#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "index/collection_index.h"
#include "retrieval/collection_state.h"
#include "storage/store.h"

namespace tracevec {

/// As `only_field`: no vectors at all.
inline constexpr std::size_t kNoField = ~std::size_t{0};

/// Reads the rows of a collection that are live at a commit, in document order, and hands each to
/// `consume`; a row's vectors are valid during that call only. `only_field` leaves the vectors of
/// the other fields out. One pass over the collection's key ranges. Errors: IOError, Corruption.
Status LoadRows(const Store& store, const CollectionState& state, CommitNumber commit,
                std::optional<std::size_t> only_field,
                const std::function<Status(NewRow)>& consume);

/// An index with all rows of the counters' commit, in its head. Sets `may_expire` to whether any
/// has a time to live.
Result<std::shared_ptr<CollectionIndex>> LoadIndex(const Store& store, const CollectionState& state,
                                                   bool* may_expire);

/// The rows of a view: its index, or for a small collection a block read for this one use.
Result<IndexView> RowsOf(const Store& store, const CollectionState& state,
                         const CollectionView& view, std::optional<std::size_t> only_field);

/// What the rows of a stored version share.
std::shared_ptr<const DocumentState> MakeDocumentState(DocumentNumber number,
                                                       const VersionRecord& version);

}  // namespace tracevec
