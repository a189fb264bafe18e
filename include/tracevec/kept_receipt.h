#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/receipt.h"
#include "tracevec/search.h"
#include "tracevec/value.h"

namespace tracevec {

/// A query vector of a field, as given.
struct AskedVector {
  std::string field;
  std::vector<float> vector;
  friend bool operator==(const AskedVector&, const AskedVector&) = default;
};

/// A query vector of a sparse field, by ascending index.
struct AskedSparseVector {
  std::string field;
  SparseVector vector;
  friend bool operator==(const AskedSparseVector&, const AskedSparseVector&) = default;
};

/// Another wording that was searched for too: see Phrasing.
struct AskedPhrasing {
  std::string text;
  std::vector<float> vector;  ///< Of AskedQuery::field.
  std::vector<AskedVector> vectors;
  std::vector<AskedSparseVector> sparse_vectors;
  friend bool operator==(const AskedPhrasing&, const AskedPhrasing&) = default;
};

/// What was asked: with the receipt's k, filter and `exact` all that asking again needs.
struct AskedQuery {
  std::string text;
  std::string field;          ///< Of `vector`, of `like`, and of the phrasings' `vector`.
  std::vector<float> vector;  ///< As given; empty for `like`, and where there was none.
  std::string like;
  std::vector<AskedVector> vectors;               ///< Of further fields.
  std::vector<AskedSparseVector> sparse_vectors;  ///< Of sparse fields.
  std::vector<AskedPhrasing> phrasings;           ///< Further ones: the first has number 1.
  std::optional<std::uint32_t> ef;
  std::optional<double> target_recall;
  std::optional<double> deadline_ms;
  Fusion fusion;
  EmbeddingSpace space;  ///< As declared with the vector.
};

/// A hit as it was given.
struct ReceiptHit {
  std::string id;
  float score = 0;
  std::string document;
  std::uint32_t version = 0;
  std::optional<Span> span;  ///< Code points; not of a batch, or a search without content.
  friend bool operator==(const ReceiptHit&, const ReceiptHit&) = default;
};

/// What an application did with an answer.
struct ReceiptAnnotation {
  Timestamp time;  ///< Of the last call of Annotate.
  std::string prompt;
  std::string response;
  Metadata usage;  ///< Tokens, cost, model: whatever the application counts.
  std::optional<double> rating;
};

/// A receipt as it is kept in the database: with the query, the hits and what followed. Where it is
/// redacted it has no query, no filter, no hits, no ledger, and cannot be replayed.
struct TRACEVEC_EXPORT KeptReceipt : Receipt {
  bool redacted = false;
  AskedQuery query;
  std::vector<ReceiptHit> hits;
  std::optional<ReceiptAnnotation> annotation;

  /// By the same schema as Receipt::ToJson, with what is more.
  std::string ToJson() const;
};

/// Which receipts are kept besides those of searches that ask for it with ReceiptLevel::kKeep, and
/// for how long. Stored in the database.
struct ReceiptPolicy {
  /// One of so many searches with ReceiptLevel::kSummary is kept, and with it all that are slow,
  /// found nothing, or are degraded (a deadline cut them). 0: none of these.
  std::uint32_t sample_one_in = 0;
  double slow_ms = 0;   ///< From here on a search is slow; 0: none is.
  bool redact = false;  ///< Keep neither queries nor filters nor hits.
  // The oldest go beyond any of these limits; 0: no limit.
  std::uint64_t max_age_seconds = 30ull * 24 * 3600;
  std::uint64_t max_count = 100'000;
  std::uint64_t max_bytes = 256ull << 20;  ///< Of records before compression, annotations included.
  friend bool operator==(const ReceiptPolicy&, const ReceiptPolicy&) = default;
};

/// Which receipts are wanted. Conditions that are not set hold for all.
struct ReceiptQuery {
  std::optional<Timestamp> since;  ///< At or after,
  std::optional<Timestamp> until;  ///< and before.
  std::string collection;
  std::string document;  ///< One of the hits is of this document.
  std::string label;
  std::string stage;    ///< It has a stage of this name.
  std::string outcome;  ///< "ok", "empty" or "degraded".
  /// The whole took longer than this or, with `stage`, that stage.
  std::optional<double> slower_than_ms;
  std::uint64_t limit = 100;  ///< At most so many, the newest; 0: all.
};

/// What to note of an answer. What is not set stays as it is.
struct AnnotateRequest {
  std::optional<std::string> prompt;    ///< At most 1 MiB.
  std::optional<std::string> response;  ///< At most 1 MiB.
  std::optional<Metadata> usage;
  std::optional<double> rating;  ///< Finite.
};

}  // namespace tracevec
