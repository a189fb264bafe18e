#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracevec/collection.h"
#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/pipeline.h"
#include "tracevec/pipeline_spec.h"
#include "tracevec/receipt.h"
#include "tracevec/status.h"

namespace tracevec {

/// What the names of callbacks in a pipeline stand for. A callback that the pipeline was built with
/// goes before one of its name.
struct PipelineCallbacks {
  std::map<std::string, Embedder, std::less<>> embed;
  std::map<std::string, SparseEncoder, std::less<>> encode;
  std::map<std::string, Rewriter, std::less<>> rewrite;
  std::map<std::string, Reranker, std::less<>> rerank;
  std::map<std::string, Summarizer, std::less<>> summarize;
  std::map<std::string, TokenCounter, std::less<>> count;
};

/// What becomes of a query of which a callback fails.
enum class OnError : std::uint8_t {
  /// The step is left out, visibly; searching by text stands in for a vector that is missing, where
  /// the collection has a text field.
  kDegrade = 0,
  kRaise = 1,  ///< The callback's error is the query's.
};

struct QueryOptions {
  /// One for all steps, from the call on; more than 0. What is there by then is the answer, and the
  /// receipt says what was cut. A callback runs on the caller's thread and cannot be cut: what
  /// comes too late is dropped, and where callbacks left less than that, the searches have 10 ms.
  std::optional<double> deadline_ms = {};
  std::string label = {};  ///< Kept in the receipt.
  ReceiptLevel receipt = ReceiptLevel::kSummary;
  OnError on_error = OnError::kDegrade;
  PipelineCallbacks callbacks = {};
  /// Asked after each call of a callback, on the same thread, what that call says of itself. Kept
  /// in the receipt.
  std::function<std::optional<CallInfo>()> call_info = {};
};

/// The answer of a pipeline.
struct TRACEVEC_EXPORT PipelineResponse {
  std::vector<Passage> passages;
  Receipt receipt;  ///< Empty with ReceiptLevel::kOff.

  /// The passages put into a prompt, by a template as docs/pipeline.md has it, or by a plain one;
  /// notes the template's hash in the receipt. Errors: InvalidArgument with the line, and the
  /// nearest name.
  Result<std::string> ToPrompt(std::string_view prompt_template = {});

  std::string query;  ///< What was asked, for ToPrompt.
};

/// A query in the making, from Collection::Query: a text, and a pipeline for it. Not thread-safe;
/// Run changes nothing, so that it may be called again.
class TRACEVEC_EXPORT PipelineQuery : public PipelineChain<PipelineQuery> {
 public:
  PipelineQuery(Collection collection, std::string text, const Pipeline& pipeline)
      : PipelineChain(pipeline.spec(), pipeline.status()),
        collection_(std::move(collection)),
        text_(std::move(text)) {}

  /// See Collection::RunPipeline.
  Result<PipelineResponse> Run(const QueryOptions& options = {}) const;

 private:
  Collection collection_;
  std::string text_;
};

}  // namespace tracevec
