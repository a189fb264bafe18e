#include "retrieval/hydrate.h"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/document_reader.h"

namespace tracevec {
namespace {

/// The versions that hits come from, each read once: hits often share a document.
class VersionsOfHits {
 public:
  VersionsOfHits(const Engine& engine, const CollectionState& state)
      : store_(engine.store()), collection_(state.number) {}

  Result<VersionReader*> Of(const DocumentState& document, ChunkNumber chunk) {
    const auto found = readers_.find(document.number);
    if (found != readers_.end()) return &found->second;
    TRACEVEC_ASSIGN_OR_RETURN(VersionReader reader,
                              VersionReader::OfChunk(store_, collection_, document, chunk));
    return &readers_.emplace(document.number, std::move(reader)).first->second;
  }

 private:
  const Store& store_;
  CollectionNumber collection_;
  std::map<DocumentNumber, VersionReader> readers_;
};

/// What a hit shows besides id and score.
Status FillContent(const RowSet& set, std::uint32_t row, const ChunkState& chunk,
                   VersionsOfHits* versions, Hit* hit) {
  const DocumentState& document = *chunk.document;
  TRACEVEC_ASSIGN_OR_RETURN(VersionReader * reader, versions->Of(document, set.chunk(row)));
  const std::optional<std::size_t> ordinal = reader->OrdinalOf(set.chunk(row));
  if (!ordinal) {
    return Status::Corruption(fmt::format("document '{}': chunk '{}' is not in its version {}",
                                          document.id, hit->id, document.version));
  }
  const VersionEntry& entry = reader->version().entries[*ordinal];
  hit->ordinal = static_cast<std::uint32_t>(*ordinal);
  hit->span = entry.span;
  hit->section = entry.section;
  hit->page = entry.page;
  TRACEVEC_ASSIGN_OR_RETURN(hit->text, reader->ChunkText(*ordinal));
  hit->metadata = EffectiveMetadata(document.metadata, {chunk.own, chunk.own_is_complete});
  return Status::Ok();
}

void FillSources(const QueryPlan& plan, const SourceScores& scores, Hit* hit) {
  hit->dense = BestOf(plan, scores, SourceKind::kDense);
  hit->lexical = BestOf(plan, scores, SourceKind::kLexical);
  hit->sparse = BestOf(plan, scores, SourceKind::kSparse);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) continue;
    const PlannedSource& source = plan.sources[i];
    HitSource& added = hit->sources.emplace_back();
    added.kind = source.kind;
    added.field = source.field_name();
    added.phrasing = source.phrasing;
    added.rank = scores[i]->rank;
    added.score = scores[i]->score;
  }
}

}  // namespace

Result<std::vector<Hit>> Hydrate(const Engine& engine, const CollectionState& state,
                                 const QueryPlan& plan, const QueryAnswer& answer,
                                 const HydrateOptions& options) {
  VersionsOfHits versions(engine, state);
  StateScratch scratch;
  std::vector<Hit> hits(answer.best.size());
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const RowSet& set = *plan.rows.sets[answer.best[i].ref.set];
    const std::uint32_t row = answer.best[i].ref.row;
    const ChunkState& chunk = set.StateAt(row, plan.rows.commit, &scratch);
    Hit& hit = hits[i];
    hit.id = set.id(row);
    hit.score = answer.best[i].score;
    hit.document = chunk.document->id;
    hit.version = chunk.document->version;
    if (!answer.sources.empty()) FillSources(plan, answer.sources[i], &hit);
    if (options.content) {
      TRACEVEC_RETURN_IF_ERROR(FillContent(set, row, chunk, &versions, &hit));
    }
    if (options.vectors_of != nullptr) {
      TRACEVEC_ASSIGN_OR_RETURN(auto vector,
                                ReadVector(engine.store(), state.number, *options.vectors_of,
                                           set.document(row), set.chunk(row)));
      if (vector) hit.vector = *std::move(vector);
    }
  }
  return hits;
}

}  // namespace tracevec
