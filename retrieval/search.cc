#include "retrieval/search.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/text_query.h"
#include "retrieval/answer_query.h"
#include "retrieval/chunk_metadata.h"
#include "retrieval/document_reader.h"
#include "retrieval/query_run.h"
#include "retrieval/search_plan.h"

namespace tracevec {
namespace {

bool ByVector(const SearchRequest& request) {
  return !request.vector.empty() || !request.like.empty();
}

Status CheckOneQuery(const SearchRequest& request) {
  if (!request.vector.empty() && !request.like.empty()) {
    return Status::InvalidArgument("both vector and like are given; give one");
  }
  if (ByVector(request) || !request.text.empty()) return Status::Ok();
  return Status::InvalidArgument("neither vector, like nor text is given");
}

QuerySettings SettingsOfSources(const SearchRequest& request) {
  QuerySettings settings = SettingsOf(request);
  settings.by_text = !request.text.empty();
  settings.by_vector = ByVector(request) || !settings.by_text;
  return settings;
}

Status CheckQueryVector(const BoundField& field, std::size_t floats) {
  if (floats == field.field.dimension) return Status::Ok();
  return Status::InvalidArgument(
      fmt::format("query vector for '{}': dimension: expected {}, got {}", field.name,
                  field.field.dimension, floats));
}

/// The chunk whose vector is the query.
struct LikeQuery {
  std::vector<float> vector;
  std::pair<DocumentNumber, ChunkNumber> chunk;
};

Result<LikeQuery> ReadLike(const Engine& engine, const CollectionState& state,
                           const QueryPlan& plan, const std::string& id) {
  TRACEVEC_ASSIGN_OR_RETURN(const auto found,
                            FindChunk(engine.store(), state.number, id, plan.view->commit));
  if (!found || Expired(found->version, Now())) {
    return Status::NotFound(fmt::format("like: chunk '{}' does not exist", id));
  }
  const ChunkNumber chunk = found->version.entries[found->ordinal].chunk;
  TRACEVEC_ASSIGN_OR_RETURN(
      auto vector, ReadVector(engine.store(), state.number, *plan.field, found->document, chunk));
  if (!vector) {
    return Status::NotFound(
        fmt::format("like: chunk '{}' has no vector of field '{}'", id, plan.field->name));
  }
  return LikeQuery{*std::move(vector), {found->document, chunk}};
}

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

/// The field of which hits show the vector. Errors: InvalidArgument where a search by text alone
/// does not tell.
Result<const BoundField*> FieldOfVectors(const CollectionState& state, const QueryPlan& plan,
                                         const SearchRequest& request) {
  if (!request.with_vectors || plan.field != nullptr) return plan.field;
  return FindField(state, "");
}

Status Hydrate(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
               const SearchRequest& request, const QueryAnswer& answer, std::vector<Hit>* hits) {
  TRACEVEC_ASSIGN_OR_RETURN(const BoundField* vectors_of, FieldOfVectors(state, plan, request));
  const std::vector<ScoredRow>& best = answer.best;
  VersionsOfHits versions(engine, state);
  StateScratch scratch;
  hits->resize(best.size());
  for (std::size_t i = 0; i < best.size(); ++i) {
    const RowSet& set = *plan.rows.sets[best[i].ref.set];
    const std::uint32_t row = best[i].ref.row;
    const ChunkState& chunk = set.StateAt(row, plan.rows.commit, &scratch);
    Hit& hit = (*hits)[i];
    hit.id = set.id(row);
    hit.score = best[i].score;
    hit.document = chunk.document->id;
    hit.version = chunk.document->version;
    if (!answer.sources.empty()) {
      hit.dense = answer.sources[i].dense;
      hit.lexical = answer.sources[i].lexical;
    }
    if (request.with_content) {
      TRACEVEC_RETURN_IF_ERROR(FillContent(set, row, chunk, &versions, &hit));
    }
    if (request.with_vectors) {
      TRACEVEC_ASSIGN_OR_RETURN(auto vector, ReadVector(engine.store(), state.number, *vectors_of,
                                                        set.document(row), set.chunk(row)));
      if (vector) hit.vector = *std::move(vector);
    }
  }
  return Status::Ok();
}

}  // namespace

Result<SearchResponse> Search(const Engine& engine, const CollectionState& state,
                              const SearchRequest& request) {
  const Stopwatch start;
  TRACEVEC_RETURN_IF_ERROR(CheckOneQuery(request));
  TRACEVEC_ASSIGN_OR_RETURN(
      const QueryPlan plan,
      PlanQuery(engine, state, SettingsOfSources(request), request.field, request.where));
  std::optional<LikeQuery> like;
  QueryInput input;
  input.text = request.text;
  if (!request.like.empty()) {
    TRACEVEC_ASSIGN_OR_RETURN(like, ReadLike(engine, state, plan, request.like));
    input.vector = like->vector.data();
    input.exclude = like->chunk;
  } else if (plan.field != nullptr) {
    TRACEVEC_RETURN_IF_ERROR(CheckQueryVector(*plan.field, request.vector.size()));
    input.vector = request.vector.data();
  }
  SearchResponse response;
  Receipt* receipt = request.receipt != ReceiptLevel::kOff ? &response.receipt : nullptr;
  TRACEVEC_ASSIGN_OR_RETURN(const QueryAnswer answer,
                            AnswerQuery(engine, state, plan, start, input, receipt));
  const Stopwatch hydrate;
  TRACEVEC_RETURN_IF_ERROR(Hydrate(engine, state, plan, request, answer, &response.hits));
  if (request.receipt != ReceiptLevel::kOff) {
    response.receipt.stages.push_back(
        {"hydrate", hydrate.Micros(), answer.best.size(), answer.best.size()});
    response.receipt.total_micros = start.Micros();
  }
  return response;
}

Result<Explanation> Explain(const Engine& engine, const CollectionState& state,
                            const SearchRequest& request) {
  if (!request.vector.empty() && !request.like.empty()) {
    TRACEVEC_RETURN_IF_ERROR(CheckOneQuery(request));
  }
  TRACEVEC_ASSIGN_OR_RETURN(const QueryPlan plan,
                            PlanQuery(engine, state, SettingsOfSources(request), request.field,
                                      request.where, FilterUse::kEstimate));
  if (plan.analyzer != nullptr) {
    TRACEVEC_RETURN_IF_ERROR(TextQuery::Parse(request.text, *plan.analyzer).status());
  }
  if (!request.vector.empty()) {
    TRACEVEC_RETURN_IF_ERROR(CheckQueryVector(*plan.field, request.vector.size()));
  } else if (!request.like.empty()) {
    TRACEVEC_RETURN_IF_ERROR(ReadLike(engine, state, plan, request.like).status());
  }
  return ExplainPlan(plan);
}

}  // namespace tracevec
