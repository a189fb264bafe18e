#include "retrieval/query_plan.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "retrieval/row_loader.h"
#include "retrieval/tuned_widths.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kLargestK = 16'384;
constexpr std::uint32_t kLargestEf = 65'536;
/// Eight phrasings of sixteen vector fields and a text are 136.
constexpr std::size_t kMostSources = 256;

Status CheckSettings(const QuerySettings& settings) {
  if (settings.k == 0 || settings.k > kLargestK) {
    return Status::InvalidArgument(fmt::format("k: {}, expected 1 to {}", settings.k, kLargestK));
  }
  if (settings.ef && (*settings.ef == 0 || *settings.ef > kLargestEf)) {
    return Status::InvalidArgument(
        fmt::format("ef: {}, expected 1 to {}", *settings.ef, kLargestEf));
  }
  if (settings.target_recall && !(*settings.target_recall > 0 && *settings.target_recall <= 1)) {
    return Status::InvalidArgument(
        fmt::format("target_recall: {}, expected over 0 and at most 1", *settings.target_recall));
  }
  if (settings.ef && settings.target_recall) {
    return Status::InvalidArgument("both ef and target_recall are given; give one");
  }
  if (settings.deadline_ms && !(*settings.deadline_ms > 0)) {
    return Status::InvalidArgument(
        fmt::format("deadline_ms: {}, expected more than 0", *settings.deadline_ms));
  }
  if (settings.receipt == ReceiptLevel::kKeep) {
    return Status::Unsupported(
        "receipt level 'keep': this version keeps no receipts; use 'summary'");
  }
  return CheckLabel(settings.label);
}

/// Null: nothing was tuned, or for another collection than this has become.
const TuneResult* TunedOf(const CollectionView& view, const BoundField& field) {
  if (view.tuning == nullptr) return nullptr;
  const auto found = view.tuning->fields.find(field.number);
  if (found == view.tuning->fields.end()) return nullptr;
  return IsOutdated(found->second, view.chunks) ? nullptr : &found->second;
}

FilterUse FilterUseOf(const QuerySettings& settings, FilterUse use) {
  return settings.deadline_ms && use == FilterUse::kMatch ? FilterUse::kMatchNow : use;
}

bool OfOneField(const PlannedSource& a, const PlannedSource& b) {
  return a.kind == b.kind && a.field == b.field && a.sparse == b.sparse;
}

Status CheckNoneIsTwice(const std::vector<PlannedSource>& sources) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!OfOneField(sources[i], sources[j]) || sources[i].phrasing != sources[j].phrasing) {
        continue;
      }
      return Status::InvalidArgument(fmt::format(
          "{} is given twice in phrasing {}; give each its own phrasing",
          sources[i].field_name().empty() ? "the text" : "field '" + sources[i].field_name() + "'",
          sources[i].phrasing));
    }
  }
  return Status::Ok();
}

/// Binds kinds, fields and numbers of candidates.
Result<std::vector<PlannedSource>> BindSources(const CollectionState& state,
                                               const QuerySettings& settings,
                                               std::span<const SourceSpec> specs) {
  if (specs.empty() || specs.size() > kMostSources) {
    return Status::InvalidArgument(
        fmt::format("a search has {} sources, expected 1 to {}", specs.size(), kMostSources));
  }
  std::vector<PlannedSource> sources;
  sources.reserve(specs.size());
  for (const SourceSpec& spec : specs) {
    PlannedSource& source = sources.emplace_back();
    source.kind = spec.kind;
    source.phrasing = spec.phrasing;
    if (spec.candidates > kLargestK) {
      return Status::InvalidArgument(
          fmt::format("candidates: {}, expected 1 to {}", spec.candidates, kLargestK));
    }
    source.candidates = spec.candidates;
    if (spec.candidates == 0) {
      source.candidates =
          specs.size() == 1 ? settings.k : std::max(settings.k, settings.fusion.candidates);
    }
    if (spec.kind == SourceKind::kSparse) {
      TRACEVEC_ASSIGN_OR_RETURN(source.sparse, FindSparseField(state, spec.field));
    }
    if (spec.kind != SourceKind::kDense) continue;
    TRACEVEC_ASSIGN_OR_RETURN(source.field, FindField(state, spec.field));
    TRACEVEC_RETURN_IF_ERROR(CheckSpace(*source.field, settings.space));
  }
  TRACEVEC_RETURN_IF_ERROR(CheckNoneIsTwice(sources));
  return sources;
}

/// Gives each source of several its weight: that of its kind and field, in equal parts to each
/// phrasing, so that asking in more words makes no source count for more.
Status WeighSources(std::span<const SourceSpec> specs, Fusion* fusion,
                    std::vector<PlannedSource>* sources) {
  std::vector<std::size_t> groups;  // Where each begins.
  std::vector<std::size_t> group_of(sources->size());
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < sources->size(); ++i) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](std::size_t first) {
      return OfOneField((*sources)[first], (*sources)[i]);
    });
    group_of[i] = static_cast<std::size_t>(same - groups.begin());
    if (same == groups.end()) {
      groups.push_back(i);
      sizes.push_back(0);
    }
    ++sizes[group_of[i]];
  }
  TRACEVEC_RETURN_IF_ERROR(CheckFusion(*fusion, groups.size()));
  const std::vector<double> given = std::move(fusion->weights);
  fusion->weights.clear();
  for (std::size_t i = 0; i < sources->size(); ++i) {
    PlannedSource& source = (*sources)[i];
    const double of_group =
        given.empty() ? DefaultWeight(fusion->method, source.kind) : given[group_of[i]];
    source.weight = specs[i].weight.value_or(of_group / static_cast<double>(sizes[group_of[i]]));
    fusion->weights.push_back(source.weight);
  }
  return CheckFusion(*fusion, sources->size());
}

/// Which vectors have to be loaded where rows are read from the store: those of one field, of none,
/// or all.
std::optional<std::size_t> FieldToLoad(const QueryPlan& plan) {
  std::size_t field = kNoField;
  for (const PlannedSource& source : plan.sources) {
    if (source.kind != SourceKind::kDense || source.field->index == field) continue;
    if (field != kNoField) return std::nullopt;
    field = source.field->index;
  }
  return field;
}

}  // namespace

Result<std::vector<SourceSpec>> SpecsOf(bool by_vector, bool by_text, std::string_view field) {
  std::vector<SourceSpec> specs;
  if (by_vector || !by_text) {
    specs.push_back({SourceKind::kDense, field});
  } else if (!field.empty()) {
    return Status::InvalidArgument(fmt::format(
        "field '{}' is given without a vector; a search by text alone has no vector field", field));
  }
  if (by_text) specs.push_back({SourceKind::kLexical});
  return specs;
}

Result<QueryPlan> PlanQuery(const Engine& engine, const CollectionState& state,
                            const QuerySettings& settings, std::span<const SourceSpec> sources,
                            const Filter& where, FilterUse use) {
  const Stopwatch watch;
  TRACEVEC_RETURN_IF_ERROR(CheckSettings(settings));
  QueryPlan plan;
  plan.settings = settings;
  TRACEVEC_ASSIGN_OR_RETURN(plan.sources, BindSources(state, settings, sources));
  if (sources.size() > 1) {
    TRACEVEC_RETURN_IF_ERROR(WeighSources(sources, &plan.settings.fusion, &plan.sources));
  }
  const bool by_text = plan.HasKind(SourceKind::kLexical);
  if (by_text) {
    TRACEVEC_ASSIGN_OR_RETURN(plan.analyzer, FindAnalyzer(state));
  }
  plan.view = state.views.Current();
  for (PlannedSource& source : plan.sources) {
    if (source.kind != SourceKind::kDense) continue;
    source.width = ChooseWidth(TunedOf(*plan.view, *source.field), settings, source.candidates);
  }
  const RowParts parts = {FieldToLoad(plan), by_text, plan.HasKind(SourceKind::kSparse)};
  TRACEVEC_ASSIGN_OR_RETURN(plan.rows, RowsOf(engine.store(), state, *plan.view, parts));
  TRACEVEC_ASSIGN_OR_RETURN(
      plan.filter, BindFilter(state, *plan.view, plan.rows, where, FilterUseOf(settings, use)));
  plan.plan_micros = watch.Micros();
  return plan;
}

ScanQuery MakeScan(const QueryPlan& plan, const PlannedSource& source, const Stopwatch& start) {
  ScanQuery query;
  if (source.field != nullptr) query.field = source.field->index;
  query.k = source.candidates;
  query.ef = source.width.ef.value_or(0);
  query.now = Now();
  if (plan.settings.deadline_ms) {
    const auto deadline =
        std::chrono::duration<double, std::milli>(std::min(*plan.settings.deadline_ms, 1e9));
    query.deadline =
        start.start() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(deadline);
  }
  return query;
}

}  // namespace tracevec
