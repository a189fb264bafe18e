#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/search.h"

namespace tracevec {

/// What a query searches with: its members as in SearchRequest, of which some are empty.
struct QueryContent {
  std::span<const float> vector = {};
  std::string_view text = {};
  std::string_view like = {};
  std::span<const FieldVector> vectors = {};
  std::span<const SparseFieldVector> sparse_vectors = {};
  std::span<const Phrasing> phrasings = {};
};
/// Of a search.
QueryContent ContentOf(const SearchRequest& request);
/// Of a query of a batch.
QueryContent ContentOf(const BatchRequest& request, std::size_t query, std::size_t dimension);

/// Fills what a receipt has once its query is answered and its total time known: the fingerprint,
/// and whether it is kept; counts the search and shows it to the trace hook. True when it is kept:
/// give it to KeepReceipt. Takes no lock.
bool FinishReceipt(const Engine& engine, const CollectionState& state, ReceiptLevel level,
                   const QueryContent& content, Receipt* receipt);
/// A copy of it, in which fields are named as they were given.
AskedQuery AskedContent(const QueryContent& content);
/// What the query of a receipt that is kept asked. `Request`: SearchRequest or BatchRequest.
template <typename Request>
AskedQuery AskedBy(const Request& request, const QueryContent& content) {
  AskedQuery asked = AskedContent(content);
  asked.field = request.field;
  asked.ef = request.ef;
  asked.target_recall = request.target_recall;
  asked.deadline_ms = request.deadline_ms;
  asked.fusion = request.fusion;
  asked.space = request.space;
  return asked;
}
/// Keeps a receipt with query and hits, unless the policy redacts; fields that the request left out
/// are named. `hits`: in the order of the receipt's ledger, if it has one.
void KeepReceipt(const Engine& engine, const Receipt& receipt, AskedQuery asked,
                 std::vector<ReceiptHit> hits);

/// What FinishReceipt does for a query of a pipeline, whose receipts are not kept.
void FinishPipelineReceipt(const Engine& engine, const CollectionState& state,
                           std::string_view text, Receipt* receipt);

/// Counts a search that ended with an error.
void CountFailure(const Engine& engine, const CollectionState& state);

/// All of it, for a search that was answered.
void KeepReceiptOf(const Engine& engine, const CollectionState& state, const SearchRequest& request,
                   SearchResponse* response);

}  // namespace tracevec
