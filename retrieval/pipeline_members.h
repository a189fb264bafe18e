#pragma once

#include <array>
#include <string_view>

#include "tracevec/pipeline_spec.h"

namespace tracevec {

// The members that JSON has of each part of a pipeline, said once for reading and writing: a
// visitor has Text, Count, Number, OptionalNumber, Numbers, Choice, Callback (a name with the one
// it has by default) and OptionalCallback (none by default).

inline constexpr std::array<std::string_view, 2> kRerankMethods = {"callback", "exact"};
inline constexpr std::array<std::string_view, 3> kDedupMethods = {"vector", "hash", "shingles"};
inline constexpr std::array<std::string_view, 4> kCombineMethods = {"neighbors", "overlap",
                                                                    "section", "parent"};
inline constexpr std::array<std::string_view, 3> kPassageOrders = {"score", "edges", "document"};
inline constexpr std::array<std::string_view, 3> kFusionMethods = {"rrf", "weighted", "dbsf"};
inline constexpr std::array<std::string_view, 2> kNormalizations = {"min_max", "z_score"};

/// What `kind` may say, in the order of the variant.
inline constexpr std::array<std::string_view, 3> kSourceKinds = {"dense", "lexical", "sparse"};
static_assert(kSourceKinds.size() == std::variant_size_v<PipelineSource>);

template <typename Visitor>
void VisitMembers(Visitor& visit, ExpandStep& step) {
  visit.Callback("callback", &step.callback_name, "rewrite");
  visit.Count("most", &step.most);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, DenseSource& source) {
  visit.Text("field", &source.field);
  visit.Count("k", &source.k);
  visit.OptionalNumber("weight", &source.weight);
  visit.Callback("embed", &source.embed_name, "embed");
}

template <typename Visitor>
void VisitMembers(Visitor& visit, LexicalSource& source) {
  visit.Count("k", &source.k);
  visit.OptionalNumber("weight", &source.weight);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, SparseSource& source) {
  visit.Text("field", &source.field);
  visit.Count("k", &source.k);
  visit.OptionalNumber("weight", &source.weight);
  visit.Callback("encode", &source.encode_name, "encode");
}

template <typename Visitor>
void VisitMembers(Visitor& visit, Fusion& fusion) {
  visit.Choice("method", &fusion.method, kFusionMethods);
  visit.Number("k", &fusion.k);
  visit.Numbers("weights", &fusion.weights);
  visit.Choice("normalization", &fusion.normalization, kNormalizations);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, RerankStage& stage) {
  visit.Choice("method", &stage.method, kRerankMethods);
  if (stage.method == RerankMethod::kCallback) {
    visit.Callback("callback", &stage.callback_name, "rerank");
  }
  visit.Text("field", &stage.field);
  visit.Count("top", &stage.top);
  visit.Count("batch_size", &stage.batch_size);
  visit.OptionalNumber("budget_ms", &stage.budget_ms);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, ThresholdStage& stage) {
  visit.Number("score", &stage.score);
  visit.Text("on", &stage.on);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, DedupStage& stage) {
  visit.Choice("method", &stage.method, kDedupMethods);
  visit.OptionalNumber("similarity", &stage.similarity);
  visit.Text("field", &stage.field);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, MmrStage& stage) {
  visit.Number("lambda", &stage.lambda);
  visit.Count("top", &stage.top);
  visit.Text("field", &stage.field);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, GroupStage& stage) {
  visit.Count("per_document", &stage.per_document);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, CombineStage& stage) {
  visit.Choice("method", &stage.method, kCombineMethods);
  visit.Count("window", &stage.window);
  visit.Number("share", &stage.share);
  visit.Count("max_chars", &stage.max_chars);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, SummarizeStage& stage) {
  visit.Callback("callback", &stage.callback_name, "summarize");
}

template <typename Visitor>
void VisitMembers(Visitor& visit, LimitStage& stage) {
  visit.Count("count", &stage.count);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, BudgetStage& stage) {
  visit.Count("tokens", &stage.tokens);
  if (stage.count != nullptr && stage.count_name.empty()) stage.count_name = "count";
  visit.OptionalCallback("count", &stage.count_name);
}

template <typename Visitor>
void VisitMembers(Visitor& visit, OrderStage& stage) {
  visit.Choice("by", &stage.by, kPassageOrders);
}

}  // namespace tracevec
