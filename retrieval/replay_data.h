#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "retrieval/snapshots.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/search.h"

namespace tracevec {

/// The collection that a receipt is replayed on, as of some commit.
struct ReplayData {
  std::unique_ptr<SnapshotReader> snapshot;  ///< Null: the collection as it is.
  std::shared_ptr<CollectionState> state;
};

/// `at`: "now", "receipt" (the data that the search saw), or a snapshot's name. Errors: NotFound
/// (the collection; the snapshot; "data of commit N was released").
Result<ReplayData> OpenReplayData(Engine& engine, const KeptReceipt& receipt, std::string_view at);

/// The search that a kept receipt is of. Refers to the receipt. Without a deadline, and with ids,
/// scores, documents and versions alone.
SearchRequest RequestOf(const KeptReceipt& receipt);

/// A source of a search, and the search for it alone.
struct OneSource {
  SourceKind kind = SourceKind::kDense;
  std::string field;  ///< Of vectors, sparse ones too.
  std::uint32_t phrasing = 0;
  SearchRequest request;
};

/// One for each source of a request that names its fields, in the order of a receipt's sources.
/// Refers to what the request refers to.
std::vector<OneSource> SplitBySource(const SearchRequest& request);

/// Unsupported where nothing is known of what was asked.
Status CheckReplayable(const KeptReceipt& receipt);

}  // namespace tracevec
