#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tracevec/description.h"

// A description as lines for people.

namespace tracevec {
namespace {

std::string Show(const Distribution& d, std::string_view unit) {
  if (d.count == 0) return "not known";
  return fmt::format("min {:.0f}, p50 {:.0f}, p95 {:.0f}, p99 {:.0f}, max {:.0f}, mean {:.1f} {}",
                     d.min, d.p50, d.p95, d.p99, d.max, d.mean, unit);
}

std::string Show(const EmbeddingSpace& space) {
  if (!space.declared()) return "space not declared";
  std::string text = fmt::format("model '{}'", space.model);
  const auto add = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) text += fmt::format(", {} '{}'", what, value);
  };
  add("revision", space.revision);
  add("normalization", space.normalization);
  add("document prompt", space.document_prompt);
  add("query prompt", space.query_prompt);
  return text;
}

std::string OrUnsaid(const std::string& name) { return name.empty() ? "(not said)" : name; }

void AddEmbeddings(const CollectionDescription& d, std::string* out) {
  *out += "embeddings\n";
  for (const FieldDescription& field : d.fields) {
    *out += fmt::format("  {}: {} vectors of {} dimensions, {}, {}; {} without a declared space\n",
                        field.name, field.vectors, field.dimension, field.metric, Show(field.space),
                        field.asserted);
    *out += fmt::format("    of the text {}\n", field.embed_template);
  }
  *out += fmt::format("  time of a chunk: {}\n", Show(d.embed_micros, "us"));
  for (const ModelCalls& model : d.models) {
    *out +=
        fmt::format("  {}: {} {}: {} calls, {} texts, {} tokens in, {} out, cost {}; a call: {}\n",
                    model.field, OrUnsaid(model.model), model.version, model.calls, model.texts,
                    model.tokens_in, model.tokens_out, model.cost, Show(model.micros, "us"));
  }
}

void AddCutting(const CollectionDescription& d, std::string* out) {
  *out += "documents\n";
  for (const DocumentGroup& parser : d.parsers) {
    *out += fmt::format("  parsed by {}: {} documents, {} chunks\n", OrUnsaid(parser.name),
                        parser.documents, parser.chunks);
  }
  for (const DocumentGroup& chunker : d.chunkers) {
    *out += fmt::format("  cut by {}: {} documents, {} chunks\n", OrUnsaid(chunker.name),
                        chunker.documents, chunker.chunks);
  }
  *out += fmt::format("  length of a chunk: {}\n", Show(d.chunk_code_points, "code points"));
  *out += fmt::format("  tokens of a chunk: {}\n", Show(d.chunk_tokens, "tokens"));
  *out += fmt::format("  {} of {} documents with source text, {} with URI, {} with time to live\n",
                      d.with_source, d.documents, d.with_uri, d.expiring);
  *out +=
      fmt::format("  {} of {} chunks with span, {} with section, {} with page, {} with parent\n",
                  d.with_span, d.chunks, d.with_section, d.with_page, d.with_parent);
}

void AddUpdates(const CollectionDescription& d, std::string* out) {
  *out += fmt::format("updates, of each document {} old versions kept\n", d.keep_versions);
  for (const WriterDescription& writer : d.writers) {
    *out += fmt::format(
        "  {} by {}: {} commits from {} to {}: {} kept, {} added, {} removed, {} embedded\n",
        writer.kind, OrUnsaid(writer.label), writer.commits, FormatTimestamp(writer.first),
        FormatTimestamp(writer.last), writer.kept, writer.added, writer.removed, writer.embedded);
  }
  *out += "metadata\n";
  for (const auto& [name, type] : d.declared) *out += fmt::format("  {}: {}\n", name, type);
  for (const std::string& name : d.undeclared) *out += fmt::format("  {}: undeclared\n", name);
}

}  // namespace

std::string CollectionDescription::ToText() const {
  std::string out = fmt::format(
      "collection '{}' at commit {}: {} documents, {} of them loose vectors, {} chunks\n", name,
      commit, documents, loose, chunks);
  AddEmbeddings(*this, &out);
  AddCutting(*this, &out);
  AddUpdates(*this, &out);
  return out;
}

}  // namespace tracevec
