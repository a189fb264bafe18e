#include "retrieval/describe.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/utf8.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "retrieval/journal.h"
#include "retrieval/row_loader.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

Distribution Distribute(std::vector<double> values) {
  Distribution distribution;
  distribution.count = values.size();
  if (values.empty()) return distribution;
  std::sort(values.begin(), values.end());
  const auto percentile = [&](double p) {
    const auto rank =
        static_cast<std::size_t>(std::lround(p * static_cast<double>(values.size() - 1)));
    return values[rank];
  };
  distribution.min = values.front();
  distribution.p50 = percentile(0.50);
  distribution.p95 = percentile(0.95);
  distribution.p99 = percentile(0.99);
  distribution.max = values.back();
  distribution.mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return distribution;
}

std::string NameOf(const Chunker& chunker) {
  return fmt::format("{}, size {}, overlap {}", chunker.strategy, chunker.size, chunker.overlap);
}

using Groups = std::map<std::string, DocumentGroup>;

void AddTo(Groups* groups, const std::string& name, std::size_t chunks) {
  DocumentGroup& group = (*groups)[name];
  group.name = name;
  ++group.documents;
  group.chunks += chunks;
}

std::vector<DocumentGroup> MostFrequentFirst(const Groups& groups) {
  std::vector<DocumentGroup> sorted;
  for (const auto& [name, group] : groups) sorted.push_back(group);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.documents > b.documents; });
  return sorted;
}

/// Reads the newest versions and their bodies at a view.
class Describer {
 public:
  Describer(Engine& engine, const CollectionState& state)
      : engine_(engine), state_(state), view_(state.views.Current()) {
    out_.name = state.name;
    out_.commit = Raw(view_->commit);
    out_.keep_versions = state.record.kept_versions;
    for (const auto& [name, type] : state.schema.metadata) {
      out_.declared.emplace(name, MetadataTypeName(type));
    }
    if (view_->known_fields != nullptr) out_.undeclared = *view_->known_fields;
    for (const BoundField& field : state.fields) {
      FieldDescription& described = out_.fields.emplace_back();
      described.name = field.name;
      described.dimension = field.field.dimension;
      described.metric = MetricName(field.field.metric);
      described.space = field.field.space;
      described.embed_template = field.field.embed_template;
    }
  }

  Result<CollectionDescription> Run() {
    TRACEVEC_RETURN_IF_ERROR(ReadDocuments());
    TRACEVEC_RETURN_IF_ERROR(CountVectors());
    TRACEVEC_RETURN_IF_ERROR(ReadWriters());
    out_.parsers = MostFrequentFirst(parsers_);
    out_.chunkers = MostFrequentFirst(chunkers_);
    out_.chunk_code_points = Distribute(std::move(code_points_));
    out_.chunk_tokens = Distribute(std::move(tokens_));
    out_.embed_micros = Distribute(std::move(embed_micros_));
    return std::move(out_);
  }

 private:
  Status ReadDocuments() {
    const Store& store = engine_.store();
    std::optional<DocumentNumber> done;
    const Timestamp now = Now();
    StoreCursor cursor = store.NewCursor(Table::kRecords, keys::VersionsPrefix(state_.number));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(cursor.key()));
      if (done == key.document) continue;  // Newest first.
      TRACEVEC_ASSIGN_OR_RETURN(const VersionRecord version, DecodeVersion(cursor.value()));
      if (version.commit > view_->commit) continue;
      done = key.document;
      if (version.deleted || Expired(version, now)) continue;
      AddDocument(version);
      TRACEVEC_RETURN_IF_ERROR(AddChunks(key.document, version));
    }
    return cursor.status();
  }

  void AddDocument(const VersionRecord& version) {
    ++out_.documents;
    if (version.loose) {
      ++out_.loose;
    } else {
      AddTo(&parsers_, version.parser, version.entries.size());
      AddTo(&chunkers_, NameOf(version.chunker), version.entries.size());
    }
    out_.with_uri += version.uri.empty() ? 0 : 1;
    out_.with_source += version.has_source ? 1 : 0;
    out_.expiring += version.expires_at ? 1 : 0;
  }

  Status AddChunks(DocumentNumber document, const VersionRecord& version) {
    for (const VersionEntry& entry : version.entries) {
      ++out_.chunks;
      out_.with_span += entry.span ? 1 : 0;
      out_.with_section += entry.section.empty() ? 0 : 1;
      out_.with_page += entry.page ? 1 : 0;
      out_.with_parent += entry.parent ? 1 : 0;
      TRACEVEC_ASSIGN_OR_RETURN(
          const auto bytes, engine_.store().GetPinned(
                                Table::kRecords, keys::Body(state_.number, document, entry.chunk)));
      if (!bytes) continue;  // Swept meanwhile.
      TRACEVEC_ASSIGN_OR_RETURN(const BodyRecord body, DecodeBody(bytes->view()));
      AddBody(entry, body);
    }
    return Status::Ok();
  }

  void AddBody(const VersionEntry& entry, const BodyRecord& body) {
    if (entry.text_apart) {
      code_points_.push_back(static_cast<double>(CodePointIndex(body.text).code_points()));
    } else if (entry.span) {
      code_points_.push_back(static_cast<double>(entry.span->end - entry.span->start));
    }
    if (body.token_count) tokens_.push_back(*body.token_count);
    if (const double micros = EmbedMicros(state_, body); micros > 0) {
      embed_micros_.push_back(micros);
    }
    for (std::size_t f = 0; f < out_.fields.size() && f < 64; ++f) {
      const auto filled = std::find_if(
          body.filled.begin(), body.filled.end(),
          [&](const FilledField& one) { return one.number == state_.fields[f].number; });
      const bool asserted =
          filled != body.filled.end() ? filled->asserted : ((body.asserted_fields >> f) & 1) != 0;
      out_.fields[f].asserted += asserted ? 1 : 0;
    }
  }

  Status CountVectors() {
    TRACEVEC_ASSIGN_OR_RETURN(const IndexView rows,
                              RowsOf(engine_.store(), state_, *view_, RowParts{}));
    for (std::size_t s = 0; s < rows.sets.size(); ++s) {
      const RowSet& set = *rows.sets[s];
      for (std::uint32_t row = 0; row < rows.sizes[s]; ++row) {
        if (!set.VisibleAt(row, rows.commit)) continue;
        for (std::size_t f = 0; f < out_.fields.size(); ++f) {
          out_.fields[f].vectors += set.HasVector(f, row) ? 1 : 0;
        }
      }
    }
    return Status::Ok();
  }

  Status ReadWriters() {
    JournalQuery query;
    query.collection = state_.name;
    TRACEVEC_ASSIGN_OR_RETURN(const auto entries, ReadJournal(engine_, query));
    std::map<std::pair<std::string, std::string>, WriterDescription> writers;
    for (const JournalEntry& entry : entries) {
      if (entry.commit > Raw(view_->commit)) break;
      WriterDescription& writer = writers[{entry.kind, entry.label}];
      if (writer.commits++ == 0) writer.first = entry.time;
      writer.kind = entry.kind;
      writer.label = entry.label;
      writer.last = entry.time;
      writer.kept += entry.kept;
      writer.added += entry.added;
      writer.removed += entry.removed;
      writer.embedded += entry.embedded;
      for (const EmbedCall& call : entry.calls) AddCall(call);
    }
    for (auto& [key, writer] : writers) out_.writers.push_back(std::move(writer));
    for (auto& [key, model] : models_) {
      model.micros = Distribute(std::move(call_micros_[key]));
      out_.models.push_back(std::move(model));
    }
    return Status::Ok();
  }

  void AddCall(const EmbedCall& call) {
    const CallInfo info = call.info.value_or(CallInfo());
    const ModelKey key{call.field, info.model, info.version};
    ModelCalls& model = models_[key];
    std::tie(model.field, model.model, model.version) = key;
    ++model.calls;
    model.texts += call.texts;
    model.tokens_in += info.tokens_in;
    model.tokens_out += info.tokens_out;
    model.cost += info.cost;
    call_micros_[key].push_back(call.micros);
  }

  using ModelKey = std::tuple<std::string, std::string, std::string>;

  Engine& engine_;
  const CollectionState& state_;
  const std::shared_ptr<const CollectionView> view_;
  CollectionDescription out_;
  Groups parsers_;
  Groups chunkers_;
  std::vector<double> code_points_;
  std::vector<double> tokens_;
  std::vector<double> embed_micros_;
  std::map<ModelKey, ModelCalls> models_;
  std::map<ModelKey, std::vector<double>> call_micros_;
};

}  // namespace

Result<CollectionDescription> Describe(Engine& engine, const CollectionState& state) {
  return Describer(engine, state).Run();
}

}  // namespace tracevec
