#include "tests/database_model.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/chunker.h"
#include "core/content_hash.h"
#include "core/embed_template.h"
#include "tests/filter_oracle.h"

namespace tracevec {
namespace {

auto AllOf(const ChunkInput& c) {
  return std::tie(c.id, c.span, c.text, c.section, c.page, c.parent, c.token_count, c.metadata);
}

bool SameInput(const Document& a, const Document& b) {
  const auto all_of = [](const Document& d) {
    return std::tie(d.id, d.text, d.title, d.uri, d.parser, d.metadata, d.chunker, d.expires_at);
  };
  return all_of(a) == all_of(b) &&
         std::equal(a.chunks.begin(), a.chunks.end(), b.chunks.begin(), b.chunks.end(),
                    [](const ChunkInput& x, const ChunkInput& y) { return AllOf(x) == AllOf(y); });
}

/// The text of a span of code points.
std::string Slice(const std::string& text, Span span) {
  std::string slice;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && (text[i] & 0xC0) != 0x80) ++at;
    if (at >= span.start && at < span.end) slice += text[i];
  }
  return slice;
}

std::vector<ModelChunk> Cut(const Document& document) {
  std::vector<ModelChunk> chunks;
  for (const ChunkInput& input : document.chunks) {
    ModelChunk chunk;
    chunk.given_id = input.id;
    chunk.text = input.text ? *input.text : Slice(document.text, *input.span);
    chunk.span = input.span;
    chunk.section = input.section;
    chunk.page = input.page;
    chunk.parent = input.parent;
    chunk.token_count = input.token_count;
    chunk.given = input.metadata;
    chunks.push_back(std::move(chunk));
  }
  if (!chunks.empty()) return chunks;
  const auto pieces = CutText(document.text, document.chunker);
  for (const TextPiece& piece : *pieces) {
    ModelChunk chunk;
    chunk.text = Slice(document.text, piece.span);
    chunk.span = piece.span;
    chunk.section = piece.section;
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::string TextFor(const VectorField& field, const Document& document, const ModelChunk& chunk) {
  return FillEmbedTemplate(field.embed_template, document.title, chunk.section, chunk.text);
}

/// Numbers the new chunks among those of the same text, past the numbers that kept ones have, and
/// gives all their ids.
void NameChunks(ModelDocument* document) {
  std::set<std::pair<std::string, std::uint32_t>> taken;
  for (const ModelChunk& chunk : document->chunks) taken.emplace(chunk.text, chunk.nth);
  for (ModelChunk& chunk : document->chunks) {
    for (std::uint32_t n = 1; chunk.nth == 0; ++n) {
      if (taken.emplace(chunk.text, n).second) chunk.nth = n;
    }
    chunk.id = chunk.given_id;
    if (!chunk.id.empty()) continue;
    chunk.id = document->put.id + "#" + ToHex(HashBytes(chunk.text));
    if (chunk.nth > 1) chunk.id += "-" + std::to_string(chunk.nth);
  }
}

std::string TopLevelName(std::string path) {
  if (path.starts_with("meta.")) path = path.substr(5);
  return path.substr(0, path.find('.'));
}

void CollectNames(const FilterExpression& expression, std::set<std::string>* names) {
  for (const auto& child : expression.children) CollectNames(*child, names);
  if (expression.children.empty()) names->insert(TopLevelName(expression.path));
}

bool Matches(const ModelRow& row, const FilterExpression& filter) {
  Metadata fields = row.document->EffectiveMetadata(row.chunk());
  fields["id"] = row.chunk().id;
  fields["document"] = row.document->put.id;
  fields["version"] = static_cast<std::int64_t>(row.document->version);
  fields["text"] = row.chunk().text;
  const Metadata nothing;
  FilterSubject subject;
  subject.own = &fields;
  subject.inherited = &nothing;
  return OracleEvaluate(filter, subject) == Truth::kTrue;
}

Outcome Failed(Status status) {
  Outcome outcome;
  outcome.status = std::move(status);
  return outcome;
}

}  // namespace

Metadata ModelDocument::EffectiveMetadata(const ModelChunk& chunk) const {
  Metadata effective = put.metadata;
  for (const auto& [name, value] : chunk.given) effective[name] = value;
  for (const auto& [name, value] : chunk.merged) {
    if (value.is_null()) {
      effective.erase(name);
    } else {
      effective[name] = value;
    }
  }
  return effective;
}

const ModelDocument* ModelCollection::Find(const std::string& document) const {
  const auto found = documents_.find(document);
  return found == documents_.end() ? nullptr : &found->second;
}

void ModelCollection::LearnVersion(const std::string& document, std::uint32_t version) {
  documents_.at(document).version = version;
}

std::uint64_t ModelCollection::visible_chunks() const {
  std::uint64_t count = 0;
  for (const auto& [id, document] : documents_) {
    if (!document.expired()) count += document.chunks.size();
  }
  return count;
}

std::map<std::string, ModelRow> ModelCollection::Visible() const {
  std::map<std::string, ModelRow> rows;
  for (const auto& [id, document] : documents_) {
    for (std::size_t i = 0; i < document.chunks.size() && !document.expired(); ++i) {
      rows[document.chunks[i].id] = {&document, i};
    }
  }
  return rows;
}

Result<std::map<std::string, ModelRow>> ModelCollection::Matching(const Filter& filter) const {
  std::map<std::string, ModelRow> rows = Visible();
  if (filter.empty()) return rows;
  std::set<std::string> names;
  CollectNames(*filter.expression(), &names);
  for (const std::string& name : names) {
    const bool reserved = name == "id" || name == "document" || name == "version" || name == "text";
    if (reserved || schema_.metadata.contains(name) || known_fields_.contains(name)) continue;
    return Status::InvalidArgument("nothing ever had a field '" + name + "'");
  }
  std::erase_if(rows, [&](const auto& row) { return !Matches(row.second, *filter.expression()); });
  return rows;
}

Outcome ModelCollection::Apply(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kUpsert: return Upsert(operation);
    case Operation::Kind::kDelete: return Delete(operation);
    case Operation::Kind::kDeleteDocument: return DeleteDocument(operation.ids.front());
    case Operation::Kind::kUpdateMetadata: return UpdateMetadata(operation);
    case Operation::Kind::kRebuild: return {};
    default: return Put(operation);
  }
}

Status ModelCollection::CheckUnclaimed(const ModelDocument& document) const {
  for (const ModelChunk& chunk : document.chunks) {
    const auto owner = owners_.find(chunk.id);
    if (owner == owners_.end() || owner->second == document.put.id) continue;
    return Status::AlreadyExists("chunk '" + chunk.id + "' is of '" + owner->second + "'");
  }
  return Status::Ok();
}

void ModelCollection::Replace(ModelDocument document) {
  const std::string id = document.put.id;
  const auto before = documents_.find(id);
  if (before == documents_.end()) {
    document.version = once_used_.contains(id) ? 0 : 1;
  } else if (before->second.version == 0) {
    document.version = 0;
  } else {
    document.version = before->second.version + 1;
  }
  Erase(id);
  NoteFields(document.put.metadata);
  for (const ModelChunk& chunk : document.chunks) {
    NoteFields(chunk.given);
    owners_[chunk.id] = id;
  }
  documents_[id] = std::move(document);
}

void ModelCollection::Erase(const std::string& id) {
  const auto found = documents_.find(id);
  if (found == documents_.end()) return;
  for (const ModelChunk& chunk : found->second.chunks) owners_.erase(chunk.id);
  documents_.erase(found);
}

void ModelCollection::NoteFields(const Metadata& metadata) {
  for (const auto& [name, value] : metadata) known_fields_.insert(name);
}

Outcome ModelCollection::Upsert(const Operation& operation) {
  Outcome outcome;
  std::vector<ModelDocument> written;
  for (std::size_t i = 0; i < operation.ids.size(); ++i) {
    ModelDocument document;
    document.put.id = operation.ids[i];
    document.put.metadata = operation.metadata[i];
    document.loose = true;
    document.last.added = 1;
    ModelChunk& chunk = document.chunks.emplace_back();
    chunk.id = operation.ids[i];
    chunk.text = operation.texts[i];
    for (const std::string& field : operation.fields) {
      chunk.vectors[field] =
          TestVector(chunk.id, operation.salt, schema_.vectors.at(field).dimension);
    }
    const ModelDocument* before = Find(chunk.id);
    if (before != nullptr && !before->loose) {
      return Failed(Status::InvalidArgument("'" + chunk.id + "' is a document"));
    }
    if (Status status = CheckUnclaimed(document); !status.ok()) return Failed(status);
    ++(before != nullptr ? outcome.updated : outcome.inserted);
    if (before != nullptr && before->put.metadata == document.put.metadata) {
      const ModelChunk& stored = before->chunks.front();
      const bool same = stored.text == chunk.text && stored.vectors == chunk.vectors;
      if (same && stored.merged.empty()) continue;
    }
    written.push_back(std::move(document));
  }
  for (ModelDocument& document : written) Replace(std::move(document));
  return outcome;
}

bool ModelCollection::Keep(const ModelDocument& before, std::vector<bool>* used,
                           const Metadata& put, ModelChunk* chunk) const {
  for (std::size_t i = 0; i < before.chunks.size(); ++i) {
    const ModelChunk& old_chunk = before.chunks[i];
    if ((*used)[i] || before.loose || old_chunk.embedded != chunk->embedded ||
        old_chunk.given_id != chunk->given_id) {
      continue;
    }
    (*used)[i] = true;
    chunk->nth = old_chunk.nth;
    if (!chunk->token_count) chunk->token_count = old_chunk.token_count;
    chunk->vectors = old_chunk.vectors;
    chunk->merged = old_chunk.merged;
    // What the put says of a field wins over what was merged into the chunk before.
    std::erase_if(chunk->merged, [&](const auto& field) {
      return put.contains(field.first) || chunk->given.contains(field.first);
    });
    return true;
  }
  return false;
}

Result<ModelDocument> ModelCollection::PreparePut(const Operation& operation,
                                                  const Document& put) const {
  static const ModelDocument kNone;
  const ModelDocument* found = Find(put.id);
  const ModelDocument& before = found != nullptr ? *found : kNone;
  std::vector<bool> used(before.chunks.size());
  ModelDocument document;
  document.put = put;
  document.chunks = Cut(put);
  for (ModelChunk& chunk : document.chunks) {
    chunk.embedded = chunk.text;
    for (const auto& [name, field] : schema_.vectors) {
      chunk.embedded += '\0' + TextFor(field, put, chunk);
    }
    if (Keep(before, &used, put.metadata, &chunk)) continue;
    ++document.last.added;
    for (const std::string& name : operation.fields) {
      const VectorField& field = schema_.vectors.at(name);
      chunk.vectors[name] = TestVector(TextFor(field, put, chunk), operation.salt, field.dimension);
    }
  }
  document.last.kept = static_cast<std::uint32_t>(document.chunks.size()) - document.last.added;
  document.last.removed = static_cast<std::uint32_t>(before.chunks.size()) - document.last.kept;
  NameChunks(&document);
  if (Status status = CheckUnclaimed(document); !status.ok()) return status;
  return document;
}

Outcome ModelCollection::Put(const Operation& operation) {
  std::vector<ModelDocument> prepared;
  for (const Document& document : operation.documents) {
    const ModelDocument* before = Find(document.id);
    if (before != nullptr && !before->loose && SameInput(before->put, document)) {
      prepared.push_back(*before);
      prepared.back().last = {before->version, true, 0, 0, 0};
      continue;
    }
    Result<ModelDocument> put = PreparePut(operation, document);
    if (!put.ok()) return Failed(put.status());
    prepared.push_back(*std::move(put));
  }
  Outcome outcome;
  for (ModelDocument& document : prepared) {
    PutOutcome& put = outcome.puts.emplace_back(document.last);
    if (put.unchanged) continue;
    const std::string id = document.put.id;
    Replace(std::move(document));
    put.version = documents_.at(id).version;
  }
  return outcome;
}

Result<std::vector<ModelRow>> ModelCollection::Select(const Operation& operation) const {
  std::vector<ModelRow> selected;
  if (!operation.where.empty()) {
    const auto matching = Matching(operation.where);
    if (!matching.ok()) return matching.status();
    for (const auto& [id, row] : *matching) selected.push_back(row);
    return selected;
  }
  const std::map<std::string, ModelRow> visible = Visible();
  for (const std::string& id : std::set(operation.ids.begin(), operation.ids.end())) {
    if (visible.contains(id)) selected.push_back(visible.at(id));
  }
  return selected;
}

Outcome ModelCollection::Delete(const Operation& operation) {
  const Result<std::vector<ModelRow>> selected = Select(operation);
  if (!selected.ok()) return Failed(selected.status());
  std::map<std::string, std::size_t> counts;
  for (const ModelRow& row : *selected) ++counts[row.document->put.id];
  for (const auto& [id, count] : counts) {
    if (count == documents_.at(id).chunks.size()) continue;
    return Failed(Status::InvalidArgument("some chunks of '" + id + "' are selected"));
  }
  Outcome outcome;
  for (const auto& [id, count] : counts) outcome.deleted += DeleteDocument(id).deleted;
  return outcome;
}

Outcome ModelCollection::DeleteDocument(const std::string& id) {
  Outcome outcome;
  const ModelDocument* document = Find(id);
  if (document == nullptr) return outcome;
  outcome.deleted = document->chunks.size();
  once_used_.insert(id);
  Erase(id);
  return outcome;
}

void ModelCollection::DropExpired() {
  std::vector<std::string> expired;
  for (const auto& [id, document] : documents_) {
    if (document.expired()) expired.push_back(id);
  }
  for (const std::string& id : expired) DeleteDocument(id);
}

Outcome ModelCollection::UpdateMetadata(const Operation& operation) {
  const Result<std::vector<ModelRow>> selected = Select(operation);
  if (!selected.ok()) return Failed(selected.status());
  Outcome outcome;
  if (operation.patch.empty() || selected->empty()) return outcome;
  NoteFields(operation.patch);
  for (const ModelRow& row : *selected) {
    ModelDocument& document = documents_.at(row.document->put.id);
    for (const auto& [name, value] : operation.patch) {
      document.chunks[row.ordinal].merged[name] = value;
    }
  }
  outcome.updated = selected->size();
  return outcome;
}

Outcome DatabaseModel::Apply(const Operation& operation) {
  const auto found = collections.find(operation.collection);
  const bool creates = operation.kind == Operation::Kind::kCreateCollection;
  if (creates != (found == collections.end())) {
    return Failed(creates ? Status::AlreadyExists("") : Status::NotFound(""));
  }
  if (creates) {
    collections.emplace(operation.collection, ModelCollection(operation.schema));
    return {};
  }
  if (operation.kind != Operation::Kind::kDropCollection) return found->second.Apply(operation);
  collections.erase(found);
  return {};
}

}  // namespace tracevec
