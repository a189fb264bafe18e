#include <string>

#include "python/bindings.h"
#include "python/bindings_arguments.h"
#include "python/bindings_records.h"
#include "python/bindings_status.h"
#include "tracevec/document.h"

namespace tracevec::python {
namespace {

void BindChunk(nb::module_& module) {
  Record<Chunk>(module, "StoredChunk",
                "A chunk as stored. Attributes are converted when read: metadata and vectors are "
                "new dicts at each access.")
      .Field("id", &Chunk::id, "Its id.")
      .Field("document", &Chunk::document, "Id of its document; its own for a loose vector.")
      .Field("version", &Chunk::version, "Version of the document it was read from, from 1.")
      .Field("ordinal", &Chunk::ordinal, "Place in the document, from 0.")
      .Converted("span", &Chunk::span, "(start, end) in code points of the document, or None.")
      .Field("text", &Chunk::text, "Its text.")
      .Field("section", &Chunk::section, "Headings above it, joined by \" > \".")
      .Field("page", &Chunk::page, "Page, or None.")
      .Field("parent", &Chunk::parent, "Id of the parent chunk, or \"\".")
      .Field("token_count", &Chunk::token_count, "Tokens, or None when not given.")
      .Converted("metadata", &Chunk::metadata, "The document's and its own, as a dict.")
      .Computed(
          "vectors",
          [](const Chunk& self) {
            nb::dict vectors;
            for (const auto& [field, vector] : self.vectors) {
              vectors[field.c_str()] = FloatsToPython(vector);
            }
            for (const auto& [field, vector] : self.sparse_vectors) {
              vectors[field.c_str()] = SparseToPython(vector);
            }
            return vectors;
          },
          "{field: float32 array as given, or a dict of a sparse field}; empty unless asked for.")
      .Field("embed_micros", &Chunk::embed_micros, "Time its embedding took, 0 if not known.")
      .Finish();
}

void BindVersion(nb::module_& module) {
  Record<DocumentVersion>(module, "DocumentVersion", "One stored version of a document.")
      .Field("id", &DocumentVersion::id, "The document's id.")
      .Field("version", &DocumentVersion::version, "1, 2, 3...")
      .Field("commit", &DocumentVersion::commit, "The commit that wrote it.")
      .Converted("created", &DocumentVersion::created, "When it was put: datetime in UTC.")
      .Field("deleted", &DocumentVersion::deleted, "Whether this version is the deletion.")
      .Field("title", &DocumentVersion::title, "Title.")
      .Field("uri", &DocumentVersion::uri, "Where it comes from.")
      .Field("parser", &DocumentVersion::parser, "What made its text: \"markdown 3.7\".")
      .Converted("chunker", &DocumentVersion::chunker, "How it was cut: Chunker.")
      .Converted("metadata", &DocumentVersion::metadata, "The document's own, as a dict.")
      .Field("content_hash", &DocumentVersion::content_hash, "32 hex digits over all that was put.")
      .Converted("expires_at", &DocumentVersion::expires_at, "Not served after it, or None.")
      .Field("chunk_count", &DocumentVersion::chunk_count, "Number of chunks.")
      .Field("kept", &DocumentVersion::kept, "Chunks shared with the version before.")
      .Field("added", &DocumentVersion::added, "Chunks new in it.")
      .Field("removed", &DocumentVersion::removed, "Chunks of the version before that went.")
      .Field("label", &DocumentVersion::label, "Who wrote it, if said.")
      .Finish();
}

/// Getters of a stored document's properties that its version record holds.
template <typename Member>
auto OfInfo(Member DocumentVersion::*member) {
  return [member](const StoredDocument& self) -> const Member& { return self.info.*member; };
}
template <typename Member>
auto OfInfoConverted(Member DocumentVersion::*member) {
  return [member](const StoredDocument& self) { return ToPython(self.info.*member); };
}

void BindStoredDocument(nb::module_& module) {
  Record<StoredDocument>(module, "StoredDocument", "A document as read, with its chunks in order.")
      .Computed("id", OfInfo(&DocumentVersion::id), "Its id.")
      .Computed("version", OfInfo(&DocumentVersion::version), "1, 2, 3...")
      .Field("text", &StoredDocument::text, "The source text; spans are slices of it.")
      .Computed("title", OfInfo(&DocumentVersion::title), "Title.")
      .Computed("uri", OfInfo(&DocumentVersion::uri), "Where it comes from.")
      .Computed("metadata", OfInfoConverted(&DocumentVersion::metadata), "Its own, as a dict.")
      .Computed("parser", OfInfo(&DocumentVersion::parser), "What made its text: \"markdown 3.7\".")
      .Computed("chunker", OfInfoConverted(&DocumentVersion::chunker), "How it was cut: Chunker.")
      .Computed("created", OfInfoConverted(&DocumentVersion::created), "When it was put, in UTC.")
      .Computed("expires_at", OfInfoConverted(&DocumentVersion::expires_at),
                "Not served after it, or None.")
      .Computed("content_hash", OfInfo(&DocumentVersion::content_hash),
                "32 hex digits over all that was put.")
      .Field("chunks", &StoredDocument::chunks, "StoredChunk objects, in order.")
      .Field("info", &StoredDocument::info, "The whole version record: DocumentVersion.")
      .Finish();
}

/// What to embed where there is one answer; a plan over several fields needs `texts`.
const std::string& TextOf(const ChunkToEmbed& chunk) {
  const std::string* text = nullptr;
  for (const auto& [field, candidate] : chunk.texts) {
    if (text != nullptr && *text != candidate) {
      Raise(Status::InvalidArgument("text: the vector fields embed different texts; use texts"));
    }
    text = &candidate;
  }
  if (text == nullptr) Raise(Status::InvalidArgument("text: the collection has no vector field"));
  return *text;
}

void BindPlan(nb::module_& module) {
  Record<ChunkToEmbed>(module, "ChunkToEmbed", "A chunk for which a vector is wanted.")
      .Field("ordinal", &ChunkToEmbed::ordinal, "Place in the document, from 0.")
      .Field("id", &ChunkToEmbed::id, "Its id.")
      .Field("texts", &ChunkToEmbed::texts, "{vector field: what to embed}.")
      .Finish()
      .def_prop_ro("text", &TextOf, "What to embed, when all vector fields embed the same.");
  Record<UpdatePlan>(module, "UpdatePlan", "What a put would do. Valid while the document stays.")
      .Field("document", &UpdatePlan::document, "The document's id.")
      .Field("base_version", &UpdatePlan::base_version, "Version it starts from; 0: none yet.")
      .Field("unchanged", &UpdatePlan::unchanged, "Whether the put would write nothing.")
      .Field("to_embed", &UpdatePlan::to_embed, "New and changed chunks, in document order.")
      .Field("kept", &UpdatePlan::kept, "Ids of chunks that keep id, vector and embedding.")
      .Field("removed", &UpdatePlan::removed, "Ids of chunks that go.")
      .Field("content_hash", &UpdatePlan::content_hash, "Of the document it was made for.")
      .Finish();
}

void BindPutResult(nb::module_& module) {
  Record<EmbedCall>(module, "EmbedCall", "One call of an embedder: a batch.")
      .Field("field", &EmbedCall::field, "Vector field it was for.")
      .Field("texts", &EmbedCall::texts, "Texts of the batch.")
      .Field("micros", &EmbedCall::micros, "Time it took; a chunk has its share of it.")
      .Converted("info", &EmbedCall::info, "CallInfo, or None when it said nothing of itself.")
      .Finish();
  Record<PutResult>(module, "PutResult", "What a put of one document did.")
      .Field("commit", &PutResult::commit, "The commit that holds it.")
      .Field("version", &PutResult::version, "The document's version, from 1.")
      .Field("unchanged", &PutResult::unchanged, "Whether nothing was written.")
      .Field("kept", &PutResult::kept, "Chunks that stayed.")
      .Field("added", &PutResult::added, "Chunks that are new.")
      .Field("removed", &PutResult::removed, "Chunks that went.")
      .Field("embedded", &PutResult::embedded, "Texts the embedder was called for.")
      .Field("moved", &PutResult::moved, "Of those added, chunks with vectors of moved_from.")
      .Field("embed_micros", &PutResult::embed_micros, "Time the embedder took, in microseconds.")
      .Field(
          "calls", &PutResult::calls,
          "EmbedCall objects, in order; empty from put_documents, whose calls are in the journal.")
      .Finish();
}

}  // namespace

void BindDocumentRecords(nb::module_& module) {
  BindChunk(module);
  BindVersion(module);
  BindStoredDocument(module);
  BindPlan(module);
  BindPutResult(module);
}

}  // namespace tracevec::python
