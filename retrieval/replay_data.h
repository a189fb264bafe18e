#pragma once

#include <memory>
#include <string>
#include <string_view>

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

/// Unsupported where nothing is known of what was asked.
Status CheckReplayable(const KeptReceipt& receipt);

}  // namespace tracevec
