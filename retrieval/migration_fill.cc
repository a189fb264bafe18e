#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/embed_template.h"
#include "core/return_if_error.h"
#include "retrieval/document_reader.h"
#include "retrieval/migration.h"
#include "retrieval/validate.h"
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

/// One pass over the live chunks of a view, filling what lacks.
class FillPass {
 public:
  FillPass(Engine& engine, CollectionState& state, MigrationRecord migration, const Embedder* embed,
           const FillOptions& options)
      : engine_(engine),
        state_(state),
        store_(engine.store()),
        migration_(std::move(migration)),
        embed_(embed),
        options_(options),
        view_(state.views.Current()) {
    TakeFieldInForce();
    progress_.field = migration_.field;
    progress_.other = migration_.other;
    progress_.cut_over = migration_.cut_over;
    progress_.started = migration_.started;
  }

  /// Without an embedder it counts alone. True when chunks were filled.
  Result<bool> Run() {
    const std::uint64_t total = view_->chunks;
    std::optional<DocumentNumber> done;
    StoreCursor cursor = store_.NewCursor(Table::kRecords, keys::VersionsPrefix(state_.number));
    for (; cursor.Valid(); cursor.Next()) {
      TRACEVEC_ASSIGN_OR_RETURN(const keys::VersionKey key, keys::ParseVersion(cursor.key()));
      if (done == key.document) continue;  // Newest first.
      TRACEVEC_ASSIGN_OR_RETURN(VersionRecord version, DecodeVersion(cursor.value()));
      if (version.commit > view_->commit) continue;
      done = key.document;
      if (version.deleted) continue;
      TRACEVEC_RETURN_IF_ERROR(Look(key.document, std::move(version)));
      while (embed_ != nullptr && lacking_.size() >= options_.batch_size) {
        TRACEVEC_RETURN_IF_ERROR(EmbedBatch(total));
      }
    }
    TRACEVEC_RETURN_IF_ERROR(cursor.status());
    while (embed_ != nullptr && !lacking_.empty()) TRACEVEC_RETURN_IF_ERROR(EmbedBatch(total));
    return embedded_any_;
  }

  const MigrationStatus& status() const { return progress_; }

 private:
  void TakeFieldInForce() {
    for (const BoundField& field : state_.fields) {
      if (field.name == migration_.field) in_force_ = field.number;
    }
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
      TRACEVEC_ASSIGN_OR_RETURN(const std::string text, reader.ChunkText(i));
      lacking_.push_back(
          {document, entry.chunk, reader.version().document_id,
           FillEmbedTemplate(migration_.other.embed_template, title, entry.section, text)});
    }
    return Status::Ok();
  }

  Status EmbedBatch(std::uint64_t total) {
    const std::size_t count = std::min<std::size_t>(options_.batch_size, lacking_.size());
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back(lacking_[i].text);
    TRACEVEC_ASSIGN_OR_RETURN(const std::vector<float> rows, Call(texts));
    BoundField other;
    other.name = migration_.field;
    other.field = migration_.other;
    TRACEVEC_RETURN_IF_ERROR(CheckRows(other, rows, count, {}));
    TRACEVEC_RETURN_IF_ERROR(Write({lacking_.data(), count}, rows));
    lacking_.erase(lacking_.begin(), lacking_.begin() + static_cast<std::ptrdiff_t>(count));
    progress_.filled += count;
    embedded_any_ = true;
    if (options_.progress == nullptr || options_.progress(progress_.filled, total)) {
      return Status::Ok();
    }
    return Status::Cancelled(fmt::format("the fill of '{}' was stopped at {} chunks, which stay",
                                         migration_.field, progress_.filled));
  }

  Result<std::vector<float>> Call(std::span<const std::string> texts) const {
    try {
      return (*embed_)(texts);
    } catch (const std::exception& error) {
      return Status::Internal(
          fmt::format("the embedder of '{}' threw: {}", migration_.field, error.what()));
    } catch (...) {
      return Status::Internal(fmt::format(
          "the embedder of '{}' threw something that is no std::exception", migration_.field));
    }
  }

  /// Those of chunks that are still there: a swept chunk would keep its vector for ever.
  Status Write(std::span<const Lacking> chunks, const std::vector<float>& rows) {
    const std::size_t bytes = migration_.other.dimension * sizeof(float);
    StoreBatch batch;
    const std::lock_guard writer(engine_.writer_mutex());
    TRACEVEC_RETURN_IF_ERROR(state_.CheckCurrent());
    TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord now, RequireMigration(state_));
    if (now.other_number != migration_.other_number) {
      return Status::Conflict("the migration was ended, or turned round, while it was filled");
    }
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const Lacking& chunk = chunks[i];
      TRACEVEC_ASSIGN_OR_RETURN(
          const auto body,
          store_.GetPinned(Table::kRecords,
                           keys::Body(state_.number, chunk.document, chunk.chunk)));
      if (!body) continue;
      batch.Put(Table::kVectors,
                keys::Vector(state_.number, migration_.other_number, chunk.document, chunk.chunk),
                {reinterpret_cast<const char*>(rows.data()) + i * bytes, bytes});
    }
    return store_.Write(batch, state_.sync);
  }

  Engine& engine_;
  CollectionState& state_;
  Store& store_;
  const MigrationRecord migration_;
  const Embedder* embed_;
  const FillOptions& options_;
  const std::shared_ptr<const CollectionView> view_;
  FieldNumber in_force_{};
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
  TRACEVEC_ASSIGN_OR_RETURN(MigrationRecord migration, LookUp(engine, state));
  const FillOptions options;
  FillPass pass(engine, state, std::move(migration), nullptr, options);
  TRACEVEC_RETURN_IF_ERROR(pass.Run().status());
  return pass.status();
}

Result<MigrationStatus> FillMigration(Engine& engine, CollectionState& state, const Embedder& embed,
                                      const FillOptions& options) {
  if (embed == nullptr) return Status::InvalidArgument("the embedder is empty");
  if (options.batch_size == 0) {
    return Status::InvalidArgument("batch_size: 0, expected at least 1");
  }
  for (int i = 0; i < kMostPasses; ++i) {
    TRACEVEC_ASSIGN_OR_RETURN(MigrationRecord migration, LookUp(engine, state));
    FillPass pass(engine, state, std::move(migration), &embed, options);
    TRACEVEC_ASSIGN_OR_RETURN(const bool filled_any, pass.Run());
    if (!filled_any) return pass.status();
  }
  return Status::Conflict("chunks are written faster than they are filled; slow the writers down");
}

}  // namespace tracevec
