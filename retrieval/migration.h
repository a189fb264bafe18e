#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "retrieval/engine.h"
#include "tracevec/migration.h"

namespace tracevec {

// Moving a vector field to another embedding space: Collection::BeginMigration and what follows.

Result<MigrationStatus> BeginMigration(Engine& engine, CollectionState& state,
                                       std::string_view field, const VectorField& to,
                                       std::string_view label);
Result<MigrationStatus> GetMigration(Engine& engine, CollectionState& state);
Result<bool> MigrationIsCutOver(Engine& engine, const CollectionState& state);
/// Drops the vectors of the space that is not in force. Returns the commit.
Result<std::uint64_t> EndMigration(Engine& engine, CollectionState& state, std::string_view label);

/// Whether a stored migration can be one of the collection. Pure. Errors: Corruption.
Status CheckMigration(const CollectionRecord& record, const MigrationRecord& migration);

/// The migration of a collection. Errors: NotFound. REQUIRES: Engine::writer_mutex() held.
Result<MigrationRecord> RequireMigration(const CollectionState& state);

/// Collection::FillMigration: FillOtherSpace while the other space is the new one.
Result<MigrationStatus> FillMigration(Engine& engine, CollectionState& state, const Embedder& embed,
                                      const FillOptions& options);
enum class FillPasses : std::uint8_t {
  kOne,             ///< Chunks that are written meanwhile may be left.
  kUntilNoneLacks,  ///< Until one finds nothing to fill; at most 1,000.
};
/// Embeds the chunks that have no vector of the other space, in so many passes. Chunks whose
/// vector of the one in force is missing are left out. Errors: the embedder's; Cancelled;
/// InvalidArgument for a chunk without text; Conflict when the migration ended or was turned round.
/// REQUIRES: options and embed as FillMigration checks them.
/// Of all documents, or of these. Errors besides: EmbeddingSpaceMismatch.
Result<MigrationStatus> FillOtherSpace(Engine& engine, CollectionState& state,
                                       const Embedder& embed, const FillOptions& options,
                                       FillPasses passes,
                                       const std::vector<DocumentNumber>* documents = nullptr);
/// How far a fill is, of all documents or of these, by one pass over them.
Result<MigrationStatus> CountFilled(Engine& engine, CollectionState& state,
                                    const std::vector<DocumentNumber>* documents);

/// Makes the other space the one in force, in one atomic step: `to_cut_over` says which way. What
/// the returned state replaces passes calls on to it.
Result<SwitchResult> SwitchMigration(Engine& engine, const std::shared_ptr<CollectionState>& state,
                                     bool to_cut_over, const SwitchOptions& options);

}  // namespace tracevec
