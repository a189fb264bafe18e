#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tracevec/document.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

namespace tracevec {

/// A vector field on its way to another embedding space. Its chunks have vectors of both; searches
/// and puts use those of the one in force.
struct MigrationStatus {
  std::string field;
  VectorField other;         ///< The one not in force: the new one, or after cut-over the old one.
  bool cut_over = false;     ///< Whether the new one is in force.
  std::uint64_t chunks = 0;  ///< Live chunks with a vector of the one in force.
  std::uint64_t filled = 0;  ///< Of them, those with a vector of the other too.
  Timestamp started;
};

struct FillOptions {
  std::uint32_t batch_size = 256;  ///< Texts of one call of the embedder, at least 1.
  EmbeddingSpace space;            ///< Of the embedder; undeclared: asserted to be the new one.
  /// As PutOptions::call_info: what each call says of itself is kept in the journal.
  std::function<std::optional<CallInfo>()> call_info;
  std::string label;  ///< Who fills; kept in the journal.
  /// Called after each batch with chunks filled and chunks in all; returning false cancels.
  std::function<bool(std::uint64_t filled, std::uint64_t chunks)> progress;
};

/// For Collection::CutOver and RollBack.
struct SwitchOptions {
  /// For chunks that have no vector of the other space yet. Without it these are an error.
  Embedder embed;
  EmbeddingSpace space;  ///< Of the embedder; undeclared: asserted to be that switched to.
  std::function<std::optional<CallInfo>()> call_info;  ///< As in FillOptions.
  std::uint32_t threads = 2;                           ///< That build the index, 1 to 256.
  std::string label;                                   ///< Kept in the journal.
};

/// What a switch came to.
struct SwitchResult {
  std::uint64_t commit = 0;  ///< The one atomic step.
  /// How long it kept writers waiting. 0 where no other space was put in force.
  double step_micros = 0;
};

}  // namespace tracevec
