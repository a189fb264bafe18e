#include "retrieval/prepared_document.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/chunker.h"
#include "core/codec.h"
#include "core/embed_template.h"
#include "core/return_if_error.h"
#include "core/schema_check.h"
#include "core/utf8.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

void AddMetadata(const Metadata& metadata, ContentHasher* hasher) {
  Encoder encoder;
  encoder.PutMetadata(metadata);
  hasher->Add(encoder.Take());
}

void AddChunk(const ChunkInput& chunk, ContentHasher* hasher) {
  hasher->Add(chunk.id);
  hasher->Add(chunk.span ? chunk.span->start : kAbsent);
  hasher->Add(chunk.span ? chunk.span->end : kAbsent);
  hasher->Add(std::uint64_t{chunk.text.has_value()});
  if (chunk.text) hasher->Add(*chunk.text);
  hasher->Add(chunk.section);
  hasher->Add(chunk.page ? *chunk.page : kAbsent);
  hasher->Add(chunk.parent ? *chunk.parent : kAbsent);
  hasher->Add(chunk.token_count ? *chunk.token_count : kAbsent);
  AddMetadata(chunk.metadata, hasher);
}

Status CheckDocument(const CollectionState& state, const Document& document) {
  TRACEVEC_RETURN_IF_ERROR(CheckId(document.id, kLongestDocumentId, "document id"));
  TRACEVEC_RETURN_IF_ERROR(CheckText(document.text, "document text"));
  TRACEVEC_RETURN_IF_ERROR(CheckText(document.title, "document title"));
  TRACEVEC_RETURN_IF_ERROR(CheckText(document.uri, "document uri"));
  TRACEVEC_RETURN_IF_ERROR(CheckText(document.parser, "document parser"));
  if (document.chunks.empty()) {
    TRACEVEC_RETURN_IF_ERROR(CheckChunker(document.chunker));
  } else {
    TRACEVEC_RETURN_IF_ERROR(CheckText(document.chunker.strategy, "chunker strategy"));
  }
  for (std::size_t i = 0; i < document.chunks.size(); ++i) {
    if (document.chunks[i].metadata.empty()) continue;
    TRACEVEC_RETURN_IF_ERROR(
        CheckMetadata(document.chunks[i].metadata, state.schema, fmt::format("chunk {}", i)));
  }
  return CheckMetadata(document.metadata, state.schema, "document '" + document.id + "'");
}

/// Where a given chunk stands and what its text is.
Status PlaceChunk(const Document& document, std::size_t index, CodePointIndex* offsets,
                  PreparedChunk* prepared) {
  const ChunkInput& chunk = document.chunks[index];
  VersionEntry& entry = prepared->entry;
  if (!chunk.span && !chunk.text) {
    return Status::InvalidArgument(fmt::format("chunk {}: neither span nor text is given", index));
  }
  if (chunk.span) {
    if (chunk.span->start >= chunk.span->end || chunk.span->end > offsets->code_points()) {
      return Status::InvalidArgument(
          fmt::format("chunk {}: span {} to {} is empty or outside of the text of {} code points",
                      index, chunk.span->start, chunk.span->end, offsets->code_points()));
    }
    entry.span = chunk.span;
    entry.bytes.start = offsets->ToByte(chunk.span->start);
    entry.bytes.end = offsets->ToByte(chunk.span->end);
    prepared->text = std::string_view(document.text)
                         .substr(entry.bytes.start, entry.bytes.end - entry.bytes.start);
  }
  if (chunk.text && (!chunk.span || prepared->text != *chunk.text)) {
    TRACEVEC_RETURN_IF_ERROR(CheckText(*chunk.text, fmt::format("chunk {} text", index)));
    if (chunk.text->empty()) {
      return Status::InvalidArgument(fmt::format("chunk {}: its text is empty", index));
    }
    entry.text_apart = true;
    prepared->text = *chunk.text;
  }
  return Status::Ok();
}

Status PrepareGiven(const Document& document, std::vector<PreparedChunk>* chunks) {
  CodePointIndex offsets(document.text);
  chunks->reserve(document.chunks.size());
  for (std::size_t i = 0; i < document.chunks.size(); ++i) {
    const ChunkInput& input = document.chunks[i];
    PreparedChunk chunk;
    TRACEVEC_RETURN_IF_ERROR(PlaceChunk(document, i, &offsets, &chunk));
    if (!input.id.empty()) {
      TRACEVEC_RETURN_IF_ERROR(CheckId(input.id, kLongestChunkId, fmt::format("chunk {} id", i)));
    }
    if (input.parent && (*input.parent >= document.chunks.size() || *input.parent == i)) {
      return Status::InvalidArgument(
          fmt::format("chunk {}: parent {} is not another of the {} chunks", i, *input.parent,
                      document.chunks.size()));
    }
    if (!CheckText(input.section, "").ok()) {
      return CheckText(input.section, fmt::format("chunk {} section", i));
    }
    chunk.entry.given_id = input.id;
    chunk.entry.section = input.section;
    chunk.entry.page = input.page;
    chunk.entry.parent = input.parent;
    chunk.metadata = &input.metadata;
    chunk.token_count = input.token_count;
    chunks->push_back(std::move(chunk));
  }
  return Status::Ok();
}

Status PrepareCut(const Document& document, std::vector<PreparedChunk>* chunks) {
  TRACEVEC_ASSIGN_OR_RETURN(std::vector<TextPiece> pieces,
                            CutText(document.text, document.chunker));
  chunks->reserve(pieces.size());
  for (TextPiece& piece : pieces) {
    PreparedChunk chunk;
    chunk.entry.span = piece.span;
    chunk.entry.bytes = piece.bytes;
    chunk.entry.section = std::move(piece.section);
    chunk.text = std::string_view(document.text)
                     .substr(piece.bytes.start, piece.bytes.end - piece.bytes.start);
    chunks->push_back(std::move(chunk));
  }
  return Status::Ok();
}

/// The hash that tells an unchanged chunk: all that an embedder of any field would see.
void HashChunks(const CollectionState& state, PreparedDocument* prepared) {
  for (std::size_t i = 0; i < prepared->chunks.size(); ++i) {
    PreparedChunk& chunk = prepared->chunks[i];
    chunk.entry.text_hash = HashBytes(chunk.text);
    ContentHasher hasher;
    hasher.Add(state.fields_hash.high);
    hasher.Add(state.fields_hash.low);
    hasher.Add(chunk.text);
    for (const BoundField& field : state.fields) {
      if (field.field.embed_template != "{text}") hasher.Add(prepared->TextToEmbed(field, i));
    }
    chunk.entry.embed_hash = hasher.Finish();
  }
}

}  // namespace

std::string PreparedDocument::TextToEmbed(const BoundField& field, std::size_t chunk) const {
  return FillEmbedTemplate(field.field.embed_template, document->title, chunks[chunk].entry.section,
                           chunks[chunk].text);
}

Result<ContentHash> CheckAndHash(const CollectionState& state, const Document& document) {
  TRACEVEC_RETURN_IF_ERROR(CheckDocument(state, document));
  ContentHasher hasher;
  hasher.Add(state.fields_hash.high);
  hasher.Add(state.fields_hash.low);
  hasher.Add(document.text);
  hasher.Add(document.title);
  hasher.Add(document.uri);
  hasher.Add(document.parser);
  AddMetadata(document.metadata, &hasher);
  hasher.Add(document.chunker.strategy);
  hasher.Add(std::uint64_t{document.chunker.size});
  hasher.Add(std::uint64_t{document.chunker.overlap});
  hasher.Add(document.expires_at ? static_cast<std::uint64_t>(document.expires_at->micros)
                                 : kAbsent);
  hasher.Add(std::uint64_t{document.chunks.size()});
  for (const ChunkInput& chunk : document.chunks) AddChunk(chunk, &hasher);
  return hasher.Finish();
}

Result<PreparedDocument> PrepareDocument(const CollectionState& state, const Document& document,
                                         ContentHash content_hash) {
  PreparedDocument prepared;
  prepared.document = &document;
  prepared.content_hash = content_hash;
  TRACEVEC_RETURN_IF_ERROR(document.chunks.empty() ? PrepareCut(document, &prepared.chunks)
                                                   : PrepareGiven(document, &prepared.chunks));
  HashChunks(state, &prepared);
  return prepared;
}

Status NameChunks(const std::vector<std::int64_t>& kept_from, const VersionRecord* before,
                  PreparedDocument* prepared) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> taken;
  for (std::size_t i = 0; i < kept_from.size(); ++i) {
    if (kept_from[i] < 0) continue;
    VersionEntry& entry = prepared->chunks[i].entry;
    entry.repeat = before->entries[kept_from[i]].repeat;
    taken.emplace_back(entry.text_hash, entry.repeat);
  }
  std::sort(taken.begin(), taken.end());
  const auto is_taken = [&](std::uint64_t text_hash, std::uint32_t repeat) {
    return std::binary_search(taken.begin(), taken.end(), std::pair(text_hash, repeat));
  };
  VersionRecord naming;  // As much of a version as an id depends on.
  naming.document_id = prepared->document->id;
  std::unordered_map<std::uint64_t, std::uint32_t> next;
  // Default ids differ among themselves by construction.
  const bool any_given =
      std::any_of(prepared->chunks.begin(), prepared->chunks.end(),
                  [](const PreparedChunk& chunk) { return !chunk.entry.given_id.empty(); });
  std::unordered_set<std::string_view> ids;
  for (std::size_t i = 0; i < prepared->chunks.size(); ++i) {
    PreparedChunk& chunk = prepared->chunks[i];
    if (kept_from.empty() || kept_from[i] < 0) {
      std::uint32_t& repeat = next[chunk.entry.text_hash];
      while (is_taken(chunk.entry.text_hash, repeat)) ++repeat;
      chunk.entry.repeat = repeat++;
    }
    chunk.id = ChunkId(naming, chunk.entry);
    if (any_given && !ids.insert(chunk.id).second) {
      return Status::InvalidArgument(
          fmt::format("document '{}': chunk id '{}' is given twice", naming.document_id, chunk.id));
    }
  }
  return Status::Ok();
}

}  // namespace tracevec
