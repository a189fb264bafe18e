#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter_program.h"
#include "index/scan.h"
#include "retrieval/clock.h"
#include "retrieval/engine.h"
#include "retrieval/row_selection.h"
#include "tracevec/receipt.h"
#include "tracevec/search.h"

namespace tracevec {

/// What a search asks, apart from its sources: the same for every query of a batch.
struct QuerySettings {
  std::uint32_t k = 10;
  bool exact = false;
  std::optional<std::uint32_t> ef;
  std::optional<double> target_recall;
  std::optional<double> deadline_ms;
  EmbeddingSpace space;  ///< Of all query vectors.
  std::string label;
  ReceiptLevel receipt = ReceiptLevel::kSummary;
  bool remembered = true;  ///< Its queries may be used to tune widths later.
  Fusion fusion;           ///< Of several sources.
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

/// A list of candidates that a query asks for, apart from the vector or text it asks with.
struct SourceSpec {
  SourceKind kind = SourceKind::kDense;
  std::string_view field = {};   ///< Of kDense and kSparse; empty: the only one.
  std::uint32_t phrasing = 0;    ///< Which wording of the question it belongs to.
  std::uint32_t candidates = 0;  ///< 0: k of a source alone, else as the fusion says.
  /// Empty: what the fusion gives to sources of this kind and field, shared by its phrasings.
  std::optional<double> weight = std::nullopt;
};

/// Of a batch: a vector of a field, a text, or both. Errors: InvalidArgument: a field without a
/// vector.
Result<std::vector<SourceSpec>> SpecsOf(bool by_vector, bool by_text, std::string_view field);

/// How wide graphs are searched.
struct SearchWidth {
  bool exact = false;
  std::optional<std::uint32_t> ef;
  const char* ef_source = "segments";
};

/// A source that was checked.
struct PlannedSource {
  SourceKind kind = SourceKind::kDense;
  const BoundField* field = nullptr;         ///< Of kDense.
  const BoundSparseField* sparse = nullptr;  ///< Of kSparse.
  std::uint32_t phrasing = 0;
  std::uint32_t candidates = 0;
  double weight = 1;
  SearchWidth width;  ///< Of kDense.

  /// Of the field; empty: it searches texts.
  const std::string& field_name() const {
    static const std::string none;
    return field != nullptr ? field->name : sparse != nullptr ? sparse->name : none;
  }
};

/// A search that was checked and bound to a view: everything that queries of a batch share.
/// Immutable; safe for concurrent use by AnswerQuery and RunQueries.
struct QueryPlan {
  QuerySettings settings;              ///< With the weight of each source in `fusion`.
  std::vector<PlannedSource> sources;  ///< At least one.
  const Analyzer* analyzer = nullptr;  ///< Null without a text.
  std::shared_ptr<const CollectionView> view;
  IndexView rows;
  std::shared_ptr<const BoundFilter> filter;
  double plan_micros = 0;

  /// The first source of a vector; null: there is none.
  const PlannedSource* dense() const {
    for (const PlannedSource& source : sources) {
      if (source.kind == SourceKind::kDense) return &source;
    }
    return nullptr;
  }
  bool HasKind(SourceKind kind) const {
    for (const PlannedSource& source : sources) {
      if (source.kind == kind) return true;
    }
    return false;
  }
  const BoundField* field() const { return dense() == nullptr ? nullptr : dense()->field; }
};

/// Checks settings and sources, binds fields and filter, takes the view and its rows. All sources
/// see one view through one filter. Errors: InvalidArgument, EmbeddingSpaceMismatch, Unsupported,
/// IOError, Corruption.
Result<QueryPlan> PlanQuery(const Engine& engine, const CollectionState& state,
                            const QuerySettings& settings, std::span<const SourceSpec> sources,
                            const Filter& where, FilterUse use = FilterUse::kMatch);

/// What a scan for a source of the plan looks for, without a vector. `start`: deadlines count from
/// there.
ScanQuery MakeScan(const QueryPlan& plan, const PlannedSource& source, const Stopwatch& start);

}  // namespace tracevec
