#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/filter.h"
#include "tracevec/receipt.h"

namespace tracevec {

/// What a source of candidates searches.
enum class SourceKind : std::uint8_t {
  kDense = 0,    ///< A vector field, by metric.
  kLexical = 1,  ///< The text field, by BM25.
  kSparse = 2,   ///< A sparse field, by inner product.
};
/// "dense", "lexical" or "sparse".
TRACEVEC_EXPORT std::string_view SourceKindName(SourceKind kind);

/// How what several sources found becomes one list. Stored nowhere.
enum class FusionMethod : std::uint8_t {
  /// Sum of weight / (k + rank): Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms
  /// Condorcet and Individual Rank Learning Methods", 2009.
  kRrf = 0,
  kWeighted = 1,  ///< Weighted sum of normalised scores.
  /// Sum of scores on a scale from three standard deviations below a source's mean to three above:
  /// distribution-based score fusion (Mazzeschi, 2023).
  kDbsf = 2,
};
/// "rrf", "weighted" or "dbsf".
TRACEVEC_EXPORT std::string_view FusionMethodName(FusionMethod method);
/// Errors: InvalidArgument with the nearest name.
TRACEVEC_EXPORT Result<FusionMethod> ParseFusionMethod(std::string_view name);

/// What FusionMethod::kWeighted makes of the scores of a source, over its candidates.
enum class ScoreNormalization : std::uint8_t {
  kMinMax = 0,  ///< The worst is 0, the best 1.
  kZScore = 1,  ///< Standard deviations above the mean.
};
/// "min_max" or "z_score".
TRACEVEC_EXPORT std::string_view ScoreNormalizationName(ScoreNormalization normalization);
/// Errors: InvalidArgument with the nearest name.
TRACEVEC_EXPORT Result<ScoreNormalization> ParseScoreNormalization(std::string_view name);

/// Of a search of several sources: vectors, phrasings, a text. The score of a hit is then the fused
/// one, and equal ones come by id. A candidate that a source did not find gets nothing from it, and
/// where scores are standardised (kZScore) what that source's worst gets.
struct Fusion {
  FusionMethod method = FusionMethod::kRrf;
  /// Of kRrf, 0 to 1e6: how little the first ranks stand out. The paper has 60; on four judged sets
  /// 10 is better (docs/lexical.md).
  double k = 10;
  /// One for each vector field, sparse or not, and one for the text, in the order in which the
  /// request first has them: `vector` or `like`, `vectors`, `sparse_vectors`, `text`. Empty: 1
  /// each, but of a text under kRrf 1.2. The phrasings of a field, or of texts, share its weight in
  /// equal parts.
  std::vector<double> weights;
  ScoreNormalization normalization = ScoreNormalization::kMinMax;  ///< Of kWeighted.
  std::uint32_t candidates = 100;  ///< Of each source, 1 to 16,384; in effect at least k hits.
};

/// A query vector of a field, of the field's dimension. Read during the call only.
struct FieldVector {
  std::string field;
  std::span<const float> vector;
};

/// A sparse query vector of a field. Read during the call only.
struct SparseFieldVector {
  std::string field;  ///< May be empty when there is one.
  SparseVector vector;
};

/// Another wording of a question.
struct Phrasing {
  std::span<const float> vector = {};     ///< As in SearchRequest, of its `field`.
  std::vector<FieldVector> vectors = {};  ///< Of further fields.
  std::string text = {};
  std::vector<SparseFieldVector> sparse_vectors = {};
};

/// A query for the best chunks. At least one of `vector`, `like`, `vectors`, `sparse_vectors` and
/// `text` is set, or a phrasing, and not both `vector` and `like`. Each vector and each text is a
/// source of candidates; what several find is fused (see Fusion), and each hit says which found it.
/// All see one view, through one filter, and have one deadline: what the first have used is gone
/// for the others. At most 256 sources.
struct SearchRequest {
  /// The query vector, of the field's dimension. Read during the call only.
  std::span<const float> vector;
  /// Query vectors of further fields, no field twice. Together with `vector` its field may be left
  /// out only where there is one.
  std::vector<FieldVector> vectors;
  /// Query vectors of sparse fields, no field twice. One without entries finds nothing.
  std::vector<SparseFieldVector> sparse_vectors;
  /// Search by a stored chunk's vector; that chunk itself is left out of what any source finds.
  std::string like;
  /// Searches the texts of chunks, in a collection with a text field: words and "phrases", of which
  /// any may match, +required and -excluded ones, prefix*; see docs/lexical.md. At most 65,536
  /// bytes. Where it has only stop words, it finds nothing.
  std::string text;
  /// Further wordings of the question, searched for with it: phrasing 0 is made of the members
  /// above, if there are any, and phrasing i is phrasings[i - 1].
  std::vector<Phrasing> phrasings;
  Fusion fusion;
  std::uint32_t k = 10;  ///< 1 to 16,384.
  Filter where;          ///< Empty: no filter.
  std::string field;     ///< Vector field; may be empty when there is one.
  bool exact = false;    ///< float32 over everything, no approximation.
  /// Width of a graph search, 1 to 65,536, in effect at least k, and 1.5 k + 2 where a segment has
  /// codes of 4 bits. Without one each segment has its own; past 8,192 segments are scanned, and at
  /// least as many candidates scored again.
  std::optional<std::uint32_t> ef;
  /// Recall to reach, over 0 and at most 1, in place of `ef`: with the width that Collection::Tune
  /// found it to need, or by scanning float32 for 1 and where no width reaches it. Before that, up
  /// to 0.95 with the segments' own widths, and beyond by scanning.
  std::optional<double> target_recall;
  std::optional<double>
      deadline_ms;            ///< What is found by then is returned, and the receipt says so.
  bool with_vectors = false;  ///< Fill Hit::vector with the vector as given.
  bool with_content = true;   ///< Fill text, span, section and metadata of the hits.
  EmbeddingSpace space;       ///< Of all query vectors.
  std::string label;          ///< Kept in the receipt.
  ReceiptLevel receipt = ReceiptLevel::kSummary;
};

/// What a source of a search said of a hit.
struct SourceScore {
  std::uint32_t rank = 0;  ///< From 1.
  float score = 0;         ///< The metric's, or BM25.
};

/// A source that found a hit, and what it said of it.
struct HitSource {
  SourceKind kind = SourceKind::kDense;
  std::string field;           ///< Of kDense and kSparse: the vector field.
  std::uint32_t phrasing = 0;  ///< Of the request, from 0.
  std::uint32_t rank = 0;      ///< From 1.
  float score = 0;             ///< The metric's, BM25, or an inner product.
};

/// A found chunk. Larger scores are better; hits come by score, equal scores by id.
struct Hit {
  std::string id;
  float score = 0;
  std::string document;
  std::uint32_t version = 0;
  std::uint32_t ordinal = 0;
  std::optional<Span> span;
  std::string text;
  std::string section;
  std::optional<std::uint32_t> page;
  Metadata metadata;
  std::vector<float> vector;
  /// Of a search of several sources: its best rank among the candidates of vectors,
  std::optional<SourceScore> dense;
  std::optional<SourceScore> lexical;  ///< of texts,
  std::optional<SourceScore> sparse;   ///< and of sparse vectors;
  std::vector<HitSource> sources;      ///< and each source that found it.
};

struct SearchResponse {
  std::vector<Hit> hits;  ///< At most k; fewer when fewer match.
  Receipt receipt;        ///< Empty with ReceiptLevel::kOff.
};

/// What a search would do, told without doing it.
struct TRACEVEC_EXPORT Explanation {
  std::string field;
  std::string plan;    ///< As in a receipt.
  std::string filter;  ///< The filter as printed back, or empty.
  std::uint32_t k = 0;
  std::uint64_t live = 0;  ///< Chunks visible at the view.
  std::uint64_t commit = 0;
  std::vector<SearchPart> parts;  ///< Of the whole index, without `matches`.

  std::string ToJson() const;
};

/// Many queries at once, answered with ids and scores alone.
struct BatchRequest {
  std::span<const float> vectors;      ///< Row-major, count x dimension.
  std::span<const std::string> texts;  ///< Instead, or beside them, one a query: hybrid.
  Fusion fusion;
  std::uint32_t k = 10;
  std::uint32_t threads = 1;  ///< 1 to 256; the caller's thread is one of them.
  Filter where;
  std::string field;
  bool exact = false;
  std::optional<std::uint32_t> ef;
  /// As in SearchRequest.
  std::optional<double> target_recall;
  std::optional<double> deadline_ms;  ///< For each query.
  EmbeddingSpace space;
  std::string label;
  ReceiptLevel receipt = ReceiptLevel::kSummary;
};

/// Row i holds the answer to query i in places i*k .. i*k+k-1; missing places are "" and NaN.
struct BatchResponse {
  std::uint32_t k = 0;
  std::vector<std::string> ids;
  std::vector<float> scores;
  std::vector<Receipt> receipts;  ///< One a query; empty with ReceiptLevel::kOff.
};

}  // namespace tracevec
