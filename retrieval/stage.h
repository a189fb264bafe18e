#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/kernels.h"
#include "index/index_view.h"
#include "tracevec/document.h"
#include "tracevec/pipeline.h"
#include "tracevec/status.h"

namespace tracevec {

class StageReader;  // retrieval/stage_reader.h

// The steps of a pipeline after the fusion. Each is a function over candidates, in a file of its
// own; what they read of documents and vectors they ask a StageReader for.

/// Which chunk.
struct CandidateKey {
  std::uint32_t collection = 0;  ///< Its place among those of the StageReader.
  DocumentNumber document{};
  ChunkNumber chunk{};
  RowRef row;  ///< Where the reader finds it in the collection's view; not part of its identity.
  friend bool operator==(const CandidateKey& a, const CandidateKey& b) {
    return a.collection == b.collection && a.document == b.document && a.chunk == b.chunk;
  }
};

/// A chunk that a candidate stands for beside its own.
struct CitedChunk {
  CandidateKey key;
  CitationRole role = CitationRole::kMatch;
  float score = 0;  ///< Of a match or duplicate: the last it had.
  std::vector<StageScore> scores;
};

/// A piece of a document's text, in both units.
struct TextRange {
  Span span;   ///< Code points,
  Span bytes;  ///< and the same in bytes.
  friend bool operator==(const TextRange&, const TextRange&) = default;
};

/// A passage on its way. A source fills key, score and scores, which is cheap; the rest is read
/// when a stage needs it, and for what is left at the end.
struct PassageCandidate {
  CandidateKey key;  ///< Of its best chunk.
  float score = 0;
  std::vector<StageScore> scores;  ///< Of that chunk, in the order in which it got them.
  std::vector<CitedChunk> cited;   ///< What was combined with it or dropped for it.

  // Of stages.
  std::optional<TextRange> range;   ///< In its document, once combined; else the chunk's own.
  std::optional<std::string> text;  ///< Once read, or summarised.
  bool summarized = false;          ///< `text` is no longer what the document says.
  std::uint32_t tokens = 0;         ///< As a budget counted them.

  /// Whole once RunStages is done.
  Passage passage;
};

/// One call of a user's function.
struct StageCall {
  std::uint32_t texts = 0;
  double micros = 0;
  std::optional<CallInfo> info;  ///< What it said of itself, if it did.
};

/// A candidate that a stage did not let pass.
struct DroppedCandidate {
  std::string chunk;  ///< Id of its best chunk.
  std::uint32_t collection = 0;
  /// "top", "threshold", "no_score", "duplicate", "document", "combined" (not lost: part of
  /// `into`), "limit", "not_drawn" (the limit was reached without it), "budget".
  std::string rule;
  std::string into;                    ///< Id of the chunk that stands for it; empty: none.
  std::optional<double> value = {};    ///< What the rule looked at: score, similarity, tokens.
  std::optional<double> against = {};  ///< And what it was held against.
};

/// What a stage did.
struct StageReport {
  std::string name;  ///< As StageName has it; at the end "hydrate".
  double micros = 0;
  /// How many candidates there were, and how many of them the stage was given: a limit draws from
  /// those that have been scored as many as it takes.
  std::uint64_t available = 0;
  std::uint64_t n_in = 0;
  std::uint64_t n_out = 0;
  std::string skipped;   ///< Why it did not run; empty: it ran.
  std::string degraded;  ///< What it did in place of what was asked; empty: nothing.
  std::vector<DroppedCandidate> dropped;  ///< With StageContext::report_dropped.
  std::vector<StageCall> calls;
};

/// A score that there would be if its source or stage had not been skipped.
struct SkippedScore {
  std::string name;    ///< "dense", "lexical", "rerank"
  std::string reason;  ///< "the embedder failed: ..."
};

/// What stages need besides candidates. Used by one thread.
struct StageContext {
  using TimePoint = std::chrono::steady_clock::time_point;

  StageReader* reader = nullptr;
  const KernelTable* kernels = nullptr;
  std::string_view query;  ///< For rerankers and summaries.
  /// Field -> the query's vector, for RerankMethod::kExact. A field that is not there has none.
  std::map<std::string, std::span<const float>, std::less<>> query_vectors;
  /// Of the whole pipeline: no callback is called after it, and what one gives then is dropped.
  /// Stages without one take less than a millisecond and run in any case.
  std::optional<TimePoint> deadline;
  std::function<TimePoint()> clock = [] { return std::chrono::steady_clock::now(); };
  /// A callback's failure is the failure of the call.
  bool raise_on_error = false;
  /// Asked after each call of a callback what that call says of itself; may be empty.
  std::function<std::optional<CallInfo>()> call_info;
  std::vector<SkippedScore> skipped_scores;  ///< Of sources; stages add theirs.
  bool report_dropped = true;
};

/// "rerank", "threshold", "dedup", "mmr", "group_by_document", "combine", "summarize", "limit",
/// "budget" or "order".
std::string_view StageName(const PipelineStage& stage);
/// All of them, in the order of the variant.
std::span<const std::string_view> StageNames();

/// Checks order and parameters, not that there are callbacks. `scores`: the names of the scores
/// that sources give ("dense", "lexical", "fused"), for thresholds; empty: any name will do.
/// Errors: InvalidArgument that names the place (`stages[2].top`), the number and what is allowed.
Status CheckStages(std::span<const PipelineStage> stages, std::span<const std::string> scores = {});

/// Runs the stages over candidates that come best first, and makes passages of what is left; adds a
/// report a stage, and one of "hydrate". REQUIRES: CheckStages. Errors: InvalidArgument (a callback
/// is missing, a field does not exist), IOError, Corruption, and with raise_on_error a callback's:
/// its own, DeadlineExceeded where it is late, InvalidArgument where it gives what it must not,
/// Internal where it throws. The candidates are not to be used after one.
Status RunStages(std::span<const PipelineStage> stages, StageContext& context,
                 std::vector<PassageCandidate>* candidates, std::vector<StageReport>* reports);

}  // namespace tracevec
