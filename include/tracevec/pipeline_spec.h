#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/filter.h"
#include "tracevec/pipeline.h"
#include "tracevec/schema.h"
#include "tracevec/search.h"
#include "tracevec/status.h"

namespace tracevec {

/// Other phrasings of a query. Called on the caller's thread with no lock held.
using Rewriter = std::function<Result<std::vector<std::string>>(std::string_view query)>;

/// Searches with several phrasings of the query at once: the query itself, then what the rewriter
/// gives. Phrasings that are empty, too long, invalid or there already are left out.
struct ExpandStep {
  Rewriter callback;
  std::uint32_t most = 8;          ///< Phrasings in all, 2 to 32.
  std::string callback_name = {};  ///< "rewrite"
};

/// Candidates by a vector field.
struct DenseSource {
  std::string field;                  ///< May be empty with one.
  std::uint32_t k = 100;              ///< Candidates of each phrasing, 1 to 16,384.
  std::optional<double> weight = {};  ///< In the fusion, at least 0.
  Embedder embed;                     ///< Makes the vectors of all phrasings in one call.
  std::vector<float> vector = {};     ///< Or the query's vector, for the query alone.
  EmbeddingSpace space = {};          ///< Of the vectors; undeclared: asserted to fit.
  std::string embed_name = {};        ///< Of the callback: "embed"
};

/// Candidates by the text field: each phrasing as in SearchRequest::text.
struct LexicalSource {
  std::uint32_t k = 100;
  std::optional<double> weight = {};
};

/// Sparse vectors of texts, one each; called as an Embedder is.
using SparseEncoder =
    std::function<Result<std::vector<SparseVector>>(std::span<const std::string> texts)>;

/// Candidates by a sparse field.
struct SparseSource {
  std::string field;  ///< May be empty with one.
  std::uint32_t k = 100;
  std::optional<double> weight = {};
  SparseEncoder encode;
  std::optional<SparseVector> vector = {};  ///< Or the query's vector, for the query alone.
  std::string encode_name = {};             ///< "encode"
};

using PipelineSource = std::variant<DenseSource, LexicalSource, SparseSource>;

/// What a pipeline does. Everything but callbacks and vectors is its declaration.
struct PipelineSpec {
  static constexpr std::size_t kMostSources = 16;
  static constexpr std::size_t kMostStages = 32;

  std::optional<ExpandStep> expand;
  /// Fused in this order. None: the text field.
  std::vector<PipelineSource> sources;
  Filter where;
  /// Its weights, if any, are one a source, and no source has one of its own then. `candidates` is
  /// not used: sources have their own `k`.
  Fusion fuse;
  std::vector<PipelineStage> stages;  ///< Run in this order; limit, budget and order come last.
};

/// The methods that add to a pipeline, one after the other, for Pipeline and PipelineQuery. What is
/// declared (sources, filter, fusion) comes before the stages; where it does not, the first mistake
/// is kept and returned by what uses the pipeline.
template <typename Derived>
class PipelineChain {
 public:
  Derived& Expand(ExpandStep step) {
    Declare("expand");
    spec_.expand = std::move(step);
    return self();
  }
  Derived& Dense(DenseSource source = {}) {
    Declare("dense");
    spec_.sources.emplace_back(std::move(source));
    return self();
  }
  Derived& Lexical(LexicalSource source = {}) {
    Declare("lexical");
    spec_.sources.emplace_back(source);
    return self();
  }
  Derived& Sparse(SparseSource source = {}) {
    Declare("sparse");
    spec_.sources.emplace_back(std::move(source));
    return self();
  }
  /// Several are joined by AND.
  Derived& Where(const Filter& where) {
    Declare("where");
    spec_.where = spec_.where.empty() ? where : spec_.where && where;
    return self();
  }
  Derived& Fuse(Fusion fusion) {
    Declare("fuse");
    spec_.fuse = std::move(fusion);
    return self();
  }
  Derived& Rerank(RerankStage stage) { return Then(std::move(stage)); }
  Derived& Threshold(double score, std::string on = {}) {
    return Then(ThresholdStage{score, std::move(on)});
  }
  Derived& Dedup(DedupStage stage = {}) { return Then(std::move(stage)); }
  Derived& Mmr(MmrStage stage = {}) { return Then(std::move(stage)); }
  Derived& GroupByDocument(std::uint32_t per_document) { return Then(GroupStage{per_document}); }
  Derived& Combine(CombineStage stage = {}) { return Then(stage); }
  Derived& Summarize(Summarizer callback) {
    SummarizeStage stage;
    stage.callback = std::move(callback);
    return Then(std::move(stage));
  }
  Derived& Limit(std::uint32_t count) { return Then(LimitStage{count}); }
  Derived& Budget(std::uint32_t tokens, TokenCounter count = {}) {
    BudgetStage stage;
    stage.tokens = tokens;
    stage.count = std::move(count);
    return Then(std::move(stage));
  }
  Derived& Order(PassageOrder by = PassageOrder::kEdges) { return Then(OrderStage{by}); }
  Derived& Then(PipelineStage stage) {
    spec_.stages.push_back(std::move(stage));
    return self();
  }

  const PipelineSpec& spec() const { return spec_; }
  /// The first declaration that came after a stage: InvalidArgument.
  const Status& status() const { return mistake_; }

 protected:
  PipelineChain() = default;
  PipelineChain(PipelineSpec spec, Status mistake)
      : spec_(std::move(spec)), mistake_(std::move(mistake)) {}

 private:
  void Declare(const char* what) {
    if (spec_.stages.empty() || !mistake_.ok()) return;
    mistake_ = Status::InvalidArgument(
        std::string(what) +
        ": declared after a stage; expand, dense, lexical, sparse, where and "
        "fuse come before the stages");
  }
  Derived& self() { return static_cast<Derived&>(*this); }

  PipelineSpec spec_;
  Status mistake_;
};

/// A pipeline that is stored under a name.
struct PipelineInfo {
  std::string name;
  std::string hash;  ///< Of Pipeline::Hash.
  Timestamp stored;
};

/// A pipeline apart from any query: built by chaining, or read from JSON. A value.
///
///     Pipeline helpdesk = Pipeline().Dense().Lexical().Dedup().Limit(8);
///     helpdesk.ToJson();
///
/// In JSON callbacks are names; QueryOptions::callbacks has what they stand for when it is run.
/// docs/pipeline.md has all members.
class TRACEVEC_EXPORT Pipeline : public PipelineChain<Pipeline> {
 public:
  Pipeline() = default;
  /// `mistake`: of a chain that made the spec.
  explicit Pipeline(PipelineSpec spec, Status mistake = {})
      : PipelineChain(std::move(spec), std::move(mistake)) {}

  /// Errors: InvalidArgument with the place (`stages[2].top`), and for a stage, a member or a name
  /// that does not exist the nearest one; Unsupported (a later version of the form).
  static Result<Pipeline> FromJson(std::string_view json);
  /// The canonical form: every member, members by name. Pipelines that do the same, callbacks
  /// and vectors apart, have the same. Errors: those of Check.
  Result<std::string> ToJson() const;
  /// 32 hex digits, over ToJson: the version of a pipeline.
  Result<std::string> Hash() const;
  /// Errors: InvalidArgument: order of declarations and stages, a parameter out of its range, a
  /// weight too many, a filter that does not parse.
  Status Check() const;
};

}  // namespace tracevec
