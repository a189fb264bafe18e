#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

/// What a source or a stage said of a chunk. Ranks are from 1.
struct StageScore {
  std::string stage;  ///< "dense", "lexical", "fused", "rerank"...
  float score = 0;
  std::uint32_t rank = 0;
};

/// Why a chunk is cited.
enum class CitationRole : std::uint8_t {
  kMatch = 0,      ///< The query found it.
  kContext = 1,    ///< A stage added it to a passage: a neighbour, or the rest of a section.
  kDuplicate = 2,  ///< It was dropped since the passage says the same.
};

/// "match", "context" or "duplicate".
TRACEVEC_EXPORT std::string_view CitationRoleName(CitationRole role);

/// A chunk that a passage rests on.
struct Citation {
  std::string chunk;  ///< Its id.
  std::string collection;
  std::string document;
  std::uint32_t version = 0;
  std::optional<Span> span;  ///< In the document's text.
  std::string section;
  std::optional<std::uint32_t> page;
  CitationRole role = CitationRole::kMatch;
  std::vector<StageScore> scores;  ///< One a source and stage that scored it, in order.
};

/// A piece of an answer: a chunk, or several combined.
struct Passage {
  /// Exactly what the document says at `span`, unless a summary took its place.
  std::string text;
  float score = 0;  ///< Of its best chunk, by the last stage that scored.
  std::string collection;
  std::string document;
  std::uint32_t version = 0;
  std::optional<Span> span;  ///< None for a chunk that is no slice of its document.
  std::string section;       ///< This, the page and the metadata are its best chunk's.
  std::optional<std::uint32_t> page;
  Metadata metadata;
  std::uint32_t tokens = 0;         ///< As a budget stage counted them; 0 without one.
  std::vector<Citation> citations;  ///< Matches by score, then context, then duplicates.
};

/// Scores of texts for a query, one each, larger is better. Called on the caller's thread with no
/// lock held.
using Reranker =
    std::function<Result<std::vector<float>>(std::string_view query, std::span<const std::string>)>;
/// A text that takes the place of a passage's.
using Summarizer = std::function<Result<std::string>(std::string_view query, const Passage&)>;
/// The number of tokens of a text.
using TokenCounter = std::function<Result<std::uint32_t>(std::string_view text)>;

enum class RerankMethod : std::uint8_t {
  kCallback = 0,
  kExact = 1,  ///< By the metric over float32 vectors.
};

/// Scores the first `top` candidates anew and leaves those, best first. Where that cannot be done
/// (a callback fails, is late, or gives other than one finite score a text) none is scored: the
/// first `top` stay in the order they had.
struct RerankStage {
  RerankMethod method = RerankMethod::kCallback;
  Reranker callback;              ///< Of kCallback.
  std::string field;              ///< Of kExact: a vector field; may be empty with one.
  std::uint32_t top = 50;         ///< 1 to 16,384.
  std::uint32_t batch_size = 16;  ///< Texts a call, 1 to 16,384.
  /// Time for the calls; a batch is begun only before it ends, and a result after it is dropped.
  std::optional<double> budget_ms;
  std::string callback_name = {};  ///< As JSON and QueryOptions::callbacks have it: "rerank".
};

/// Drops what a score is below. Skipped, with its reason in the receipt, where the stage that gives
/// the score was skipped.
struct ThresholdStage {
  double score = 0;
  std::string on;  ///< "dense", "lexical", "fused" or "rerank"; empty: the last that scored.
};

enum class DedupMethod : std::uint8_t {
  kVector = 0,    ///< Cosine of the vectors at least `similarity`.
  kHash = 1,      ///< Equal texts, white space and the case of ASCII letters apart.
  kShingles = 2,  ///< Jaccard similarity of word shingles, estimated by MinHash: Broder, 1997.
};

/// Keeps the better of two that say the same; it cites those that were dropped.
struct DedupStage {
  DedupMethod method = DedupMethod::kVector;
  /// Over 0 to 1. By default 0.95 of vectors, 0.6 of shingles; kHash has none.
  std::optional<double> similarity = {};
  std::string field;  ///< Of kVector; may be empty with one.
};

/// Maximal marginal relevance: Carbonell and Goldstein, 1998.
struct MmrStage {
  double lambda = 0.7;      ///< 1: by score alone; 0: by difference from what was taken alone.
  std::uint32_t top = 100;  ///< Candidates that are put in order and left, 1 to 1,024.
  std::string field;
};

/// At most so many candidates of a document.
struct GroupStage {
  std::uint32_t per_document = 1;
};

enum class CombineMethod : std::uint8_t {
  kNeighbors = 0,  ///< Each chunk grows by `window` chunks on both sides; what touches is joined.
  kOverlap = 1,    ///< Chunks of a document that overlap or touch are joined.
  kSection = 2,    ///< The whole section, where `share` of its chunks were found.
  kParent = 3,     ///< The parent chunk, where `share` of its children were found.
};

/// Joins chunks of one document version to passages of exact source text.
struct CombineStage {
  CombineMethod method = CombineMethod::kNeighbors;
  std::uint32_t window = 1;          ///< Of kNeighbors, 0 to 100.
  double share = 0.5;                ///< Of kSection and kParent, over 0 to 1.
  std::uint32_t max_chars = 16'384;  ///< A passage does not grow beyond it, in code points.
};

struct SummarizeStage {
  Summarizer callback;
  std::string callback_name = {};  ///< "summarize"
};

/// Leaves the first `count`. Stages before it are asked for as many as it takes, out of candidates
/// that have been scored.
struct LimitStage {
  std::uint32_t count = 10;
};

/// Leaves the passages, best first, that fit; one that does not is left out, later ones may fit.
struct BudgetStage {
  std::uint32_t tokens = 0;     ///< At least 1.
  TokenCounter count;           ///< None: an estimate from the text's letters and words.
  std::string count_name = {};  ///< Of the callback; empty without one: "count".
};

enum class PassageOrder : std::uint8_t {
  kScore = 0,
  kEdges = 1,  ///< Best first, second last, third second...: Liu et al., Lost in the Middle, 2023.
  kDocument = 2,  ///< By document, then place.
};

struct OrderStage {
  PassageOrder by = PassageOrder::kEdges;
};

/// One step after the fusion.
using PipelineStage =
    std::variant<RerankStage, ThresholdStage, DedupStage, MmrStage, GroupStage, CombineStage,
                 SummarizeStage, LimitStage, BudgetStage, OrderStage>;

}  // namespace tracevec
