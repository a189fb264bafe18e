#include <optional>
#include <span>
#include <string>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_query.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"

namespace tracevec::python {
namespace {

void BindReceipt(nb::module_& module) {
  Record<ReceiptStage>(module, "ReceiptStage", "One step of a query.")
      .Field(
          "name", &ReceiptStage::name,
          "\"plan\", \"scan\", \"rescore\", \"hydrate\"; of a pipeline \"expand\", \"embed\" and "
          "the names of its stages.")
      .Field("micros", &ReceiptStage::micros, "Time taken, in microseconds.")
      .Field("n_in", &ReceiptStage::n_in, "Candidates that went in.")
      .Field("n_out", &ReceiptStage::n_out, "Candidates that came out.")
      .Field("available", &ReceiptStage::available,
             "Of a pipeline: candidates there were, of which a limit drew `n_in`.")
      .Field("skipped", &ReceiptStage::skipped, "Why it did not run; \"\": it ran.")
      .Field("degraded", &ReceiptStage::degraded, "What was done in place of what was asked.")
      .Field("calls", &ReceiptStage::calls, "Calls of the user's functions.")
      .Field("dropped", &ReceiptStage::dropped, "Candidates that it did not let pass.")
      .Finish();
  Record<SearchPart>(module, "SearchPart",
                     "How a segment, or a block of the head, is searched under a filter.")
      .Field("way", &SearchPart::way,
             "\"scan\", \"scan_matches\", \"graph_matches\", \"graph_then_filter\" or \"graph\".")
      .Field("rows", &SearchPart::rows, "Rows it has.")
      .Field("matches_estimated", &SearchPart::matches_estimated,
             "How many match, from counts of values.")
      .Field("matches_low", &SearchPart::matches_low, "At least so many match,")
      .Field("matches_high", &SearchPart::matches_high, "and at most so many.")
      .Field("matches", &SearchPart::matches,
             "How many do; None where rows have to be asked one by one.")
      .Field("other_ways", &SearchPart::other_ways,
             "Of an explanation: what the search may do instead, once it knows how many match and "
             "how far they are. Of a receipt empty.")
      .Finish();
  Record<ReceiptSource>(module, "ReceiptSource", "One source of a search by text, or of several.")
      .Field("name", &ReceiptSource::name, "\"dense\", \"lexical\" or \"sparse\".")
      .Field("field", &ReceiptSource::field, "The vector field; \"\" for \"lexical\".")
      .Field("phrasing", &ReceiptSource::phrasing, "Of the search, from 0.")
      .Field("weight", &ReceiptSource::weight, "In the fusion.")
      .Field("candidates", &ReceiptSource::candidates, "Candidates asked for.")
      .Field("found", &ReceiptSource::found, "Candidates found.")
      .Field("rows_scored", &ReceiptSource::rows_scored,
             "Rows of terms that were scored, or distances computed.")
      .Finish();
  Record<ReceiptLedgerSource>(module, "ReceiptLedgerSource", "What a source said of a hit.")
      .Field("source", &ReceiptLedgerSource::source, "Its place in the receipt's sources.")
      .Field("rank", &ReceiptLedgerSource::rank, "From 1.")
      .Field("score", &ReceiptLedgerSource::score, "The metric's, or BM25.")
      .Finish();
  Record<ReceiptLedgerEntry>(module, "ReceiptLedgerEntry",
                             "Where a hit of several sources comes from. Rank 0: not found.")
      .Field("id", &ReceiptLedgerEntry::id, "Id of the chunk.")
      .Field("score", &ReceiptLedgerEntry::score, "Fused score.")
      .Field("dense_rank", &ReceiptLedgerEntry::dense_rank, "The best among candidates of vectors.")
      .Field("dense_score", &ReceiptLedgerEntry::dense_score, "Its score there.")
      .Field("lexical_rank", &ReceiptLedgerEntry::lexical_rank,
             "The best among candidates of texts.")
      .Field("lexical_score", &ReceiptLedgerEntry::lexical_score, "Its score there.")
      .Field("sparse_rank", &ReceiptLedgerEntry::sparse_rank,
             "The best among candidates of sparse vectors.")
      .Field("sparse_score", &ReceiptLedgerEntry::sparse_score, "Its score there.")
      .Field("sources", &ReceiptLedgerEntry::sources, "Each source that found it.")
      .Finish();
  Record<Receipt>(module, "Receipt", "What ran for one query. It holds no query content.")
      .Computed(
          "schema", [](const Receipt&) { return Receipt::kSchema; },
          "The schema of its JSON, with its version: docs/receipt.schema.json.")
      .Field("id", &Receipt::id, "32 hex digits, unique, ascending with the time.")
      .Converted("time", &Receipt::time, "When it ran: datetime in UTC.")
      .Field("label", &Receipt::label, "The label given to the search.")
      .Field("collection", &Receipt::collection, "Name of the collection.")
      .Field("field", &Receipt::field, "Vector field that was searched; the first of several.")
      .Field("plan", &Receipt::plan,
             "\"exact_scan\" (float32), \"code_scan\" (codes, rescored), \"graph\", "
             "\"filtered_scan\", "
             "\"filtered_graph\" or \"lexical\"; joined by \"+\" of several fields and texts.")
      .Field("filter", &Receipt::filter, "The filter as printed back, or \"\".")
      .Field("metric", &Receipt::metric, "\"cosine\", \"ip\" or \"l2\".")
      .Field("code", &Receipt::code, "\"int8\", \"int4\", or \"float32\" for an exact search.")
      .Field("exact", &Receipt::exact, "Whether nothing was approximated.")
      .Field("k", &Receipt::k, "Hits asked for.")
      .Field("returned", &Receipt::returned, "Hits given.")
      .Field("short_reason", &Receipt::short_reason,
             "Why fewer than k came back: \"matches\", \"deadline\", \"stop_words\" or \"\".")
      .Field("deadline_cut", &Receipt::deadline_cut, "Whether the deadline ended the scan early.")
      .Field("outcome", &Receipt::outcome,
             "\"ok\", \"empty\" (nothing was found) or \"degraded\" (the deadline cut it).")
      .Field("kept", &Receipt::kept,
             "Why it is kept in the database: \"asked\", \"sampled\", \"slow\", \"empty\", "
             "\"degraded\"; \"\": it is not.")
      .Computed(
          "query_hash",
          [](const Receipt& self) { return nb::str("{:016x}").format(self.query_hash); },
          "Fingerprint of the query: 16 hex digits, equal for equal queries.")
      .Field("ef", &Receipt::ef, "Width of graph searches; 0: each segment's own.")
      .Field("ef_source", &Receipt::ef_source, "\"asked\", \"tuned\" or \"segments\".")
      .Field("segments_searched", &Receipt::segments_searched, "Segments searched along graphs.")
      .Field("nodes_visited", &Receipt::nodes_visited, "Nodes whose neighbours were looked at.")
      .Field("rows_scanned", &Receipt::rows_scanned, "Rows read one after the other.")
      .Field("distances", &Receipt::distances, "Distances computed, rescoring included.")
      .Field("filter_tested", &Receipt::filter_tested, "Chunks the filter was tried on.")
      .Field("filter_passed", &Receipt::filter_passed, "Chunks that passed it.")
      .Field("live", &Receipt::live, "Chunks visible to the query.")
      .Field("commit", &Receipt::commit, "The commit that was read.")
      .Field("timeline", &Receipt::timeline, "Grows after each unclean recovery.")
      .Converted("space", &Receipt::space, "EmbeddingSpace of the field, or None.")
      .Field("space_asserted", &Receipt::space_asserted,
             "Whether the query's vector came without a declared space.")
      .Field("kernels", &Receipt::kernels, "Instruction set used: \"avx512vnni\".")
      .Field("build", &Receipt::build, "Library version and build.")
      .Field("total_micros", &Receipt::total_micros, "Time of the whole query, in microseconds.")
      .Field("stages", &Receipt::stages, "The steps, in order.")
      .Field("parts", &Receipt::parts, "With a filter: how each part of the index was searched.")
      .Field("analyzer", &Receipt::analyzer, "Of a search by text: identity of its analyzer.")
      .Field("fusion", &Receipt::fusion, "Of several sources: \"rrf\", \"weighted\", \"dbsf\".")
      .Field("sources", &Receipt::sources, "Of a search by text or of several sources: those.")
      .Field("ledger", &Receipt::ledger, "Of several sources: where each hit comes from.")
      .Field("pipeline", &Receipt::pipeline, "Of a pipeline: its hash.")
      .Field("prompt_template", &Receipt::prompt_template, "Hash of the template of to_prompt.")
      .Field("phrasings", &Receipt::phrasings, "Of a pipeline: wordings of the query.")
      .Field("passages", &Receipt::passages, "Of a pipeline: what each passage rests on.")
      .FinishWithoutDict()
      .def("to_json", &Receipt::ToJson, "The receipt as JSON text.")
      .def(
          "to_dict",
          [](const Receipt& self) {
            return nb::module_::import_("json").attr("loads")(self.ToJson());
          },
          "The receipt as a new dict of what JSON has.");
}

void BindExplanation(nb::module_& module) {
  Record<Explanation>(module, "Explanation", "What a search would do, told without doing it.")
      .Field("field", &Explanation::field, "Vector field.")
      .Field("plan", &Explanation::plan, "As in a receipt.")
      .Field("filter", &Explanation::filter, "The filter as printed back, or \"\".")
      .Field("k", &Explanation::k, "Hits asked for.")
      .Field("live", &Explanation::live, "Chunks visible to the query.")
      .Field("commit", &Explanation::commit, "The commit that would be read.")
      .Field("parts", &Explanation::parts, "How each part of the index would be searched.")
      .Finish()
      .def("to_json", &Explanation::ToJson, "The explanation as JSON text.");
}

void BindHit(nb::module_& module) {
  Record<HitSource>(module, "HitSource", "A source that found a hit, and what it said of it.")
      .Computed(
          "kind", [](const HitSource& self) { return std::string(SourceKindName(self.kind)); },
          "\"dense\", \"lexical\" or \"sparse\".")
      .Field("field", &HitSource::field, "The vector field; \"\" for \"lexical\".")
      .Field("phrasing", &HitSource::phrasing, "Of the search, from 0.")
      .Field("rank", &HitSource::rank, "From 1.")
      .Field("score", &HitSource::score, "The metric's, BM25, or an inner product.")
      .Finish();
  Record<Hit>(module, "Hit",
              "A found chunk. Larger scores are better. Attributes are converted when read: "
              "metadata is a new dict at each access.")
      .Field("id", &Hit::id, "Id of the chunk.")
      .Field("score", &Hit::score,
             "Cosine, dot product, minus the squared distance, BM25, or the fused score.")
      .Field("document", &Hit::document, "Id of its document; its own for a loose vector.")
      .Field("version", &Hit::version, "Version of the document, from 1.")
      .Field("ordinal", &Hit::ordinal, "Place in the document, from 0.")
      .Converted("span", &Hit::span, "(start, end) in code points of the document, or None.")
      .Field("text", &Hit::text, "The chunk's text.")
      .Field("section", &Hit::section, "Headings above it, joined by \" > \".")
      .Field("page", &Hit::page, "Page, or None.")
      .Converted("metadata", &Hit::metadata, "The document's and its own, as a dict.")
      .Computed(
          "vector",
          [](const Hit& self) {
            return self.vector.empty() ? nb::none() : FloatsToPython(self.vector);
          },
          "float32 array as given, or None without with_vectors=True.")
      .Converted("dense", &Hit::dense,
                 "Of several sources: the best (rank, score) among vectors, or None.")
      .Converted("lexical", &Hit::lexical, "The best (rank, score) among texts, or None.")
      .Converted("sparse", &Hit::sparse, "The best (rank, score) among sparse vectors, or None.")
      .Field("sources", &Hit::sources, "Of several sources: each that found it.")
      .Finish();
}

void BindResponses(nb::module_& module) {
  nb::class_<SearchResponse>(module, "SearchResponse", "The hits of one search.")
      .def_ro("hits", &SearchResponse::hits)
      .def_prop_ro(
          "receipt",
          [](const SearchResponse& self) {
            return self.receipt.id.empty() ? nullptr : &self.receipt;
          },
          nb::rv_policy::reference_internal, "What ran, or None when it was switched off.");
  nb::class_<BatchResponse>(module, "BatchResponse", "The answers to many queries.")
      .def_ro("k", &BatchResponse::k)
      .def_ro("ids", &BatchResponse::ids, "count x k ids, row by row; \"\" where one is missing.")
      .def_prop_ro("scores", [](const BatchResponse& self) { return FloatsToPython(self.scores); })
      .def_ro("receipts", &BatchResponse::receipts);
}

/// What one search and a batch have in common. `Request`: SearchRequest or BatchRequest.
template <typename Request>
void TakeQuery(Request* request, nb::handle k, nb::handle where, nb::handle field, nb::handle ef,
               nb::handle target_recall, bool exact, nb::handle deadline_ms, nb::handle space,
               nb::handle label, nb::handle receipt) {
  request->k = TakeUint32(k, "k");
  request->where = TakeFilter(where);
  if (!field.is_none()) request->field = TakeString(field, "field");
  request->ef = TakeOptionalUint32(ef, "ef");
  request->target_recall = TakeOptionalDouble(target_recall, "target_recall");
  request->exact = exact;
  request->deadline_ms = TakeOptionalDouble(deadline_ms, "deadline_ms");
  request->space = TakeSpace(space);
  if (!label.is_none()) request->label = TakeString(label, "label");
  request->receipt = TakeReceiptLevel(receipt);
}

Explanation Explain(const Collection& self, nb::handle vector, nb::handle vectors, nb::handle text,
                    nb::handle phrasings, nb::handle fusion, nb::handle like, nb::handle k,
                    nb::handle where, nb::handle field, nb::handle ef, nb::handle target_recall,
                    bool exact, nb::handle deadline_ms, nb::handle space, nb::handle label,
                    nb::handle receipt) {
  SearchRequest request;
  QueryArguments query;
  query.Take(vector, vectors, text, phrasings, &request);
  if (!like.is_none()) request.like = TakeString(like, "like");
  request.fusion = TakeFusion(fusion);
  TakeQuery(&request, k, where, field, ef, target_recall, exact, deadline_ms, space, label,
            receipt);
  return WithoutGil([&] { return self.Explain(request); });
}

SearchResponse Search(const Collection& self, nb::handle vector, nb::handle vectors,
                      nb::handle text, nb::handle phrasings, nb::handle fusion, nb::handle like,
                      nb::handle k, nb::handle where, nb::handle field, nb::handle ef,
                      nb::handle target_recall, bool exact, nb::handle deadline_ms,
                      bool with_vectors, nb::handle space, nb::handle label, nb::handle receipt) {
  SearchRequest request;
  QueryArguments query;
  query.Take(vector, vectors, text, phrasings, &request);
  if (!like.is_none()) request.like = TakeString(like, "like");
  request.fusion = TakeFusion(fusion);
  request.with_vectors = with_vectors;
  TakeQuery(&request, k, where, field, ef, target_recall, exact, deadline_ms, space, label,
            receipt);
  return WithoutGil([&] { return self.Search(request); });
}

BatchResponse SearchBatch(const Collection& self, const std::optional<FloatMatrix>& queries,
                          nb::handle texts, nb::handle fusion, nb::handle threads, nb::handle k,
                          nb::handle where, nb::handle field, nb::handle ef,
                          nb::handle target_recall, bool exact, nb::handle deadline_ms,
                          nb::handle space, nb::handle label, nb::handle receipt) {
  BatchRequest request;
  request.threads = TakeUint32(threads, "threads");
  TakeQuery(&request, k, where, field, ef, target_recall, exact, deadline_ms, space, label,
            receipt);
  std::vector<std::string> query_texts;
  if (!texts.is_none()) query_texts = TakeStrings(texts, "texts");
  request.texts = query_texts;
  request.fusion = TakeFusion(fusion);
  if (queries) {
    // The library sees one run of floats: only here can a wrong width be told from more queries.
    CheckDimension(self.schema(), request.field, queries->shape(1), "vectors");
    request.vectors = std::span<const float>(queries->data(), queries->size());
  }
  return WithoutGil([&] { return self.SearchBatch(request); });
}

}  // namespace

void BindSearch(nb::module_& module, nb::class_<Collection>& collection) {
  BindReceipt(module);
  BindExplanation(module);
  BindHit(module);
  BindResponses(module);
  collection
      .def("search", &Search, nb::arg("vector").none(), nb::arg("vectors").none(),
           nb::arg("text").none(), nb::arg("phrasings").none(), nb::arg("fusion").none(),
           nb::arg("like").none(), nb::arg("k").none(), nb::arg("where").none(),
           nb::arg("field").none(), nb::arg("ef").none(), nb::arg("target_recall").none(),
           nb::arg("exact"), nb::arg("deadline_ms").none(), nb::arg("with_vectors"),
           nb::arg("space").none(), nb::arg("label").none(), nb::arg("receipt").none())
      .def("explain", &Explain, nb::arg("vector").none(), nb::arg("vectors").none(),
           nb::arg("text").none(), nb::arg("phrasings").none(), nb::arg("fusion").none(),
           nb::arg("like").none(), nb::arg("k").none(), nb::arg("where").none(),
           nb::arg("field").none(), nb::arg("ef").none(), nb::arg("target_recall").none(),
           nb::arg("exact"), nb::arg("deadline_ms").none(), nb::arg("space").none(),
           nb::arg("label").none(), nb::arg("receipt").none())
      .def("search_batch", &SearchBatch, nb::arg("queries").noconvert().none(),
           nb::arg("texts").none(), nb::arg("fusion").none(), nb::arg("threads").none(),
           nb::arg("k").none(), nb::arg("where").none(), nb::arg("field").none(),
           nb::arg("ef").none(), nb::arg("target_recall").none(), nb::arg("exact"),
           nb::arg("deadline_ms").none(), nb::arg("space").none(), nb::arg("label").none(),
           nb::arg("receipt").none());
}

}  // namespace tracevec::python
