#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/pipeline.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

namespace tracevec {

enum class ReceiptLevel : std::uint8_t {
  kOff = 0,      ///< None.
  kSummary = 1,  ///< Returned with the answer.
  kKeep = 2,     ///< Returned, and kept in the database with query and hits.
};

/// One call of a user's function in a pipeline.
struct ReceiptCall {
  std::uint32_t texts = 0;
  double micros = 0;
  std::optional<CallInfo> info;  ///< What it said of itself, if it did.
};

/// A candidate that a stage of a pipeline did not let pass.
struct ReceiptDrop {
  std::string chunk;  ///< Id of its best chunk.
  /// "top", "threshold", "no_score", "duplicate", "document", "combined" (not lost: part of
  /// `into`), "limit", "not_drawn" (the limit was reached without it), "budget".
  std::string rule;
  std::string into;               ///< Id of the chunk that stands for it, or empty.
  std::optional<double> value;    ///< What the rule looked at: a score, a similarity, tokens,
  std::optional<double> against;  ///< and what it was held against.
};

/// One step of a query: what went in, what came out, how long it took.
struct ReceiptStage {
  /// "plan", "search" or "scan", "rescore", "sparse", "lexical", "fuse", "hydrate"; of a pipeline
  /// also "expand", "embed", "encode" and the names of its stages.
  std::string name;
  /// Wall time. Where a thread walks graphs for two queries of a batch in turn, "search" has the
  /// time of both.
  double micros = 0;
  std::uint64_t n_in = 0;
  std::uint64_t n_out = 0;
  // Of steps of a pipeline.
  std::uint64_t available = 0;  ///< Candidates there were, of which a limit drew `n_in`.
  std::string skipped = {};     ///< Why it did not run; empty: it ran.
  std::string degraded = {};    ///< What was done in place of what was asked; empty: nothing.
  std::vector<ReceiptCall> calls = {};
  std::vector<ReceiptDrop> dropped = {};
};

/// One source of candidates of a search by text, or of several sources.
struct ReceiptSource {
  std::string name;              ///< "dense", "lexical" or "sparse"
  std::string field;             ///< The vector field; empty for "lexical".
  std::uint32_t phrasing = 0;    ///< Of the request, from 0.
  double weight = 1;             ///< In the fusion.
  std::uint64_t candidates = 0;  ///< Asked for.
  std::uint64_t found = 0;
  std::uint64_t rows_scored = 0;  ///< Rows of terms that were scored, or distances computed.
};

/// What a source said of a hit.
struct ReceiptLedgerSource {
  std::uint32_t source = 0;  ///< Its place in Receipt::sources.
  std::uint32_t rank = 0;    ///< From 1.
  float score = 0;
};

/// Where a hit of several sources comes from. Ranks are from 1; 0: no source of the kind found it.
struct ReceiptLedgerEntry {
  std::string id;  ///< Of the chunk.
  float score = 0;
  /// The best rank among the sources of a kind, and the score there.
  std::uint32_t dense_rank = 0;
  float dense_score = 0;
  std::uint32_t lexical_rank = 0;
  float lexical_score = 0;
  std::uint32_t sparse_rank = 0;
  float sparse_score = 0;
  std::vector<ReceiptLedgerSource> sources;  ///< Each that found it.
};

/// How one part of an index, a segment or a block of the head, is searched under a filter.
struct SearchPart {
  /// "scan": each row is scored and asked; "scan_matches": those that match, or may match, are
  /// scored; "graph_matches": the graph is walked among those that match; "graph_then_filter": it
  /// is walked wider, and what was found filtered; "graph": without a filter.
  std::string way;
  std::uint64_t rows = 0;
  std::uint64_t matches_estimated = 0;  ///< From counts of values, as if fields were independent.
  std::uint64_t matches_low = 0;        ///< It lies between these two, whatever fields share.
  std::uint64_t matches_high = 0;
  /// How many rows match, deleted ones that no merge has dropped yet included; nothing where that
  /// was not known without asking each row.
  std::optional<std::uint64_t> matches;
  /// Of an explanation: the ways that the search may go instead of `way`, since how many rows match
  /// is estimated, and where they lie is found out by searching. A walk whose matches turn out to
  /// be far from the query, or that finds fewer than k, gives way to a scan. Empty: there are none.
  /// Of a receipt always empty: `way` is what was done.
  std::vector<std::string> other_ways;
};

/// A passage of a pipeline's answer.
struct ReceiptPassage {
  std::string document;
  std::uint32_t version = 0;
  std::optional<Span> span;
  float score = 0;
  std::uint32_t tokens = 0;
  std::vector<Citation> citations;  ///< Each chunk, with what sources and stages said of it.
};

/// What ran. It has no query content. A value: it stays valid after the database is closed.
struct TRACEVEC_EXPORT Receipt {
  /// The schema of its JSON, with its version. Members may be added within a version; one that
  /// goes, or means something else, makes the next.
  static constexpr std::string_view kSchema = "tracevec.receipt/1";

  std::string id;  ///< 32 hex digits; unique; ascending with the time.
  Timestamp time;
  std::string label;
  std::string collection;
  std::string field;  ///< Of the first vector; `sources` has those of all.
  /// "exact_scan" (float32), "code_scan" (codes, rescored), "graph" (the same, with segments
  /// searched along their graphs), "filtered_scan" (codes of what matches the filter),
  /// "filtered_graph" (segments searched along their graphs under a filter), "lexical" (by text
  /// alone), "sparse" (by sparse vectors alone); of several sources those of each vector field,
  /// "sparse" and "lexical", joined by "+".
  std::string plan;
  std::string filter;  ///< The filter as printed back, or empty.
  std::string metric;
  /// What rows were compared by before the best were scored again: "int8", "int4" (segments with
  /// codes of 4 bits were searched; the head has 8), or "float32" for an exact search.
  std::string code;
  bool exact = false;
  std::uint32_t k = 0;
  std::uint32_t returned = 0;
  /// Why fewer than k came back: "matches", "deadline", "stop_words" (nothing is left of the text),
  /// or empty. Of a pipeline, k being its limit, all that apply, joined by "+": also
  /// "skipped_source" and the names of stages that let fewer pass.
  std::string short_reason;
  bool deadline_cut = false;  ///< The deadline ended the scan early.
  /// "ok", "empty" (nothing was found), or "degraded" (the deadline cut it, or a step of a pipeline
  /// was skipped or did something else).
  std::string outcome;
  /// Why it is kept in the database: "asked", "sampled", "slow", "empty", "degraded"; empty: it is
  /// not, as in a database that is open for reading, or is read at a snapshot.
  std::string kept;
  /// Fingerprint of the query's vector, text and `like`: equal for equal queries.
  std::uint64_t query_hash = 0;
  std::uint32_t ef = 0;                 ///< Width of graph searches; 0: each segment's own.
  std::string ef_source;                ///< "asked", "tuned" or "segments".
  std::uint64_t segments_searched = 0;  ///< Along their graphs.
  std::uint64_t nodes_visited = 0;      ///< Of graphs, whose neighbours were looked at.
  std::uint64_t rows_scanned = 0;       ///< Of the head, and of segments that were scanned.
  std::uint64_t distances = 0;          ///< Distances computed, rescoring included.
  std::uint64_t filter_tested = 0;
  std::uint64_t filter_passed = 0;
  std::uint64_t live = 0;    ///< Chunks visible at the view.
  std::uint64_t commit = 0;  ///< The view that was read.
  std::uint64_t timeline = 0;
  EmbeddingSpace space;         ///< The field's.
  bool space_asserted = false;  ///< The query's vector came without a declared space.
  std::string kernels;          ///< "avx512vnni"
  std::string build;            ///< Library version and build.
  double total_micros = 0;      ///< Wall time; in a batch from when a thread took the query up.
  std::vector<ReceiptStage> stages;
  std::vector<SearchPart> parts;  ///< With a filter.
  // Of a search by text or of several sources, else empty.
  std::string analyzer;                    ///< Its identity.
  std::string fusion;                      ///< "rrf", "weighted" or "dbsf" of several sources.
  std::vector<ReceiptSource> sources;      ///< In the order in which they are fused.
  std::vector<ReceiptLedgerEntry> ledger;  ///< One a hit where there were several sources.
  // Of a pipeline, else empty.
  std::string pipeline;         ///< Its hash: Pipeline::Hash.
  std::string prompt_template;  ///< Hash of the template that PipelineResponse::ToPrompt was given.
  std::uint32_t phrasings = 0;
  std::vector<ReceiptPassage> passages;

  /// JSON by docs/receipt.schema.json, which the member "schema" names with its version.
  std::string ToJson() const;
};

/// Sees the receipt of each search that has one, on the thread that searched, with no lock held; of
/// a batch on several threads at once. For spans, logs, counters of one's own. What it throws is
/// dropped; its time is the search's.
using TraceHook = std::function<void(const Receipt&)>;

}  // namespace tracevec
