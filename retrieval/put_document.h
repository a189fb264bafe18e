#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "retrieval/engine.h"
#include "retrieval/put_plan.h"
#include "tracevec/document.h"

namespace tracevec {

/// What an added chunk takes over from one of the document that its document was moved from.
struct MovedChunk {
  BodyRecord body;
  Metadata merged;           ///< By UpdateMetadata.
  std::uint64_t fields = 0;  ///< Bit per field (BoundField::index): its vector was taken over.
};

/// A planned put with the vectors of its added chunks.
struct ReadyPut {
  PutPlan plan;
  /// [field][position in plan.to_embed]; null: no vector.
  std::vector<std::vector<const float*>> vectors;
  /// [sparse field][position in plan.to_embed]; null: no vector.
  std::vector<std::vector<std::shared_ptr<const SparseVector>>> sparse;
  std::vector<double> embed_micros;  ///< [position in plan.to_embed]
  /// [position in plan.to_embed]; null: not indexed.
  std::vector<std::shared_ptr<const RowTerms>> terms;
  std::uint64_t asserted_fields = 0;  ///< See BodyRecord.
  // With PutOptions::moved_from:
  std::string moved_from;
  DocumentRecord moved_record;                   ///< As it was when it was read.
  std::vector<std::optional<MovedChunk>> moved;  ///< [position in plan.to_embed], or empty.
  std::deque<std::vector<float>> moved_vectors;
  PutResult result;

  bool changes_nothing() const { return plan.unchanged && moved_from.empty(); }
};

/// The vectors of one call: those the caller gave are pointed to, those embedders made are kept.
class VectorSource {
 public:
  /// Errors: InvalidArgument (unknown field, a field both embedded and given, sizes).
  static Result<VectorSource> Bind(const CollectionState& state, const PutOptions& options);

  /// Gives each added chunk of `put` its row of the given vectors. Errors: InvalidArgument
  /// (shape, values), EmbeddingSpaceMismatch.
  Status TakeGiven(const std::map<std::string, std::span<const float>, std::less<>>& given,
                   ReadyPut* put) const;
  /// The same for sparse vectors. Errors: InvalidArgument.
  Status TakeSparse(const std::map<std::string, std::span<const SparseVector>, std::less<>>& given,
                    ReadyPut* put) const;
  /// Calls the embedders for the added chunks of all puts, in batches across documents. Errors:
  /// the embedder's own; InvalidArgument for what it returned.
  Status Embed(std::span<ReadyPut> puts);
  /// The embedders' calls so far, in order.
  const std::vector<EmbedCall>& calls() const { return calls_; }

 private:
  VectorSource(const CollectionState& state, const PutOptions& options)
      : state_(&state), options_(&options) {}
  Status EmbedField(const BoundField& field, const Embedder& embedder, std::span<ReadyPut> puts);

  const CollectionState* state_;
  const PutOptions* options_;
  std::deque<std::vector<float>> made_;
  std::vector<EmbedCall> calls_;
};

/// Writes the puts in one commit, those unchanged excepted, and fills their results. Errors:
/// Conflict (nothing written) when a document moved since it was planned; AlreadyExists when a
/// chunk id belongs to another document.
Status WritePuts(Engine& engine, CollectionState& state, std::span<ReadyPut> puts,
                 const PutOptions& options, std::span<const EmbedCall> calls);

Result<PutResult> PutDocument(Engine& engine, CollectionState& state, const Document& document,
                              const PutOptions& options);
Result<std::vector<PutResult>> PutDocuments(Engine& engine, CollectionState& state,
                                            std::span<const Document> documents,
                                            const Collection::PutManyOptions& options);

}  // namespace tracevec
