#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tracevec/export.h"
#include "tracevec/schema.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {

/// A half-open range of Unicode code points in a document's text. Slicing the stored source by it
/// gives the chunk's text exactly.
struct Span {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

/// How a document is cut into chunks.
struct Chunker {
  /// "heading" (Markdown: sections, then paragraphs), "sentence", "fixed", or any other name
  /// when the chunks are given by the caller (it is stored as provenance).
  std::string strategy = "heading";
  std::uint32_t size = 480;   ///< Most code points of a chunk, 16 to 1,000,000.
  std::uint32_t overlap = 0;  ///< Code points shared by neighbours, 0 to size / 2.
  friend bool operator==(const Chunker&, const Chunker&) = default;
};

/// A piece of a document as its author gives it.
struct ChunkInput {
  std::string id;                   ///< Empty: document id + "#" + hash of the text (+ "-n").
  std::optional<Span> span;         ///< Where it stands in the document's text.
  std::optional<std::string> text;  ///< Given apart when it is not the slice of the span.
  std::string section;              ///< Headings joined by " > ".
  std::optional<std::uint32_t> page;
  std::optional<std::uint32_t> parent;  ///< Index of the parent chunk in Document::chunks.
  std::optional<std::uint32_t> token_count;
  Metadata metadata;  ///< Own fields; they win over the document's.
};

/// What a user puts. A chunk for which no vector is given is stored without one: it is found by id,
/// text and filters, not by vector search, until its text changes and it is put with one. Ids are
/// UTF-8, 1 to 900 bytes, any character.
struct Document {
  std::string id;
  std::string text;
  std::string title;
  std::string uri;
  std::string parser;  ///< "markdown 3.7"
  Metadata metadata;
  Chunker chunker;
  /// Empty: the built-in chunker cuts `text`. Given: exactly these.
  std::vector<ChunkInput> chunks;
  /// Not served after this time.
  std::optional<Timestamp> expires_at;
};

/// A stored chunk.
struct Chunk {
  std::string id;
  std::string document;       ///< The document's id.
  std::uint32_t version = 0;  ///< The document's version it was read from.
  std::uint32_t ordinal = 0;  ///< Place in the document, from 0.
  std::optional<Span> span;
  std::string text;
  std::string section;
  std::optional<std::uint32_t> page;
  std::string parent;  ///< Id of the parent chunk, or empty.
  std::optional<std::uint32_t> token_count;
  Metadata metadata;                                   ///< The document's and its own.
  std::map<std::string, std::vector<float>> vectors;   ///< As given; only when asked for.
  std::map<std::string, SparseVector> sparse_vectors;  ///< By ascending index; when asked for too.
  double embed_micros = 0;                             ///< Time its embedding took, 0 if not known.
};

/// A stored version of a document.
struct DocumentVersion {
  std::string id;
  std::uint32_t version = 0;  ///< 1, 2, 3...
  std::uint64_t commit = 0;
  Timestamp created;     ///< When it was put.
  bool deleted = false;  ///< This version is the document's deletion.
  std::string title;
  std::string uri;
  std::string parser;
  Chunker chunker;
  Metadata metadata;
  std::string content_hash;  ///< 32 hex digits over all that was put.
  std::optional<Timestamp> expires_at;
  std::uint32_t chunk_count = 0;
  std::uint32_t kept = 0;  ///< Chunks shared with the version before.
  std::uint32_t added = 0;
  std::uint32_t removed = 0;
  std::string label;  ///< Who wrote it, if said.
};

/// A document as read: its version, its source text and its chunks in order.
struct StoredDocument {
  DocumentVersion info;
  std::string text;
  std::vector<Chunk> chunks;
};

/// A chunk for which a vector is wanted.
struct ChunkToEmbed {
  std::uint32_t ordinal = 0;
  std::string id;
  /// What to embed, per vector field: the field's embed_template filled in.
  std::map<std::string, std::string, std::less<>> texts;
};

/// What a put would do, computed without writing. Valid while the document stays at
/// `base_version`; put later, it is a Conflict with both versions.
struct UpdatePlan {
  std::string document;
  std::uint32_t base_version = 0;      ///< 0: the document does not exist.
  bool unchanged = false;              ///< The put would write nothing.
  std::vector<ChunkToEmbed> to_embed;  ///< New and changed chunks, in document order.
  std::vector<std::string> kept;       ///< Ids of chunks that keep id, vector and embedding.
  std::vector<std::string> removed;    ///< Ids of chunks that go.
  std::string content_hash;            ///< Of the document the plan was made for.
};

/// Turns texts into vectors: one row of the field's dimension a text, row-major. Called on the
/// caller's thread, never while a lock is held, with at most PutOptions::embed_batch_size texts.
/// An exception that leaves it becomes an Internal error of the put.
using Embedder = std::function<Result<std::vector<float>>(std::span<const std::string> texts)>;

/// What a call to a model says of itself.
struct CallInfo {
  std::string model;
  std::string version;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  double cost = 0;  ///< In the currency of whoever pays.
  std::uint32_t attempts = 1;
  friend bool operator==(const CallInfo&, const CallInfo&) = default;
};

/// One call of an embedder: a batch.
struct EmbedCall {
  std::string field;
  std::uint32_t texts = 0;
  double micros = 0;             ///< Of the whole call; a chunk has its share of it.
  std::optional<CallInfo> info;  ///< What it said of itself, if it did.
  friend bool operator==(const EmbedCall&, const EmbedCall&) = default;
};

struct PutOptions {
  /// Vector field -> embedder. The key "" stands for the only vector field.
  std::map<std::string, Embedder, std::less<>> embed;
  std::uint32_t embed_batch_size = 256;
  /// Asked after each call of an embedder, on the same thread, what that call says of itself. Kept
  /// in the result and the journal.
  std::function<std::optional<CallInfo>()> call_info;
  /// Vector field -> rows: one for each of plan->to_embed, or without a plan one for each chunk.
  std::map<std::string, std::span<const float>, std::less<>> vectors;
  /// The same for sparse fields. A chunk that is kept keeps its sparse vectors too.
  std::map<std::string, std::span<const SparseVector>, std::less<>> sparse_vectors;
  const UpdatePlan* plan = nullptr;
  /// Id of a document that this one takes the place of, as when a file is renamed: it is deleted in
  /// the same commit, and its vectors, measurements and merged metadata go to the chunks that have
  /// the same text. Embedders are called for the others alone. Not together with `plan`. Empty:
  /// none. Errors: NotFound; InvalidArgument (the document itself, or a loose vector).
  std::string moved_from;
  EmbeddingSpace space;      ///< Of the vectors given; undeclared: asserted to fit.
  std::optional<bool> sync;  ///< Overrides the collection's durability for this call.
  std::string label;         ///< Who wrote it; kept in the version and the journal.
};

struct PutResult {
  std::uint64_t commit = 0;  ///< The commit that holds it.
  std::uint32_t version = 0;
  bool unchanged = false;  ///< Nothing was written; the counts below are 0.
  std::uint32_t kept = 0;
  std::uint32_t added = 0;
  std::uint32_t removed = 0;
  std::uint32_t moved = 0;     ///< Of those added, chunks with vectors of `moved_from`.
  std::uint32_t embedded = 0;  ///< Texts the embedder was called for.
  double embed_micros = 0;
  std::vector<EmbedCall> calls;  ///< Of embedders, in order. Empty from PutDocuments: see journal.
};

}  // namespace tracevec
