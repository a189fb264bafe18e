#include "retrieval/keep_receipt.h"

#include <array>
#include <string>
#include <utility>

#include "core/content_hash.h"
#include "core/sparse_vector.h"
#include "retrieval/receipt_log.h"

namespace tracevec {
namespace {

template <typename T>
std::string_view BytesOf(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

/// By ascending index. The search has checked it.
SparseVector Sorted(const SparseVector& vector) {
  Result<SparseVector> sorted = SortSparse(vector, "query vector");
  return sorted.ok() ? *std::move(sorted) : SparseVector();
}

void AddVectors(std::span<const FieldVector> vectors, ContentHasher* hasher) {
  hasher->Add(std::uint64_t{vectors.size()});
  for (const FieldVector& each : vectors) {
    hasher->Add(each.field);
    hasher->Add(BytesOf(each.vector));
  }
}

void AddSparseVectors(std::span<const SparseFieldVector> vectors, ContentHasher* hasher) {
  hasher->Add(std::uint64_t{vectors.size()});
  for (const SparseFieldVector& each : vectors) {
    const SparseVector sorted = Sorted(each.vector);
    hasher->Add(each.field);
    hasher->Add(BytesOf(std::span(sorted.indices)));
    hasher->Add(BytesOf(std::span(sorted.values)));
  }
}

/// Of the sources that a query has besides one vector and one text.
std::uint64_t HashOfFurther(const QueryContent& content) {
  ContentHasher hasher;
  AddVectors(content.vectors, &hasher);
  AddSparseVectors(content.sparse_vectors, &hasher);
  for (const Phrasing& phrasing : content.phrasings) {
    hasher.Add(phrasing.text);
    hasher.Add(BytesOf(phrasing.vector));
    AddVectors(phrasing.vectors, &hasher);
    AddSparseVectors(phrasing.sparse_vectors, &hasher);
  }
  return HashBytes(hasher.Finish().ToHex());
}

std::uint64_t HashOf(const QueryContent& content) {
  std::array<std::uint64_t, 4> parts = {HashBytes(BytesOf(content.vector)), HashBytes(content.text),
                                        HashBytes(content.like), 0};
  const bool has_further =
      !content.vectors.empty() || !content.sparse_vectors.empty() || !content.phrasings.empty();
  if (has_further) parts[3] = HashOfFurther(content);
  return HashBytes(BytesOf(std::span<const std::uint64_t>(parts)));
}

std::vector<AskedVector> AskedVectors(std::span<const FieldVector> vectors) {
  std::vector<AskedVector> asked;
  for (const FieldVector& each : vectors) {
    asked.push_back({each.field, {each.vector.begin(), each.vector.end()}});
  }
  return asked;
}

std::vector<AskedSparseVector> AskedSparse(std::span<const SparseFieldVector> vectors) {
  std::vector<AskedSparseVector> asked;
  for (const SparseFieldVector& each : vectors) asked.push_back({each.field, Sorted(each.vector)});
  return asked;
}

/// The only field of a kind may be left out of a request; later there may be another.
class FieldNames {
 public:
  explicit FieldNames(const Receipt& receipt) : dense_(receipt.field) {
    for (const ReceiptSource& source : receipt.sources) {
      if (source.name == "sparse") sparse_ = source.field;
    }
  }

  void Fill(AskedQuery* asked) const {
    bool of_field = !asked->vector.empty() || !asked->like.empty();
    FillIn(&asked->vectors, &asked->sparse_vectors);
    for (AskedPhrasing& phrasing : asked->phrasings) {
      of_field = of_field || !phrasing.vector.empty();
      FillIn(&phrasing.vectors, &phrasing.sparse_vectors);
    }
    if (of_field && asked->field.empty()) asked->field = dense_;
  }

 private:
  void FillIn(std::vector<AskedVector>* vectors, std::vector<AskedSparseVector>* sparse) const {
    for (AskedVector& each : *vectors) {
      if (each.field.empty()) each.field = dense_;
    }
    for (AskedSparseVector& each : *sparse) {
      if (each.field.empty()) each.field = sparse_;
    }
  }

  const std::string& dense_;
  std::string sparse_;
};

SearchMetrics& MetricsOf(const Engine& engine, const CollectionState& state) {
  SearchMetrics* metrics = state.search_metrics.load(std::memory_order_acquire);
  if (metrics == nullptr) {
    metrics = &engine.query_metrics().Of(state.name);
    state.search_metrics.store(metrics, std::memory_order_release);
  }
  return *metrics;
}

}  // namespace

QueryContent ContentOf(const SearchRequest& request) {
  return {request.vector,  request.text,           request.like,
          request.vectors, request.sparse_vectors, request.phrasings};
}

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

AskedQuery AskedContent(const QueryContent& content) {
  AskedQuery asked;
  asked.text = content.text;
  asked.vector.assign(content.vector.begin(), content.vector.end());
  asked.like = content.like;
  asked.vectors = AskedVectors(content.vectors);
  asked.sparse_vectors = AskedSparse(content.sparse_vectors);
  for (const Phrasing& phrasing : content.phrasings) {
    AskedPhrasing& added = asked.phrasings.emplace_back();
    added.text = phrasing.text;
    added.vector.assign(phrasing.vector.begin(), phrasing.vector.end());
    added.vectors = AskedVectors(phrasing.vectors);
    added.sparse_vectors = AskedSparse(phrasing.sparse_vectors);
  }
  return asked;
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
  FieldNames(receipt).Fill(&kept.query);
  kept.hits = std::move(hits);
  engine.receipts().Add(kept);
}

void KeepReceiptOf(const Engine& engine, const CollectionState& state, const SearchRequest& request,
                   SearchResponse* response) {
  if (request.receipt == ReceiptLevel::kOff) return;
  const QueryContent content = ContentOf(request);
  if (!FinishReceipt(engine, state, request.receipt, content, &response->receipt)) return;
  std::vector<ReceiptHit> hits;
  hits.reserve(response->hits.size());
  for (const Hit& hit : response->hits) {
    hits.push_back({hit.id, hit.score, hit.document, hit.version, hit.span});
  }
  KeepReceipt(engine, response->receipt, AskedBy(request, content), std::move(hits));
}

}  // namespace tracevec
