#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "retrieval/erasure_evidence.h"
#include "storage/store.h"

namespace tracevec {

/// A document that is being erased, as receipts may name it.
struct ErasedDocument {
  std::string_view collection;
  std::string_view id;
  std::string_view erased_name;  ///< What its hits are called afterwards.
};

/// Takes a document out of kept receipts. Its hits lose id, version and span, and the prompt and
/// response noted of such an answer go. A receipt whose query is one of its chunks, whose filter
/// names it, or which has a text or a vector of it anywhere, is redacted. Adds to the batch;
/// returns how many receipts change. Cost: a pass over all receipts and annotations. REQUIRES:
/// Engine::writer_mutex() held.
Result<std::uint32_t> EraseFromReceipts(const Store& store, const ErasedDocument& document,
                                        const ErasureEvidence& evidence, StoreBatch* batch);

}  // namespace tracevec
