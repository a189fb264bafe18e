#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tracevec/document.h"
#include "tracevec/export.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

namespace tracevec {

/// How values are distributed. Percentiles are values that occur.
struct Distribution {
  std::uint64_t count = 0;  ///< 0: nothing is known, and all below is 0.
  double min = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
  double mean = 0;
};

/// What made the vectors of a field.
struct FieldDescription {
  std::string name;
  std::uint32_t dimension = 0;
  std::string metric;
  EmbeddingSpace space;  ///< As declared; undeclared: nobody said.
  std::string embed_template;
  std::uint64_t vectors = 0;   ///< Of live chunks.
  std::uint64_t asserted = 0;  ///< Of them, those that came without a declared space.
};

/// Calls of embedders that said the same model and version of themselves.
struct ModelCalls {
  std::string field;
  std::string model;  ///< Empty: they said nothing of themselves.
  std::string version;
  std::uint64_t calls = 0;
  std::uint64_t texts = 0;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  double cost = 0;
  Distribution micros;  ///< Of a call.
};

/// Documents that have something in common.
struct DocumentGroup {
  std::string name;
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
};

/// What commits of one kind and label did.
struct WriterDescription {
  std::string kind;
  std::string label;
  std::uint64_t commits = 0;
  std::uint64_t kept = 0;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t embedded = 0;
  Timestamp first;
  Timestamp last;
};

/// What a collection holds and how it came to be, from what is stored.
struct CollectionDescription {
  std::string name;
  std::uint64_t commit = 0;
  std::uint64_t documents = 0;  ///< Live, loose vectors included.
  std::uint64_t loose = 0;      ///< Loose vectors.
  std::uint64_t chunks = 0;

  // Which model made the embeddings, and how long that took.
  std::vector<FieldDescription> fields;
  Distribution embed_micros;  ///< Of a chunk, where it was measured.
  std::vector<ModelCalls> models;

  // How documents are parsed and cut, and how long chunks are.
  std::vector<DocumentGroup> parsers;   ///< By parser, the most frequent first; "" where not said.
  std::vector<DocumentGroup> chunkers;  ///< "heading, size 480, overlap 0".
  Distribution chunk_code_points;
  Distribution chunk_tokens;  ///< Where token counts were given.

  // How it is updated, which metadata it has, and where chunks come from.
  std::vector<WriterDescription> writers;       ///< By kind and label, from the journal.
  std::uint32_t keep_versions = 0;              ///< Old versions kept of a document.
  std::map<std::string, std::string> declared;  ///< Metadata field -> type.
  std::vector<std::string> undeclared;          ///< Other metadata fields seen so far.
  std::uint64_t with_uri = 0;                   ///< Documents.
  std::uint64_t with_source = 0;                ///< Documents whose text is stored.
  std::uint64_t expiring = 0;                   ///< Documents with a time to live.
  std::uint64_t with_span = 0;                  ///< Chunks, as are the next three.
  std::uint64_t with_section = 0;
  std::uint64_t with_page = 0;
  std::uint64_t with_parent = 0;

  /// The same as lines for people.
  TRACEVEC_EXPORT std::string ToText() const;
};

}  // namespace tracevec
