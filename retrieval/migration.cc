#include "retrieval/migration.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/schema_check.h"
#include "retrieval/clock.h"
#include "retrieval/commit.h"
#include "retrieval/validate.h"
#include "storage/features.h"
#include "storage/keys.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kMostFieldNumbers = 65'535;

/// A number that no field of the collection has or had.
Result<FieldNumber> NextField(const CollectionRecord& record) {
  std::uint32_t next = record.next_field;
  for (const auto& [name, number] : record.field_numbers) {
    next = std::max<std::uint32_t>(next, std::uint32_t{Raw(number)} + 1);
  }
  if (next < kMostFieldNumbers) return FieldNumber{static_cast<std::uint16_t>(next)};
  return Status::ResourceExhausted(
      fmt::format("collection '{}': all {} numbers of vector fields were given to migrations; copy "
                  "it into another collection",
                  record.name, kMostFieldNumbers));
}

Status CheckNewField(const CollectionState& state, std::string_view name, const VectorField& to) {
  CollectionSchema schema = state.schema;
  schema.vectors[std::string(name)] = to;
  TRACEVEC_RETURN_IF_ERROR(CheckSchema(schema));
  if (state.schema.vectors.find(name)->second == to) {
    return Status::InvalidArgument(
        fmt::format("vector field '{}' has this space already; migrate to another", name));
  }
  return Status::Ok();
}

}  // namespace

Status CheckMigration(const CollectionRecord& record, const MigrationRecord& migration) {
  const auto corrupt = [&](const std::string& what) {
    return Status::Corruption(
        fmt::format("collection '{}': its migration record {}", record.name, what));
  };
  const auto field = record.schema.vectors.find(migration.field);
  if (field == record.schema.vectors.end()) {
    return corrupt(fmt::format("is of a vector field '{}' that it has not", migration.field));
  }
  if (migration.other_number >= FieldNumber{record.next_field}) {
    return corrupt(fmt::format("has field number {}, expected one below {}",
                               Raw(migration.other_number), record.next_field));
  }
  for (const auto& [name, number] : record.field_numbers) {
    if (number != migration.other_number) continue;
    return corrupt(fmt::format("has field number {}, which is that of '{}'", Raw(number), name));
  }
  CollectionSchema schema = record.schema;
  schema.vectors[migration.field] = migration.other;
  const Status status = CheckSchema(schema);
  return status.ok() ? status : corrupt(fmt::format("is no space: {}", status.message()));
}

Result<MigrationRecord> RequireMigration(const CollectionState& state) {
  if (state.migration) return *state.migration;
  return Status::NotFound(
      fmt::format("collection '{}': no migration is under way; begin one", state.name));
}

Result<MigrationStatus> BeginMigration(Engine& engine, CollectionState& state,
                                       std::string_view field, const VectorField& to,
                                       std::string_view label) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(label));
  TRACEVEC_ASSIGN_OR_RETURN(const BoundField* from, FindField(state, field));
  TRACEVEC_RETURN_IF_ERROR(CheckNewField(state, from->name, to));
  {
    const std::lock_guard writer(engine.writer_mutex());
    if (state.migration) {
      return Status::AlreadyExists(fmt::format(
          "collection '{}': vector field '{}' is being migrated; finish that, or roll it back",
          state.name, state.migration->field));
    }
    TRACEVEC_ASSIGN_OR_RETURN(const FieldNumber number, NextField(state.record));
    TRACEVEC_RETURN_IF_ERROR(engine.EnableFeature(kMigrationsFeature));
    if (to.codes != CodeChoice::kAuto) {
      TRACEVEC_RETURN_IF_ERROR(engine.EnableFeature(kCodeChoiceFeature));
    }
    MigrationRecord migration;
    migration.field = from->name;
    migration.other = to;
    migration.other_number = number;
    migration.started = Now();
    CollectionRecord record = state.record;
    record.chunk_identity = state.fields_hash;
    record.next_field = static_cast<std::uint16_t>(Raw(migration.other_number) + 1);
    Commit commit(engine, state, "begin_migration", std::string(label));
    commit.batch().Put(Table::kRecords, keys::Migration(state.number), EncodeMigration(migration));
    commit.batch().Put(Table::kRecords, keys::Collection(state.number), EncodeCollection(record));
    TRACEVEC_RETURN_IF_ERROR(commit.Finish(/*sync=*/true));
    state.record.chunk_identity = record.chunk_identity;
    state.record.next_field = record.next_field;
    state.migration = std::move(migration);
  }
  return GetMigration(engine, state);
}

Result<bool> MigrationIsCutOver(Engine& engine, const CollectionState& state) {
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord migration, RequireMigration(state));
  return migration.cut_over;
}

Result<std::uint64_t> EndMigration(Engine& engine, CollectionState& state, std::string_view label) {
  TRACEVEC_RETURN_IF_ERROR(CheckLabel(label));
  const std::lock_guard writer(engine.writer_mutex());
  TRACEVEC_ASSIGN_OR_RETURN(const MigrationRecord migration, RequireMigration(state));
  Commit commit(engine, state, migration.cut_over ? "finish_migration" : "roll_back",
                std::string(label));
  commit.batch().Delete(Table::kRecords, keys::Migration(state.number));
  commit.batch().DeletePrefix(Table::kVectors,
                              keys::VectorsPrefix(state.number, migration.other_number));
  state.WarnReadersOf(migration.other_number);
  TRACEVEC_RETURN_IF_ERROR(commit.Finish(/*sync=*/true));
  state.migration.reset();
  return Raw(commit.number());
}

}  // namespace tracevec
