#include "retrieval/keep_receipt.h"

#include <array>
#include <utility>

#include "core/content_hash.h"
#include "retrieval/receipt_log.h"

namespace tracevec {
namespace {

std::uint64_t HashOf(const QueryContent& content) {
  const std::span<const float> vector = content.vector;
  const std::array<std::uint64_t, 3> parts = {
      HashBytes({reinterpret_cast<const char*>(vector.data()), vector.size_bytes()}),
      HashBytes(content.text), HashBytes(content.like)};
  return HashBytes({reinterpret_cast<const char*>(parts.data()), sizeof(parts)});
}

SearchMetrics& MetricsOf(const Engine& engine, const CollectionState& state) {
  SearchMetrics* metrics = state.search_metrics.load(std::memory_order_acquire);
  if (metrics == nullptr) {
    metrics = &engine.query_metrics().Of(state.name);
    state.search_metrics.store(metrics, std::memory_order_release);
  }
  return *metrics;
}

}  // namespace

QueryContent ContentOf(const BatchRequest& request, std::size_t query, std::size_t dimension) {
  QueryContent content;
  if (!request.texts.empty()) content.text = request.texts[query];
  if (!request.vectors.empty()) {
    content.vector = request.vectors.subspan(query * dimension, dimension);
  }
  return content;
}

bool FinishReceipt(const Engine& engine, const CollectionState& state, ReceiptLevel level,
                   const QueryContent& content, Receipt* receipt) {
  receipt->query_hash = HashOf(content);
  if (state.snapshot == nullptr) receipt->kept = engine.receipts().WhyKept(level, *receipt);
  MetricsOf(engine, state).Record(*receipt);
  engine.trace_hook().Call(*receipt);
  return !receipt->kept.empty();
}

void FinishPipelineReceipt(const Engine& engine, const CollectionState& state,
                           std::string_view text, Receipt* receipt) {
  QueryContent content;
  content.text = text;
  receipt->query_hash = HashOf(content);
  MetricsOf(engine, state).Record(*receipt);
  engine.trace_hook().Call(*receipt);
}

void CountFailure(const Engine& engine, const CollectionState& state) {
  MetricsOf(engine, state).RecordFailure();
}

void KeepReceipt(const Engine& engine, const Receipt& receipt, AskedQuery asked,
                 std::vector<ReceiptHit> hits) {
  KeptReceipt kept;
  static_cast<Receipt&>(kept) = receipt;
  kept.redacted = engine.receipts().redacts();
  kept.query = std::move(asked);
  kept.hits = std::move(hits);
  engine.receipts().Add(kept);
}

void KeepReceiptOf(const Engine& engine, const CollectionState& state, const SearchRequest& request,
                   SearchResponse* response) {
  if (request.receipt == ReceiptLevel::kOff) return;
  const QueryContent content = {request.vector, request.text, request.like};
  if (!FinishReceipt(engine, state, request.receipt, content, &response->receipt)) return;
  std::vector<ReceiptHit> hits;
  hits.reserve(response->hits.size());
  for (const Hit& hit : response->hits) {
    hits.push_back({hit.id, hit.score, hit.document, hit.version, hit.span});
  }
  KeepReceipt(engine, response->receipt, AskedBy(request, content), std::move(hits));
}

}  // namespace tracevec
