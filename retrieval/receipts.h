#pragma once

#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/kept_receipt.h"

namespace tracevec {

// Kept receipts as they are looked up. What was kept before the call is seen.

/// Newest first. Errors: InvalidArgument (an outcome that there is not), IOError, Corruption.
Result<std::vector<KeptReceipt>> FindReceipts(Engine& engine, const ReceiptQuery& query);
/// Errors: InvalidArgument (not an id), NotFound.
Result<KeptReceipt> GetReceipt(Engine& engine, std::string_view id);
/// Errors: InvalidArgument (nothing given, too long, a redacted receipt), NotFound, ReadOnly.
Status Annotate(Engine& engine, std::string_view id, const AnnotateRequest& request);

}  // namespace tracevec
