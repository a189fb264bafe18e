#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  /// Of a plan: where `ef` comes from, see ChooseWidth.
  const char* ef_source = "segments";
  bool remembered = true;  ///< Its queries may be used to tune widths later.
  bool by_vector = true;
  bool by_text = false;
  Fusion fusion;  ///< Where it is both.
};

/// Of a SearchRequest or a BatchRequest.
template <typename Request>
QuerySettings SettingsOf(const Request& request) {
  QuerySettings settings;
  settings.k = request.k;
  settings.exact = request.exact;
  settings.ef = request.ef;
  settings.target_recall = request.target_recall;
  settings.deadline_ms = request.deadline_ms;
  settings.space = request.space;
  settings.label = request.label;
  settings.receipt = request.receipt;
  settings.fusion = request.fusion;
  return settings;
}

/// A search that was checked and bound to a view: everything that queries of a batch share.
/// Immutable; safe for concurrent use by RunQueries.
struct QueryPlan {
  QuerySettings settings;  ///< k is what each source finds, `hits` of which are the answer.
  std::uint32_t hits = 0;
  const BoundField* field = nullptr;   ///< Null without a vector.
  const Analyzer* analyzer = nullptr;  ///< Null without a text.
  std::shared_ptr<const CollectionView> view;
  IndexView rows;
  std::shared_ptr<const BoundFilter> filter;
  double plan_micros = 0;
};

/// Checks settings, binds field and filter, takes the view and its rows. Errors: InvalidArgument,
/// EmbeddingSpaceMismatch, Unsupported, IOError, Corruption.
Result<QueryPlan> PlanQuery(const Engine& engine, const CollectionState& state,
                            const QuerySettings& settings, const std::string& field_name,
                            const Filter& where, FilterUse use = FilterUse::kMatch);

/// What a scan for a query of the plan looks for, without a vector. `start`: deadlines count from
/// there.
ScanQuery MakeScan(const QueryPlan& plan, const Stopwatch& start);

/// One vector of the plan's field, and what becomes of it.
struct QueryTask {
  const float* vector = nullptr;
  std::optional<std::pair<DocumentNumber, ChunkNumber>> exclude;
  std::optional<RowRef> hidden;  ///< See ScanQuery.
  Receipt* receipt = nullptr;    ///< Null: not wanted.
  Status status;  ///< InvalidArgument (the vector), IOError (texts a filter asked for).
  std::vector<ScoredRow> best;
};

/// Finds the best rows for at most kSearchesInTurn vectors, in turn, and fills their receipts,
/// whose stages then have the time of all. `start` is when the queries began: deadlines count from
/// there.
void RunQueries(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                const Stopwatch& start, std::span<QueryTask> tasks);

}  // namespace tracevec
