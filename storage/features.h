#pragma once

#include <cstdint>

namespace tracevec {

// Bits of FormatRecord::feature_flags. Stored: do not renumber. A database carries the bits of what
// it uses, so that a library that does not know one refuses it instead of misreading it.

/// Snapshots hold data: who does not know of them would sweep it away.
inline constexpr std::uint64_t kSnapshotsFeature = 0x100;
/// A collection record ends with the number of kept versions.
inline constexpr std::uint64_t kKeptVersionsFeature = 0x200;
/// Journal records end with the calls of embedders.
inline constexpr std::uint64_t kEmbedCallsFeature = 0x400;
/// There are, or were, migrations: a collection record ends with the identity of its chunks.
inline constexpr std::uint64_t kMigrationsFeature = 0x800;
/// Vector fields name the kind of their codes beside the metric.
inline constexpr std::uint64_t kCodeChoiceFeature = 0x1000;
/// Text fields have stop words, or parameters of their own.
inline constexpr std::uint64_t kTextOptionsFeature = 0x4000;
/// Index checkpoints end with the files of columns.
inline constexpr std::uint64_t kColumnFilesFeature = 0x8000;
/// Bodies say which vector fields a migration filled.
inline constexpr std::uint64_t kFilledFieldsFeature = 0x10000;
/// Pipelines are, or were, stored under names.
inline constexpr std::uint64_t kPipelinesFeature = 0x40000;

/// Collections have sparse fields: a collection record names them behind its text field, and they
/// have records among those of vectors.
inline constexpr std::uint64_t kSparseFieldsFeature = 0x20000;

/// There are, or were, sets of routes.
inline constexpr std::uint64_t kRoutesFeature = 0x80000;

/// There are, or were, kept receipts, annotations, or a policy of them.
inline constexpr std::uint64_t kReceiptsFeature = 0x100000;

inline constexpr std::uint64_t kKnownFeatures =
    kSnapshotsFeature | kKeptVersionsFeature | kEmbedCallsFeature | kMigrationsFeature |
    kCodeChoiceFeature | kTextOptionsFeature | kColumnFilesFeature | kFilledFieldsFeature |
    kSparseFieldsFeature | kPipelinesFeature | kRoutesFeature | kReceiptsFeature;

}  // namespace tracevec
