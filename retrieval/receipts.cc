#include "retrieval/receipts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/utf8.h"
#include "retrieval/clock.h"
#include "retrieval/receipt_log.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace tracevec {
namespace {

constexpr std::size_t kLongestNote = std::size_t{1} << 20;
constexpr std::array<std::string_view, 3> kOutcomes = {"ok", "empty", "degraded"};

/// Readers see what was kept before they asked; a handle for reading has nothing to write.
Status WritePending(Engine& engine) {
  return engine.read_only() ? Status::Ok() : engine.receipts().Write();
}

bool IsSlower(const Receipt& receipt, const ReceiptQuery& query) {
  const double micros = *query.slower_than_ms * 1000;
  if (query.stage.empty()) return receipt.total_micros > micros;
  return std::any_of(receipt.stages.begin(), receipt.stages.end(), [&](const ReceiptStage& stage) {
    return stage.name == query.stage && stage.micros > micros;
  });
}

bool IsWantedReceipt(const KeptReceipt& receipt, const ReceiptQuery& query) {
  if (!query.collection.empty() && receipt.collection != query.collection) return false;
  if (!query.label.empty() && receipt.label != query.label) return false;
  if (!query.outcome.empty() && receipt.outcome != query.outcome) return false;
  if (!query.document.empty() &&
      std::none_of(receipt.hits.begin(), receipt.hits.end(),
                   [&](const ReceiptHit& hit) { return hit.document == query.document; })) {
    return false;
  }
  if (!query.stage.empty() &&
      std::none_of(receipt.stages.begin(), receipt.stages.end(),
                   [&](const ReceiptStage& stage) { return stage.name == query.stage; })) {
    return false;
  }
  return !query.slower_than_ms || IsSlower(receipt, query);
}

Result<KeptReceipt> DecodeAt(const keys::ReceiptKey& key, std::string_view bytes) {
  TRACEVEC_ASSIGN_OR_RETURN(KeptReceipt receipt, DecodeReceipt(bytes));
  receipt.id = ReceiptIdOf(key);
  receipt.time = Timestamp{static_cast<std::int64_t>(key.micros)};
  return receipt;
}

Result<std::optional<ReceiptAnnotation>> ReadAnnotation(const Store& store,
                                                        const keys::ReceiptKey& key) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored, store.Get(Table::kRecords, keys::Annotation(key)));
  if (!stored) return std::optional<ReceiptAnnotation>();
  TRACEVEC_ASSIGN_OR_RETURN(ReceiptAnnotation annotation, DecodeAnnotation(*stored));
  return std::optional(std::move(annotation));
}

Result<KeptReceipt> ReadReceipt(const Store& store, std::string_view id) {
  TRACEVEC_ASSIGN_OR_RETURN(const keys::ReceiptKey key, ParseReceiptId(id));
  TRACEVEC_ASSIGN_OR_RETURN(const auto stored, store.Get(Table::kRecords, keys::Receipt(key)));
  if (!stored) {
    return Status::NotFound(
        fmt::format("receipt '{}' is not kept: it was not asked for, or went with the limits", id));
  }
  TRACEVEC_ASSIGN_OR_RETURN(KeptReceipt receipt, DecodeAt(key, *stored));
  TRACEVEC_ASSIGN_OR_RETURN(receipt.annotation, ReadAnnotation(store, key));
  return receipt;
}

Status CheckNote(const std::optional<std::string>& note, std::string_view what) {
  if (!note) return Status::Ok();
  if (note->size() > kLongestNote) {
    return Status::InvalidArgument(
        fmt::format("{}: {} bytes, expected at most {}", what, note->size(), kLongestNote));
  }
  return CheckUtf8(*note, what);
}

Status CheckAnnotation(const AnnotateRequest& request) {
  if (!request.prompt && !request.response && !request.usage && !request.rating) {
    return Status::InvalidArgument("annotate: give prompt, response, usage or rating");
  }
  TRACEVEC_RETURN_IF_ERROR(CheckNote(request.prompt, "prompt"));
  TRACEVEC_RETURN_IF_ERROR(CheckNote(request.response, "response"));
  if (request.rating && !std::isfinite(*request.rating)) {
    return Status::InvalidArgument(fmt::format("rating: {}, expected a number", *request.rating));
  }
  return Status::Ok();
}

}  // namespace

Result<std::vector<KeptReceipt>> FindReceipts(Engine& engine, const ReceiptQuery& query) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  if (!query.outcome.empty() &&
      std::find(kOutcomes.begin(), kOutcomes.end(), query.outcome) == kOutcomes.end()) {
    return Status::InvalidArgument(
        fmt::format("outcome: '{}', expected 'ok', 'empty' or 'degraded'", query.outcome));
  }
  TRACEVEC_RETURN_IF_ERROR(WritePending(engine));
  std::vector<KeptReceipt> found;
  StoreCursor cursor = engine.store().NewCursor(Table::kRecords, keys::ReceiptsPrefix());
  if (query.until) {
    if (query.until->micros <= 0) return found;
    const auto last = static_cast<std::uint64_t>(query.until->micros) - 1;
    cursor.Seek(keys::Receipt({last, 0}));
  }
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ReceiptKey key, keys::ParseReceipt(cursor.key()));
    TRACEVEC_ASSIGN_OR_RETURN(KeptReceipt receipt, DecodeAt(key, cursor.value()));
    if (query.since && receipt.time < *query.since) break;
    if (!IsWantedReceipt(receipt, query)) continue;
    TRACEVEC_ASSIGN_OR_RETURN(receipt.annotation, ReadAnnotation(engine.store(), key));
    found.push_back(std::move(receipt));
    if (query.limit > 0 && found.size() >= query.limit) return found;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return found;
}

Result<KeptReceipt> GetReceipt(Engine& engine, std::string_view id) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckOpen());
  TRACEVEC_RETURN_IF_ERROR(WritePending(engine));
  return ReadReceipt(engine.store(), id);
}

Status Annotate(Engine& engine, std::string_view id, const AnnotateRequest& request) {
  TRACEVEC_RETURN_IF_ERROR(engine.CheckWritable());
  TRACEVEC_RETURN_IF_ERROR(CheckAnnotation(request));
  TRACEVEC_RETURN_IF_ERROR(WritePending(engine));
  std::uint64_t growth = 0;
  {
    // An erasure that takes content away, and another annotation, come before or after it.
    const std::lock_guard writer(engine.writer_mutex());
    TRACEVEC_ASSIGN_OR_RETURN(KeptReceipt receipt, ReadReceipt(engine.store(), id));
    if (receipt.redacted && (request.prompt || request.response)) {
      return Status::InvalidArgument(fmt::format(
          "receipt '{}' is redacted: it takes usage and rating, not prompt and response", id));
    }
    ReceiptAnnotation annotation = receipt.annotation.value_or(ReceiptAnnotation());
    annotation.time = Now();
    if (request.prompt) annotation.prompt = *request.prompt;
    if (request.response) annotation.response = *request.response;
    if (request.usage) annotation.usage = *request.usage;
    if (request.rating) annotation.rating = request.rating;
    const std::string record = EncodeAnnotation(annotation);
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ReceiptKey key, ParseReceiptId(id));
    StoreBatch batch;
    batch.Put(Table::kRecords, keys::Annotation(key), record);
    TRACEVEC_RETURN_IF_ERROR(engine.store().Write(batch, /*sync=*/false));
    growth = record.size();
  }
  engine.receipts().NoteGrowth(growth);
  return Status::Ok();
}

}  // namespace tracevec
