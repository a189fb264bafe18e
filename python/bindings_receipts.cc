#include <optional>
#include <string>
#include <vector>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/database.h"

// Receipts that are kept, and what is noted of them.

namespace tracevec::python {
namespace {

nb::object FusionToPython(const Fusion& fusion) {
  nb::object weights = nb::none();
  if (!fusion.weights.empty()) weights = nb::cast(fusion.weights);
  return PackageType("Fusion")(std::string(FusionMethodName(fusion.method)), fusion.k, weights,
                               std::string(ScoreNormalizationName(fusion.normalization)),
                               fusion.candidates);
}

nb::object DictOf(const KeptReceipt& receipt) {
  return nb::module_::import_("json").attr("loads")(receipt.ToJson());
}

nb::object VectorOrNone(const std::vector<float>& vector) {
  return vector.empty() ? nb::none() : FloatsToPython(vector);
}

nb::dict VectorsToPython(const std::vector<AskedVector>& vectors) {
  nb::dict by_field;
  for (const AskedVector& each : vectors) by_field[each.field.c_str()] = VectorOrNone(each.vector);
  return by_field;
}

nb::dict SparseVectorsToPython(const std::vector<AskedSparseVector>& vectors) {
  nb::dict by_field;
  for (const AskedSparseVector& each : vectors) {
    by_field[each.field.c_str()] = SparseToPython(each.vector);
  }
  return by_field;
}

/// The members that a query and each further phrasing of it have.
template <typename T>
void AddContent(Record<T>& record) {
  record.Field("text", &T::text, "The text, or \"\".")
      .Computed(
          "vector", [](const T& self) { return VectorOrNone(self.vector); },
          "float32 array as given, or None.")
      .Computed(
          "vectors", [](const T& self) { return VectorsToPython(self.vectors); },
          "Those of further fields: {field: float32 array}.")
      .Computed(
          "sparse_vectors",
          [](const T& self) { return SparseVectorsToPython(self.sparse_vectors); },
          "Those of sparse fields: {field: {index: value}}.");
}

void BindAskedQuery(nb::module_& module) {
  Record<AskedPhrasing> phrasing(module, "AskedPhrasing",
                                 "Another wording that a kept receipt's search was asked.");
  AddContent(phrasing);
  phrasing.Finish();
  Record<AskedQuery> query(module, "AskedQuery", "What a kept receipt's search was asked.");
  AddContent(query);
  query
      .Field("field", &AskedQuery::field,
             "Vector field of `vector`, of `like`, and of the phrasings' `vector`; or \"\".")
      .Field("like", &AskedQuery::like, "Id of the chunk searched by, or \"\".")
      .Field("phrasings", &AskedQuery::phrasings,
             "Further wordings, AskedPhrasing objects: the first has number 1.")
      .Field("ef", &AskedQuery::ef, "Search width asked for, or None.")
      .Field("target_recall", &AskedQuery::target_recall, "Recall asked for, or None.")
      .Field("deadline_ms", &AskedQuery::deadline_ms, "Deadline, or None.")
      .Computed(
          "fusion", [](const AskedQuery& self) { return FusionToPython(self.fusion); },
          "Fusion of several sources.")
      .Converted("space", &AskedQuery::space, "EmbeddingSpace that was declared, or None.")
      .Finish();
}

void BindKeptParts(nb::module_& module) {
  BindAskedQuery(module);
  Record<ReceiptHit>(module, "ReceiptHit", "A hit as it was given.")
      .Field("id", &ReceiptHit::id, "Id of the chunk; \"erased:...\" once it was erased.")
      .Field("score", &ReceiptHit::score, "Its score then.")
      .Field("document", &ReceiptHit::document, "Id of its document.")
      .Field("version", &ReceiptHit::version, "Version of the document then.")
      .Converted("span", &ReceiptHit::span, "(start, end) in code points, or None.")
      .Finish();
  Record<ReceiptAnnotation>(module, "ReceiptAnnotation", "What was done with an answer.")
      .Converted("time", &ReceiptAnnotation::time, "Of the last note: datetime in UTC.")
      .Field("prompt", &ReceiptAnnotation::prompt, "The prompt, or \"\".")
      .Field("response", &ReceiptAnnotation::response, "The response, or \"\".")
      .Converted("usage", &ReceiptAnnotation::usage, "What the application counts, as a dict.")
      .Field("rating", &ReceiptAnnotation::rating, "The rating, or None.")
      .Finish();
}

void BindKeptReceipt(nb::module_& module) {
  using K = KeptReceipt;
  nb::class_<K, Receipt>(module, "KeptReceipt",
                         "A receipt as it is kept: with query, hits, and what was noted of it.")
      .def_ro("redacted", &K::redacted, "Whether query, filter and hits were left out.")
      .def_ro("query", &K::query, "What was asked: AskedQuery.")
      .def_ro("hits", &K::hits, "ReceiptHit objects, best first.")
      .def_ro("annotation", &K::annotation, "ReceiptAnnotation, or None.")
      .def("to_json", &K::ToJson, "The receipt as JSON text on one line.")
      .def("to_dict", &DictOf, "The receipt as a new dict of what JSON has.");
  using P = ReceiptPolicy;
  Record<P>(module, "ReceiptPolicy", "Which receipts are kept, and for how long.")
      .Field("sample_one_in", &P::sample_one_in,
             "One of so many summaries is kept, and all that are slow, empty or degraded; 0: none.")
      .Field("slow_ms", &P::slow_ms, "From here on a search is slow; 0: none is.")
      .Field("redact", &P::redact, "Whether queries, filters and hits are left out.")
      .Field("max_age_seconds", &P::max_age_seconds, "Older ones go; 0: no limit.")
      .Field("max_count", &P::max_count, "More than these go, oldest first; 0: no limit.")
      .Field("max_bytes", &P::max_bytes, "The same for their size; 0: no limit.")
      .Finish();
}

std::vector<KeptReceipt> FindReceipts(const Database& self, nb::handle since, nb::handle until,
                                      nb::handle collection, nb::handle document, nb::handle label,
                                      nb::handle stage, nb::handle outcome,
                                      nb::handle slower_than_ms, nb::handle limit) {
  ReceiptQuery query;
  query.since = TakeOptionalTimestamp(since, "since");
  query.until = TakeOptionalTimestamp(until, "until");
  if (!collection.is_none()) query.collection = TakeString(collection, "collection");
  if (!document.is_none()) query.document = TakeString(document, "document");
  if (!label.is_none()) query.label = TakeString(label, "label");
  if (!stage.is_none()) query.stage = TakeString(stage, "stage");
  if (!outcome.is_none()) query.outcome = TakeString(outcome, "outcome");
  query.slower_than_ms = TakeOptionalDouble(slower_than_ms, "slower_than_ms");
  query.limit = limit.is_none() ? 0 : TakeUint64(limit, "limit");
  return WithoutGil([&] { return self.Receipts(query); });
}

KeptReceipt GetReceipt(const Database& self, nb::handle id) {
  const std::string receipt = TakeString(id, "id");
  return WithoutGil([&] { return self.GetReceipt(receipt); });
}

void Annotate(Database& self, nb::handle id, nb::handle prompt, nb::handle response,
              nb::handle usage, nb::handle rating) {
  const std::string receipt = TakeString(id, "id");
  AnnotateRequest request;
  if (!prompt.is_none()) request.prompt = TakeString(prompt, "prompt");
  if (!response.is_none()) request.response = TakeString(response, "response");
  if (!usage.is_none()) request.usage = TakeMetadata(usage, "usage");
  request.rating = TakeOptionalDouble(rating, "rating");
  WithoutGil([&] { return self.Annotate(receipt, request); });
}

/// What is None stays as it is.
ReceiptPolicy SetPolicy(Database& self, nb::handle sample_one_in, nb::handle slow_ms,
                        nb::handle redact, nb::handle max_age_seconds, nb::handle max_count,
                        nb::handle max_bytes) {
  ReceiptPolicy policy = Unwrap(self.GetReceiptPolicy());
  if (!sample_one_in.is_none()) policy.sample_one_in = TakeUint32(sample_one_in, "sample_one_in");
  policy.slow_ms = TakeOptionalDouble(slow_ms, "slow_ms").value_or(policy.slow_ms);
  if (!redact.is_none()) policy.redact = nb::cast<bool>(redact);
  if (!max_age_seconds.is_none()) {
    policy.max_age_seconds = TakeUint64(max_age_seconds, "max_age_seconds");
  }
  if (!max_count.is_none()) policy.max_count = TakeUint64(max_count, "max_count");
  if (!max_bytes.is_none()) policy.max_bytes = TakeUint64(max_bytes, "max_bytes");
  WithoutGil([&] { return self.SetReceiptPolicy(policy); });
  return policy;
}

}  // namespace

void BindReceipts(nb::module_& module, nb::class_<Database>& database) {
  BindKeptParts(module);
  BindKeptReceipt(module);
  database
      .def("receipts", &FindReceipts, nb::arg("since").none(), nb::arg("until").none(),
           nb::arg("collection").none(), nb::arg("document").none(), nb::arg("label").none(),
           nb::arg("stage").none(), nb::arg("outcome").none(), nb::arg("slower_than_ms").none(),
           nb::arg("limit").none())
      .def("receipt", &GetReceipt, nb::arg("id").none())
      .def("annotate", &Annotate, nb::arg("id").none(), nb::arg("prompt").none(),
           nb::arg("response").none(), nb::arg("usage").none(), nb::arg("rating").none())
      .def("receipt_policy",
           [](const Database& self) { return WithoutGil([&] { return self.GetReceiptPolicy(); }); })
      .def("set_receipt_policy", &SetPolicy, nb::arg("sample_one_in").none(),
           nb::arg("slow_ms").none(), nb::arg("redact").none(), nb::arg("max_age_seconds").none(),
           nb::arg("max_count").none(), nb::arg("max_bytes").none());
}

}  // namespace tracevec::python
