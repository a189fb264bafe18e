#include "retrieval/put_document.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/put_moved.h"
#include "retrieval/put_writer.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

/// How often a put with an embedder starts over when its document moved meanwhile.
constexpr int kMostAttempts = 3;

// A group of documents shares a commit until it is this large: past some hundred chunks the cost
// of a commit no longer shows, and a reader should not wait long for the first documents.
constexpr std::size_t kGroupChunks = 1024;
constexpr std::size_t kGroupDocuments = 256;
constexpr std::size_t kGroupTextBytes = std::size_t{8} << 20;

/// Whether a document moved, rather than the embedding space.
bool MayPlanAgain(const CollectionState& state, const Status& status) {
  return status.code() == StatusCode::kConflict && !state.superseded.load();
}

ReadyPut MakeReady(const CollectionState& state, PutPlan plan) {
  ReadyPut put;
  put.plan = std::move(plan);
  const std::size_t wanted = put.plan.to_embed.size();
  put.vectors.assign(state.fields.size(), std::vector<const float*>(wanted, nullptr));
  put.sparse.resize(state.sparse_fields.size());
  for (auto& field : put.sparse) field.resize(wanted);
  put.embed_micros.assign(wanted, 0);
  return put;
}

Status CheckUsersPlan(const UpdatePlan& given, const Document& document, const PutPlan& plan) {
  if (given.document != document.id) {
    return Status::InvalidArgument(fmt::format("the plan is for document '{}', the put for '{}'",
                                               given.document, document.id));
  }
  const std::uint32_t current = plan.record && !plan.record->deleted ? plan.record->version : 0;
  if (given.base_version != current) {
    return Status::Conflict(fmt::format(
        "document '{}': the plan was made at version {}, it is at version {}; plan again",
        document.id, given.base_version, current));
  }
  const ContentHash& hash = plan.unchanged ? plan.record->content_hash : plan.prepared.content_hash;
  if (given.content_hash != hash.ToHex()) {
    return Status::InvalidArgument(fmt::format(
        "document '{}': the plan was made for another content of it; plan again", document.id));
  }
  return Status::Ok();
}

Status CheckMove(const Document& document, const PutOptions& options) {
  if (options.moved_from.empty()) return Status::Ok();
  if (options.moved_from == document.id) {
    return Status::InvalidArgument(
        fmt::format("moved_from: '{}' is the document that is put", options.moved_from));
  }
  if (options.plan == nullptr) return Status::Ok();
  return Status::InvalidArgument("moved_from: give no plan, which knows nothing of it");
}

Result<PutResult> TryPut(Engine& engine, CollectionState& state, const Document& document,
                         const PutOptions& options) {
  TRACEVEC_ASSIGN_OR_RETURN(PutPlan plan, PlanPut(engine.store(), state, document));
  if (options.plan != nullptr) {
    TRACEVEC_RETURN_IF_ERROR(CheckUsersPlan(*options.plan, document, plan));
  }
  TRACEVEC_ASSIGN_OR_RETURN(VectorSource vectors, VectorSource::Bind(state, options));
  ReadyPut put = MakeReady(state, std::move(plan));
  if (!put.plan.unchanged) {
    TRACEVEC_RETURN_IF_ERROR(vectors.TakeGiven(options.vectors, &put));
    TRACEVEC_RETURN_IF_ERROR(vectors.TakeSparse(options.sparse_vectors, &put));
  }
  if (!options.moved_from.empty()) {
    TRACEVEC_RETURN_IF_ERROR(TakeMoved(engine.store(), state, options.moved_from, &put));
  }
  if (!put.plan.unchanged) {
    TRACEVEC_RETURN_IF_ERROR(vectors.Embed({&put, 1}));
  }
  TRACEVEC_RETURN_IF_ERROR(WritePuts(engine, state, {&put, 1}, options, vectors.calls()));
  put.result.calls = vectors.calls();
  return put.result;
}

/// Plans, embeds and writes documents[first, last) in one commit.
Status TryPutGroup(Engine& engine, CollectionState& state, std::span<const Document> documents,
                   std::size_t first, std::size_t last, const Collection::PutManyOptions& options,
                   std::vector<PutResult>* results) {
  TRACEVEC_ASSIGN_OR_RETURN(VectorSource vectors, VectorSource::Bind(state, options.put));
  std::vector<ReadyPut> puts;
  for (std::size_t i = first; i < last; ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(PutPlan plan, PlanPut(engine.store(), state, documents[i]));
    puts.push_back(MakeReady(state, std::move(plan)));
    if (!puts.back().plan.unchanged && options.vectors_of != nullptr) {
      TRACEVEC_RETURN_IF_ERROR(vectors.TakeGiven(options.vectors_of(i), &puts.back()));
    }
    if (!puts.back().plan.unchanged && options.sparse_vectors_of != nullptr) {
      TRACEVEC_RETURN_IF_ERROR(vectors.TakeSparse(options.sparse_vectors_of(i), &puts.back()));
    }
  }
  TRACEVEC_RETURN_IF_ERROR(vectors.Embed(puts));
  TRACEVEC_RETURN_IF_ERROR(WritePuts(engine, state, puts, options.put, vectors.calls()));
  for (const ReadyPut& put : puts) results->push_back(put.result);
  return Status::Ok();
}

/// The end of the group that starts at `first`: no document twice, not too large.
std::size_t GroupEnd(std::span<const Document> documents, std::size_t first) {
  std::unordered_set<std::string_view> ids;
  std::size_t text_bytes = 0;
  std::size_t chunks = 0;
  std::size_t last = first;
  while (last < documents.size() && last - first < kGroupDocuments) {
    const Document& document = documents[last];
    if (!ids.insert(document.id).second) break;
    text_bytes += document.text.size();
    chunks += document.chunks.empty() ? document.text.size() / std::max(document.chunker.size, 1U)
                                      : document.chunks.size();
    if (last > first && (text_bytes > kGroupTextBytes || chunks > kGroupChunks)) break;
    ++last;
  }
  return last;
}

/// What can be said against a document and its vectors without looking at what is stored.
Status CheckOne(const CollectionState& state, const Document& document, std::size_t place,
                const Collection::PutManyOptions& options) {
  TRACEVEC_ASSIGN_OR_RETURN(const ContentHash content_hash, CheckAndHash(state, document));
  TRACEVEC_ASSIGN_OR_RETURN(PreparedDocument prepared,
                            PrepareDocument(state, document, content_hash));
  TRACEVEC_RETURN_IF_ERROR(NameChunks({}, nullptr, &prepared));
  if (options.sparse_vectors_of != nullptr) {
    for (const auto& [name, vectors] : options.sparse_vectors_of(place)) {
      TRACEVEC_ASSIGN_OR_RETURN(const BoundSparseField* field, FindSparseField(state, name));
      TRACEVEC_RETURN_IF_ERROR(TakeSparseRows(*field, vectors, prepared.chunks.size()).status());
    }
  }
  if (options.vectors_of == nullptr) return Status::Ok();
  for (const auto& [name, vectors] : options.vectors_of(place)) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, name));
    TRACEVEC_RETURN_IF_ERROR(CheckRows(*field, vectors, prepared.chunks.size(), options.put.space));
  }
  return Status::Ok();
}

/// The error with the place of the document it is about.
Status AtDocument(std::size_t place, const Document& document, const Status& status) {
  return {status.code(),
          fmt::format("document {} ('{}'): {}", place, document.id, status.message())};
}

/// Before the first of several commits, so that bad input changes nothing.
Status CheckAll(const CollectionState& state, std::span<const Document> documents,
                const Collection::PutManyOptions& options) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Status status = CheckOne(state, documents[i], i, options);
    if (!status.ok()) return AtDocument(i, documents[i], status);
  }
  return Status::Ok();
}

}  // namespace

Status WritePuts(Engine& engine, CollectionState& state, std::span<ReadyPut> puts,
                 const PutOptions& options, std::span<const EmbedCall> calls) {
  bool anything = false;
  for (ReadyPut& put : puts) {
    anything = anything || !put.changes_nothing();
    if (put.plan.unchanged) {
      put.result.unchanged = true;
      put.result.version = put.plan.record->version;
      put.result.commit = Raw(put.plan.record->commit);
    } else {
      put.terms.clear();
      for (const std::uint32_t added : put.plan.to_embed) {
        put.terms.push_back(state.TermsOf(put.plan.prepared.chunks[added].text));
      }
    }
  }
  if (!anything) return Status::Ok();
  engine.builder().WaitForRoom(state);
  const std::lock_guard writer(engine.writer_mutex());
  PutWriter put_writer(engine, state, options.label);
  for (ReadyPut& put : puts) {
    if (!put.changes_nothing()) TRACEVEC_RETURN_IF_ERROR(put_writer.Add(&put));
  }
  TRACEVEC_RETURN_IF_ERROR(put_writer.AddCalls(calls));
  return put_writer.Finish(options.sync.value_or(state.sync));
}

Result<PutResult> PutDocument(Engine& engine, CollectionState& state, const Document& document,
                              const PutOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(options.label));
  TRACEVEC_RETURN_IF_ERROR(CheckMove(document, options));
  Result<PutResult> result = TryPut(engine, state, document, options);
  // A plan of the user's cannot be made again here.
  const bool may_retry = options.plan == nullptr;
  for (int attempt = 1; may_retry && attempt < kMostAttempts; ++attempt) {
    if (!MayPlanAgain(state, result.status())) break;
    result = TryPut(engine, state, document, options);
  }
  return result;
}

Result<std::vector<PutResult>> PutDocuments(Engine& engine, CollectionState& state,
                                            std::span<const Document> documents,
                                            const Collection::PutManyOptions& options) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(options.put.label));
  if (!options.put.vectors.empty() || !options.put.sparse_vectors.empty() ||
      options.put.plan != nullptr || !options.put.moved_from.empty()) {
    return Status::InvalidArgument(
        "put_documents: `vectors`, `plan` and `moved_from` are for one document; use vectors_of or "
        "an embedder");
  }
  std::vector<PutResult> results;
  results.reserve(documents.size());
  if (GroupEnd(documents, 0) < documents.size()) {
    TRACEVEC_RETURN_IF_ERROR(CheckAll(state, documents, options));
  }
  for (std::size_t first = 0; first < documents.size();) {
    const std::size_t last = GroupEnd(documents, first);
    Status written;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      written = TryPutGroup(engine, state, documents, first, last, options, &results);
      if (!MayPlanAgain(state, written)) break;
    }
    if (!written.ok() && first > 0) {
      return Status(written.code(),
                    fmt::format("put_documents stopped after {} of {} documents, which are "
                                "stored: {}",
                                first, documents.size(), written.message()));
    }
    TRACEVEC_RETURN_IF_ERROR(written);
    first = last;
    if (options.progress != nullptr && !options.progress(first)) {
      return Status::Cancelled(
          fmt::format("put_documents was stopped after {} of {} documents; those are stored", first,
                      documents.size()));
    }
  }
  return results;
}

}  // namespace tracevec
