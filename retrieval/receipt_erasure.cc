#include "retrieval/receipt_erasure.h"

#include <algorithm>
#include <optional>

#include "core/return_if_error.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

class ReceiptEraser {
 public:
  ReceiptEraser(const Store& store, const ErasedDocument& document, const ErasureEvidence& evidence,
                StoreBatch* batch)
      : store_(store), document_(document), evidence_(evidence), batch_(batch) {}

  Result<std::uint32_t> Run() {
    std::uint32_t changed = 0;
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::ReceiptsPrefix());
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const bool of_it, EraseFrom(cursor.key(), cursor.value()));
      if (of_it) ++changed;
    }
    TRACEVEC_RETURN_IF_ERROR(cursor.status());
    return changed;
  }

 private:
  Result<bool> EraseFrom(std::string_view key, std::string_view record) {
    TRACEVEC_ASSIGN_OR_RETURN(KeptReceipt receipt, DecodeReceipt(record));
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ReceiptKey parsed, keys::ParseReceipt(key));
    const bool asks = IsAskedFor(receipt) || HasContent(record);
    const bool has_hit = TakeHits(&receipt);
    if (asks) receipt.redacted = true;
    if (asks || has_hit) batch_->Put(Table::kRecords, key, EncodeReceipt(receipt));

    const std::string note_key = keys::Annotation(parsed);
    TRACEVEC_ASSIGN_OR_RETURN(const auto note, store_.Get(Table::kRecords, note_key));
    if (!note) return asks || has_hit;
    const bool noted = HasContent(*note);
    if (!asks && !has_hit && !noted) return false;
    TRACEVEC_ASSIGN_OR_RETURN(ReceiptAnnotation annotation, DecodeAnnotation(*note));
    annotation.prompt.clear();
    annotation.response.clear();
    if (noted) annotation.usage.clear();  // Where else it may be.
    batch_->Put(Table::kRecords, note_key, EncodeAnnotation(annotation));
    return true;
  }

  bool IsAskedFor(const KeptReceipt& receipt) const {
    if (receipt.collection != document_.collection) return false;
    const std::string quoted = "'" + std::string(document_.id) + "'";
    if (receipt.filter.find(quoted) != std::string::npos) return true;
    return receipt.query.like == document_.id ||
           std::binary_search(evidence_.chunk_ids.begin(), evidence_.chunk_ids.end(),
                              receipt.query.like);
  }

  bool HasContent(std::string_view record) const {
    bool found = false;
    evidence_.patterns.Find(
        record, [&](std::size_t pattern) { found = found || evidence_.is_content[pattern]; });
    return found;
  }

  bool TakeHits(KeptReceipt* receipt) const {
    if (receipt->collection != document_.collection) return false;
    bool found = false;
    for (std::size_t i = 0; i < receipt->hits.size(); ++i) {
      ReceiptHit& hit = receipt->hits[i];
      if (hit.document != document_.id) continue;
      found = true;
      hit.id = hit.document = document_.erased_name;
      hit.version = 0;
      hit.span.reset();
      if (i < receipt->ledger.size()) receipt->ledger[i].id = document_.erased_name;
    }
    return found;
  }

  const Store& store_;
  const ErasedDocument& document_;
  const ErasureEvidence& evidence_;
  StoreBatch* batch_;
};

}  // namespace

Result<std::uint32_t> EraseFromReceipts(const Store& store, const ErasedDocument& document,
                                        const ErasureEvidence& evidence, StoreBatch* batch) {
  return ReceiptEraser(store, document, evidence, batch).Run();
}

}  // namespace tracevec
