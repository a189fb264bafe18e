#include <optional>
#include <string>
#include <variant>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_pipeline_callbacks.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/query.h"

namespace tracevec::python {
namespace {

void BindPassage(nb::module_& module) {
  Record<StageScore>(module, "StageScore", "What a source or a stage said of a chunk.")
      .Field("stage", &StageScore::stage, "\"dense\", \"lexical\", \"fused\", \"rerank\"...")
      .Field("score", &StageScore::score, "Larger is better.")
      .Field("rank", &StageScore::rank, "From 1.")
      .Finish();
  Record<Citation>(module, "Citation", "A chunk that a passage rests on.")
      .Field("chunk", &Citation::chunk, "Its id.")
      .Field("collection", &Citation::collection, "Name of the collection.")
      .Field("document", &Citation::document, "Id of the document.")
      .Field("version", &Citation::version, "Version of the document.")
      .Converted("span", &Citation::span, "(start, end) in code points of the document, or None.")
      .Field("section", &Citation::section, "Headings above it, joined by \" > \".")
      .Field("page", &Citation::page, "Page, or None.")
      .Computed(
          "role", [](const Citation& self) { return CitationRoleName(self.role); },
          "\"match\", \"context\" (a stage added it), or \"duplicate\" (dropped: the passage says "
          "the same).")
      .Field("scores", &Citation::scores, "One a source and stage that scored it, in order.")
      .Finish();
  Record<Passage>(module, "Passage", "A piece of an answer: a chunk, or several combined.")
      .Field("text", &Passage::text, "What the document says there, unless it was summarised.")
      .Field("score", &Passage::score, "Of its best chunk, by the last stage that scored.")
      .Field("collection", &Passage::collection, "Name of the collection.")
      .Field("document", &Passage::document, "Id of the document.")
      .Field("version", &Passage::version, "Version of the document.")
      .Converted("span", &Passage::span, "(start, end) in code points of the document, or None.")
      .Field("section", &Passage::section, "Of its best chunk, as page and metadata are.")
      .Field("page", &Passage::page, "Page, or None.")
      .Converted("metadata", &Passage::metadata, "As a new dict.")
      .Field("tokens", &Passage::tokens, "As a budget counted them; 0 without one.")
      .Field("citations", &Passage::citations, "Matches by score, then context, then duplicates.")
      .Finish();
}

void BindReceiptParts(nb::module_& module) {
  Record<ReceiptCall>(module, "ReceiptCall", "One call of a user's function in a pipeline.")
      .Field("texts", &ReceiptCall::texts, "Texts it was given.")
      .Field("micros", &ReceiptCall::micros, "Time taken, in microseconds.")
      .Converted("info", &ReceiptCall::info, "The CallInfo it gave, or None.")
      .Finish();
  Record<ReceiptDrop>(module, "ReceiptDrop", "A candidate that a stage did not let pass.")
      .Field("chunk", &ReceiptDrop::chunk, "Id of its best chunk.")
      .Field("rule", &ReceiptDrop::rule,
             "\"top\", \"threshold\", \"no_score\", \"duplicate\", \"document\", \"combined\" (not "
             "lost: part of `into`), \"limit\", \"not_drawn\" or \"budget\".")
      .Field("into", &ReceiptDrop::into, "Id of the chunk that stands for it, or \"\".")
      .Field("value", &ReceiptDrop::value, "What the rule looked at, or None,")
      .Field("against", &ReceiptDrop::against, "and what it was held against.")
      .Finish();
  Record<ReceiptPassage>(module, "ReceiptPassage", "A passage of a pipeline's answer.")
      .Field("document", &ReceiptPassage::document, "Id of the document.")
      .Field("version", &ReceiptPassage::version, "Its version.")
      .Converted("span", &ReceiptPassage::span, "(start, end) in code points, or None.")
      .Field("score", &ReceiptPassage::score, "Of its best chunk.")
      .Field("tokens", &ReceiptPassage::tokens, "As a budget counted them.")
      .Field("citations", &ReceiptPassage::citations, "Each chunk, with its scores.")
      .Finish();
}

void BindPipelineValue(nb::module_& module) {
  nb::class_<Pipeline>(module, "Pipeline", "A pipeline as it was declared, checked.")
      .def_static(
          "from_json",
          [](nb::handle json) { return Unwrap(Pipeline::FromJson(TakeString(json, "pipeline"))); },
          nb::arg("json").none())
      .def("to_json", [](const Pipeline& self) { return Unwrap(self.ToJson()); })
      .def("hash", [](const Pipeline& self) { return Unwrap(self.Hash()); });
  Record<PipelineInfo>(module, "PipelineInfo", "A pipeline that is stored under a name.")
      .Field("name", &PipelineInfo::name, "Its name.")
      .Field("hash", &PipelineInfo::hash, "32 hex digits: changes with what it does.")
      .Converted("stored", &PipelineInfo::stored, "When: datetime in UTC.")
      .Finish();
  nb::class_<PipelineResponse>(module, "PipelineResponse", "The passages of one query.")
      .def_ro("passages", &PipelineResponse::passages)
      .def_prop_ro(
          "receipt",
          [](const PipelineResponse& self) {
            return self.receipt.id.empty() ? nullptr : &self.receipt;
          },
          nb::rv_policy::reference_internal, "What ran, or None when it was switched off.")
      .def(
          "to_prompt",
          [](PipelineResponse& self, nb::handle prompt_template) {
            return Unwrap(self.ToPrompt(TakeString(prompt_template, "template")));
          },
          nb::arg("template").none());
}

/// Gives sources what JSON does not have: `inputs` has (vector or None, space or None) a source.
void GiveVectors(const nb::list& inputs, PipelineSpec* spec) {
  for (std::size_t i = 0; i < inputs.size() && i < spec->sources.size(); ++i) {
    const auto pair = nb::cast<nb::tuple>(inputs[i]);
    auto* sparse = std::get_if<SparseSource>(&spec->sources[i]);
    if (sparse != nullptr && !pair[0].is_none()) sparse->vector = TakeSparse(pair[0]);
    auto* dense = std::get_if<DenseSource>(&spec->sources[i]);
    if (dense == nullptr) continue;
    dense->space = TakeSpace(pair[1]);
    if (pair[0].is_none()) continue;
    const auto vector = nb::cast<FloatVector>(pair[0], false);
    dense->vector.assign(vector.data(), vector.data() + vector.size());
  }
}

OnError TakeOnError(nb::handle object) {
  const std::string on_error = TakeString(object, "on_error");
  if (on_error == "degrade") return OnError::kDegrade;
  if (on_error == "raise") return OnError::kRaise;
  Raise(Status::InvalidArgument("on_error: expected 'degrade' or 'raise', got '" + on_error + "'"));
}

/// `callbacks`: role ("embed", "encode", "rewrite", "rerank", "summarize", "count") -> name ->
/// callable.
PipelineResponse RunPipeline(const Collection& self, nb::handle text, const Pipeline& pipeline,
                             const nb::list& inputs, const nb::dict& callbacks,
                             nb::handle deadline_ms, nb::handle label, nb::handle receipt,
                             nb::handle on_error) {
  const std::string query = TakeString(text, "text");
  PipelineSpec spec = pipeline.spec();
  GiveVectors(inputs, &spec);
  QueryOptions options;
  options.deadline_ms = TakeOptionalDouble(deadline_ms, "deadline_ms");
  if (!label.is_none()) options.label = TakeString(label, "label");
  options.receipt = TakeReceiptLevel(receipt);
  options.on_error = TakeOnError(on_error);
  PipelineCalls calls;
  calls.Install(callbacks, &options);
  Result<PipelineResponse> result = [&] {
    nb::gil_scoped_release release;
    return self.RunPipeline(query, Pipeline(std::move(spec)), options);
  }();
  return calls.Finish(std::move(result));
}

}  // namespace

void BindPipeline(nb::module_& module, nb::class_<Collection>& collection) {
  BindPassage(module);
  BindReceiptParts(module);
  BindPipelineValue(module);
  collection.def("run_pipeline", &RunPipeline, nb::arg("text").none(), nb::arg("pipeline"),
                 nb::arg("inputs"), nb::arg("callbacks"), nb::arg("deadline_ms").none(),
                 nb::arg("label").none(), nb::arg("receipt").none(), nb::arg("on_error").none());
}

}  // namespace tracevec::python
