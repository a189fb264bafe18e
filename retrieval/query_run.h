#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/filter_program.h"
#include "index/scan.h"
#include "retrieval/clock.h"
#include "retrieval/engine.h"
#include "retrieval/row_selection.h"
#include "tracevec/receipt.h"
#include "tracevec/search.h"

namespace tracevec {

/// What a search asks, apart from its vector: the same for every query of a batch.
struct QuerySettings {
  std::uint32_t k = 10;
  bool exact = false;
  std::optional<std::uint32_t> ef;
  std::optional<double> target_recall;
  std::optional<double> deadline_ms;
  EmbeddingSpace space;
  std::string label;
  ReceiptLevel receipt = ReceiptLevel::kSummary;
};

/// A search that was checked and bound to a view: everything that queries of a batch share.
/// Immutable; safe for concurrent use by RunQuery.
struct QueryPlan {
  QuerySettings settings;
  const BoundField* field = nullptr;
  std::shared_ptr<const CollectionView> view;
  FilterProgram filter;
  std::string filter_text;
  IndexView rows;
  double plan_micros = 0;
};

/// Checks settings, binds field and filter, takes the view and its rows. Errors: InvalidArgument,
/// EmbeddingSpaceMismatch, Unsupported, IOError, Corruption.
Result<QueryPlan> PlanQuery(const Engine& engine, const CollectionState& state,
                            const QuerySettings& settings, const std::string& field_name,
                            const Filter& where);

/// Finds the best rows for one vector of the plan's field, and fills the receipt unless it is off.
/// `start` is when the query began: its deadline counts from there. Errors: InvalidArgument (the
/// vector), IOError (texts a filter asked for).
Result<std::vector<ScoredRow>> RunQuery(
    const Engine& engine, const CollectionState& state, const QueryPlan& plan, const float* vector,
    std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude, const Stopwatch& start,
    Receipt* receipt);

}  // namespace tracevec
