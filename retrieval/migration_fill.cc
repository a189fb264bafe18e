#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/embed_template.h"
#include "core/return_if_error.h"
#include "retrieval/call_info.h"
#include "retrieval/commit.h"
#include "retrieval/document_reader.h"
#include "retrieval/embed_call.h"
#include "retrieval/migration.h"
#include "retrieval/validate.h"
#include "storage/features.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

/// Passes over the collection before a fill gives up: each takes what was written during the last.
constexpr int kMostPasses = 1000;

/// A chunk that has no vector of the other space.
struct Lacking {
  DocumentNumber document{};
  ChunkNumber chunk{};
  std::string document_id;
  std::uint32_t version = 0;  ///< Of the document, when its text was read.
  std::string text;
};

/// The chunks of one document that have a vector of a field.
Result<std::set<ChunkNumber>> ChunksWithVector(const Store& store, CollectionNumber collection,
                                               FieldNumber field, DocumentNumber document) {
  std::set<ChunkNumber> chunks;
  StoreCursor cursor =
      store.NewCursor(Table::kVectors, keys::VectorsPrefix(collection, field, document));
  for (; cursor.Valid(); cursor.Next()) {
    TRACEVEC_ASSIGN_OR_RETURN(const keys::ChunkKey key, keys::ParseVector(cursor.key()));
    chunks.insert(key.chunk);
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return chunks;
}

/// Errors: Conflict when the migration is another by now, so that an embedder is of another space.
Status CheckSame(const Result<MigrationRecord>& now, const MigrationRecord& before) {
  if (now.ok() && now->other_number == before.other_number) return Status::Ok();
  if (!now.ok() && now.status().code() != StatusCode::kNotFound) return now.status();
  return Status::Conflict(fmt::format(
      "the migration of '{}' was ended, or turned round, while it was filled", before.field));
}

/// The field as it is in the space that is not in force.
BoundField OtherField(const MigrationRecord& migration) {
  BoundField other;
  other.name = migration.field;
  other.number = migration.other_number;
  other.field = migration.other;
  return other;
}

/// One pass over the live chunks, filling what lacks. While the embedder runs, which may take hours
/// in all, it holds no view and no cursor: a view keeps garbage from being swept, and a close waits
/// for cursors. A pass that fills nothing has looked at one view.
class FillPass {
 public:
  FillPass(Engine& engine, CollectionState& state, MigrationRecord migration, const Embedder* embed,
           const FillOptions& options, const std::vector<DocumentNumber>* documents)
      : engine_(engine),
        state_(state),
        store_(engine.store()),
        migration_(std::move(migration)),
        embed_(embed),
        options_(options),
        documents_(documents) {
    TakeFieldInForce();
    progress_.field = migration_.field;
    progress_.other = migration_.other;
    progress_.cut_over = migration_.cut_over;
    progress_.started = migration_.started;
  }

  /// Without an embedder it counts alone. True when chunks were filled.
  Result<bool> Run() {
    while (!at_end_) {
      TRACEVEC_RETURN_IF_ERROR(Collect());
      const std::size_t least = at_end_ ? 1 : options_.batch_size;
      while (lacking_.size() >= least) TRACEVEC_RETURN_IF_ERROR(EmbedBatch());
    }
    return embedded_any_;
  }

  const MigrationStatus& status() const { return progress_; }

 private:
  void TakeFieldInForce() {
    for (const BoundField& field : state_.fields) {
      if (field.name == migration_.field) in_force_ = field.number;
    }
  }

  /// Goes on after the last document, until a batch is together or there are no more documents.
  Status Collect() {
    const auto view = state_.views.Current();
    total_ = view->chunks;
    if (documents_ != nullptr) return CollectNamed(view->commit);
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::VersionsPrefix(state_.number));
    if (done_) cursor.Seek(keys::VersionsPrefix(state_.number, DocumentNumber{Raw(*done_) + 1}));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(cursor.key()));
      if (done_ == key.document) continue;  // Newest first.
      if (lacking_.size() >= options_.batch_size) return Status::Ok();
      TRACEVEC_ASSIGN_OR_RETURN(VersionRecord version, DecodeVersion(cursor.value()));
      if (version.commit > view->commit) continue;
      done_ = key.document;
      if (version.deleted) continue;
      TRACEVEC_RETURN_IF_ERROR(Look(key.document, std::move(version)));
    }
    TRACEVEC_RETURN_IF_ERROR(cursor.status());
    at_end_ = true;
    return Status::Ok();
  }

  /// The same of the documents that were named, all at once: they are few.
  Status CollectNamed(CommitNumber commit) {
    at_end_ = true;
    for (const DocumentNumber document : *documents_) {
      TRACEVEC_ASSIGN_OR_RETURN(auto version, VersionAt(store_, state_.number, document, commit));
      if (version) TRACEVEC_RETURN_IF_ERROR(Look(document, *std::move(version)));
    }
    return Status::Ok();
  }

  Status Look(DocumentNumber document, VersionRecord version) {
    TRACEVEC_ASSIGN_OR_RETURN(const std::set<ChunkNumber> have,
                              ChunksWithVector(store_, state_.number, in_force_, document));
    TRACEVEC_ASSIGN_OR_RETURN(
        const std::set<ChunkNumber> filled,
        ChunksWithVector(store_, state_.number, migration_.other_number, document));
    const std::string title = version.title;
    VersionReader reader(store_, state_.number, document, std::move(version));
    for (std::size_t i = 0; i < reader.version().entries.size(); ++i) {
      const VersionEntry& entry = reader.version().entries[i];
      if (!have.contains(entry.chunk)) continue;
      ++progress_.chunks;
      if (filled.contains(entry.chunk)) {
        ++progress_.filled;
        continue;
      }
      if (embed_ == nullptr) continue;
      if (!entry.span && !entry.text_apart) {
        return Status::InvalidArgument(
            fmt::format("chunk '{}' has no text that could be embedded for '{}'; write it with its "
                        "text, or delete it",
                        ChunkId(reader.version(), entry), migration_.field));
      }
      TRACEVEC_ASSIGN_OR_RETURN(const std::string text, reader.ChunkText(i));
      lacking_.push_back(
          {document, entry.chunk, reader.version().document_id, reader.version().version,
           FillEmbedTemplate(migration_.other.embed_template, title, entry.section, text)});
    }
    return Status::Ok();
  }

  Status EmbedBatch() {
    const std::size_t count = std::min<std::size_t>(options_.batch_size, lacking_.size());
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back(lacking_[i].text);
    TRACEVEC_ASSIGN_OR_RETURN(MadeVectors made, CallEmbedder(migration_.field, *embed_, texts));
    TRACEVEC_RETURN_IF_ERROR(CheckRows(OtherField(migration_), made.rows, count, options_.space));
    TRACEVEC_RETURN_IF_ERROR(AskCallInfo(options_.call_info, &made.call.info));
    TRACEVEC_RETURN_IF_ERROR(Write({lacking_.data(), count}, std::move(made)));
    lacking_.erase(lacking_.begin(), lacking_.begin() + static_cast<std::ptrdiff_t>(count));
    progress_.filled += count;
    embedded_any_ = true;
    if (options_.progress == nullptr || options_.progress(progress_.filled, total_)) {
      return Status::Ok();
    }
    return Status::Cancelled(fmt::format("the fill of '{}' was stopped at {} chunks, which stay",
                                         migration_.field, progress_.filled));
  }

  /// Vectors, and what is known of the call that made them, in one commit.
  Status Write(std::span<const Lacking> chunks, MadeVectors made) {
    const std::size_t bytes = migration_.other.dimension * sizeof(float);
    const bool asserted = !options_.space.declared();
    const double micros_each = made.call.micros / static_cast<double>(chunks.size());
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(engine_.CheckOpen());
    TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
    TRACEVEC_RETURN_IF_ERROR(CheckSame(RequireMigration(state_), migration_));
    TRACEVEC_RETURN_IF_ERROR(engine_.EnableFeature(kEmbedCallsFeature | kFilledFieldsFeature));
    Commit commit(engine_, state_, "fill_migration", options_.label);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const Lacking& chunk = chunks[i];
      TRACEVEC_ASSIGN_OR_RETURN(const bool unmoved, IsUnmoved(chunk));
      if (!unmoved) continue;
      commit.batch().Put(
          Table::kVectors,
          keys::Vector(state_.number, migration_.other_number, chunk.document, chunk.chunk),
          {reinterpret_cast<const char*>(made.rows.data()) + i * bytes, bytes});
      TRACEVEC_RETURN_IF_ERROR(
          NoteFilled(chunk, {migration_.other_number, micros_each, asserted}, &commit.batch()));
      if (asserted) commit.CountAsserted(1);
    }
    commit.journal().embedded = made.call.texts;
    commit.journal().calls.push_back(std::move(made.call));
    return commit.Finish(state_.sync);
  }

  /// What a body says of the field takes the place of what it said before.
  Status NoteFilled(const Lacking& chunk, const FilledField& filled, StoreBatch* batch) const {
    const std::string key = keys::Body(state_.number, chunk.document, chunk.chunk);
    TRACEVEC_ASSIGN_OR_RETURN(const auto bytes, store_.GetPinned(Table::kRecords, key));
    if (!bytes) return Status::Ok();
    TRACEVEC_ASSIGN_OR_RETURN(BodyRecord body, DecodeBody(bytes->view()));
    const std::vector<FieldNumber> stored = state_.StoredFields();
    std::erase_if(body.filled, [&](const FilledField& before) {
      const bool is_stored = std::find(stored.begin(), stored.end(), before.number) != stored.end();
      return before.number == filled.number || !is_stored;
    });
    body.filled.push_back(filled);
    batch->Put(Table::kRecords, key, EncodeBody(body));
    return Status::Ok();
  }

  /// Of another version the chunk may be gone, so that nobody would remove its vector, or may stand
  /// under another title, which the next pass embeds.
  Result<bool> IsUnmoved(const Lacking& chunk) const {
    TRACEVEC_ASSIGN_OR_RETURN(const auto record,
                              ReadDocumentRecord(store_, state_.number, chunk.document_id));
    return record && record->number == chunk.document && record->version == chunk.version;
  }

  Engine& engine_;
  CollectionState& state_;
  Store& store_;
  const MigrationRecord migration_;
  const Embedder* embed_;
  const FillOptions& options_;
  const std::vector<DocumentNumber>* documents_;  // Null: all.
  FieldNumber in_force_{};
  std::optional<DocumentNumber> done_;  // The last that was looked at.
  bool at_end_ = false;
  std::uint64_t total_ = 0;
  std::vector<Lacking> lacking_;
  MigrationStatus progress_;
  bool embedded_any_ = false;
};

Result<MigrationRecord> LookUp(Engine& engine, CollectionState& state) {
  const std::lock_guard writer(engine.writer_mutex());
  return RequireMigration(state);
}

}  // namespace

Result<MigrationStatus> GetMigration(Engine& engine, CollectionState& state) {
  return CountFilled(engine, state, nullptr);
}

Result<MigrationStatus> CountFilled(Engine& engine, CollectionState& state,
                                    const std::vector<DocumentNumber>* documents) {
  TRACEVEC_ASSIGN_OR_RETURN(MigrationRecord migration, LookUp(engine, state));
  const FillOptions options;
  FillPass pass(engine, state, std::move(migration), nullptr, options, documents);
  TRACEVEC_RETURN_IF_ERROR(pass.Run().status());
  return pass.status();
}

Result<MigrationStatus> FillMigration(Engine& engine, CollectionState& state, const Embedder& embed,
                                      const FillOptions& options) {
  if (embed == nullptr) return Status::InvalidArgument("the embedder is empty");
  if (options.batch_size == 0) {
    return Status::InvalidArgument("batch_size: 0, expected at least 1");
  }
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(options.label));
  TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord migration, LookUp(engine, state));
  if (migration.cut_over) {
    return Status::InvalidArgument(
        fmt::format("vector field '{}' is cut over, and the space to fill would be the old one; "
                    "roll_back takes an embedder of it",
                    migration.field));
  }
  return FillOtherSpace(engine, state, embed, options, FillPasses::kUntilNoneLacks);
}

Result<MigrationStatus> FillOtherSpace(Engine& engine, CollectionState& state,
                                       const Embedder& embed, const FillOptions& options,
                                       FillPasses passes,
                                       const std::vector<DocumentNumber>* documents) {
  TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord migration, LookUp(engine, state));
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(OtherField(migration), options.space));
  for (int i = 0; i < kMostPasses; ++i) {
    TRACEVEC_RETURN_IF_ERROR(CheckSame(LookUp(engine, state), migration));
    FillPass pass(engine, state, migration, &embed, options, documents);
    TRACEVEC_ASSIGN_OR_RETURN(const bool filled_any, pass.Run());
    if (!filled_any || passes == FillPasses::kOne) return pass.status();
  }
  return Status::Conflict("chunks are written faster than they are filled; slow the writers down");
}

}  // namespace tracevec
