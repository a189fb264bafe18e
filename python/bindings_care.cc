#include <string>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/description.h"
#include "tracevec/erasure.h"

// Erasure, and what a collection says of itself.

namespace tracevec::python {
namespace {

ErasureCertificate EraseDocument(Collection& self, nb::handle id, nb::handle label, bool verify) {
  const std::string document = TakeString(id, "id");
  EraseOptions options;
  if (!label.is_none()) options.label = TakeString(label, "label");
  options.verify = verify;
  return WithoutGil([&] { return self.EraseDocument(document, options); });
}

void BindCertificate(nb::module_& module) {
  using C = ErasureCertificate;
  Record<C>(module, "ErasureCertificate", "What was erased, when, and how that was verified.")
      .Field("document", &C::document, "The document's id.")
      .Field("collection", &C::collection, "Its collection.")
      .Field("commit", &C::commit, "That deleted it; 0 when it was deleted before.")
      .Converted("time", &C::time, "When the last step ended: datetime in UTC.")
      .Field("label", &C::label, "Who erased it, if said.")
      .Field("versions", &C::versions, "Versions removed, old ones included.")
      .Field("chunks", &C::chunks, "Chunks removed, those of old versions included.")
      .Field("vectors", &C::vectors, "Vectors removed.")
      .Field("journal_entries", &C::journal_entries, "In which the document's id was replaced.")
      .Field("receipts", &C::receipts, "Kept receipts that it was taken out of.")
      .Field("complete", &C::complete, "Whether nothing of it is left.")
      .Field("nothing_stored", &C::nothing_stored,
             "Whether no record of it was there: what it may have left was compacted away, but not "
             "looked for.")
      .Field("snapshots", &C::snapshots,
             "Names of snapshots that still hold it; \"\" for an open handle of a released one.")
      .Field("held_by_readers", &C::held_by_readers,
             "Whether a scan or search that began before it went on for too long.")
      .Field("verified", &C::verified, "Whether the files were read.")
      .Field("files_scanned", &C::files_scanned, "As stored; tables decompressed too.")
      .Field("bytes_scanned", &C::bytes_scanned, "As stored.")
      .Field("values_scanned", &C::values_scanned, "Decompressed records.")
      .Field("patterns", &C::patterns, "Texts, metadata and vectors that were looked for.")
      .Field("patterns_shared", &C::patterns_shared, "Of them, what another record has too.")
      .Field("patterns_short", &C::patterns_short, "Left out: shorter than 8 bytes, or all zeros.")
      .Field("findings", &C::findings, "Where one was found; empty: nowhere.")
      .Finish();
}

void BindDistribution(nb::module_& module) {
  Record<Distribution>(module, "Distribution", "How values are distributed; count 0: not known.")
      .Field("count", &Distribution::count, "Number of values.")
      .Field("min", &Distribution::min, "Smallest.")
      .Field("p50", &Distribution::p50, "Median.")
      .Field("p95", &Distribution::p95, "95th percentile.")
      .Field("p99", &Distribution::p99, "99th percentile.")
      .Field("max", &Distribution::max, "Largest.")
      .Field("mean", &Distribution::mean, "Mean.")
      .Finish();
}

void BindParts(nb::module_& module) {
  Record<FieldDescription>(module, "FieldDescription", "What made the vectors of a field.")
      .Field("name", &FieldDescription::name, "The field.")
      .Field("dimension", &FieldDescription::dimension, "Dimension.")
      .Field("metric", &FieldDescription::metric, "\"cosine\", \"ip\" or \"l2\".")
      .Converted("space", &FieldDescription::space, "EmbeddingSpace, or None when not declared.")
      .Field("embed_template", &FieldDescription::embed_template, "What is embedded of a chunk.")
      .Field("vectors", &FieldDescription::vectors, "Vectors of live chunks.")
      .Field("asserted", &FieldDescription::asserted, "Chunks whose vectors came without a space.")
      .Finish();
  Record<ModelCalls>(module, "ModelCalls", "Calls of embedders of one model and version.")
      .Field("field", &ModelCalls::field, "Vector field they were for.")
      .Field("model", &ModelCalls::model, "What they said of themselves; \"\": nothing.")
      .Field("version", &ModelCalls::version, "Its version.")
      .Field("calls", &ModelCalls::calls, "Number of calls.")
      .Field("texts", &ModelCalls::texts, "Texts embedded.")
      .Field("tokens_in", &ModelCalls::tokens_in, "Sum of tokens in.")
      .Field("tokens_out", &ModelCalls::tokens_out, "Sum of tokens out.")
      .Field("cost", &ModelCalls::cost, "Sum of costs.")
      .Field("micros", &ModelCalls::micros, "Time of a call: Distribution.")
      .Finish();
  Record<DocumentGroup>(module, "DocumentGroup", "Documents that have something in common.")
      .Field("name", &DocumentGroup::name, "What.")
      .Field("documents", &DocumentGroup::documents, "Number of documents.")
      .Field("chunks", &DocumentGroup::chunks, "Number of their chunks.")
      .Finish();
  Record<WriterDescription>(module, "WriterDescription", "What commits of one kind and label did.")
      .Field("kind", &WriterDescription::kind, "As in the journal.")
      .Field("label", &WriterDescription::label, "Who wrote, if said.")
      .Field("commits", &WriterDescription::commits, "Number of commits.")
      .Field("kept", &WriterDescription::kept, "Chunks kept.")
      .Field("added", &WriterDescription::added, "Chunks added.")
      .Field("removed", &WriterDescription::removed, "Chunks removed.")
      .Field("embedded", &WriterDescription::embedded, "Texts embedded.")
      .Converted("first", &WriterDescription::first, "Time of the first commit, in UTC.")
      .Converted("last", &WriterDescription::last, "Time of the last commit, in UTC.")
      .Finish();
}

void BindDescription(nb::module_& module) {
  using D = CollectionDescription;
  Record<D>(module, "CollectionDescription",
            "What a collection holds and how it came to be. str() gives lines for people.")
      .Field("name", &D::name, "The collection.")
      .Field("commit", &D::commit, "Its last commit.")
      .Field("documents", &D::documents, "Live documents, loose vectors included.")
      .Field("loose", &D::loose, "Loose vectors.")
      .Field("chunks", &D::chunks, "Live chunks.")
      .Field("fields", &D::fields, "FieldDescription objects: what made the vectors.")
      .Field("embed_micros", &D::embed_micros, "Time the embedding of a chunk took: Distribution.")
      .Field("models", &D::models, "ModelCalls objects: calls of embedders by model.")
      .Field("parsers", &D::parsers, "DocumentGroup objects by parser; \"\" where not said.")
      .Field("chunkers", &D::chunkers, "DocumentGroup objects by chunker and its parameters.")
      .Field("chunk_code_points", &D::chunk_code_points, "Lengths of chunks: Distribution.")
      .Field("chunk_tokens", &D::chunk_tokens, "Token counts, where given: Distribution.")
      .Field("writers", &D::writers, "WriterDescription objects, from the journal.")
      .Field("keep_versions", &D::keep_versions, "Old versions kept of a document.")
      .Field("declared", &D::declared, "{metadata field: type}.")
      .Field("undeclared", &D::undeclared, "Other metadata fields seen so far.")
      .Field("with_uri", &D::with_uri, "Documents with a URI.")
      .Field("with_source", &D::with_source, "Documents whose text is stored.")
      .Field("expiring", &D::expiring, "Documents with a time to live.")
      .Field("with_span", &D::with_span, "Chunks with a span.")
      .Field("with_section", &D::with_section, "Chunks with a section.")
      .Field("with_page", &D::with_page, "Chunks with a page.")
      .Field("with_parent", &D::with_parent, "Chunks with a parent.")
      .Finish()
      .def("__str__", &D::ToText);
}

}  // namespace

void BindCare(nb::module_& module, nb::class_<Collection>& collection) {
  BindCertificate(module);
  BindDistribution(module);
  BindParts(module);
  BindDescription(module);
  collection
      .def("erase_document", &EraseDocument, nb::arg("id").none(), nb::arg("label").none(),
           nb::arg("verify"))
      .def("describe",
           [](const Collection& self) { return WithoutGil([&] { return self.Describe(); }); });
}

}  // namespace tracevec::python
