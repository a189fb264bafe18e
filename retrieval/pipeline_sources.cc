#include "retrieval/pipeline_sources.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "core/sparse_vector.h"
#include "retrieval/phrasings.h"
#include "retrieval/validate.h"

namespace tracevec {
namespace {

bool NeedsText(const PipelineSpec& spec) {
  return spec.expand.has_value() ||
         std::any_of(spec.sources.begin(), spec.sources.end(), [](const PipelineSource& source) {
           if (const auto* sparse = std::get_if<SparseSource>(&source)) return !sparse->vector;
           const auto* dense = std::get_if<DenseSource>(&source);
           return dense == nullptr || dense->vector.empty();
         });
}

Status CheckDense(const CollectionState& state, const DenseSource& dense) {
  TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state, dense.field));
  TRACEVEC_RETURN_IF_ERROR(CheckSpace(*field, dense.space));
  if (dense.vector.empty()) return Status::Ok();
  return CheckRows(*field, dense.vector, 1, dense.space);
}

Status CheckSparse(const CollectionState& state, const SparseSource& sparse) {
  TRACEVEC_RETURN_IF_ERROR(FindSparseField(state, sparse.field).status());
  return sparse.vector ? SortSparse(*sparse.vector, "vector").status() : Status::Ok();
}

Status CheckAgainst(const CollectionState& state, const PipelineSource& source) {
  if (const auto* dense = std::get_if<DenseSource>(&source)) return CheckDense(state, *dense);
  if (const auto* sparse = std::get_if<SparseSource>(&source)) return CheckSparse(state, *sparse);
  return FindAnalyzer(state).status();
}

/// Whether all dense sources declare the same space.
EmbeddingSpace CommonSpace(const PipelineSpec& spec) {
  const EmbeddingSpace* common = nullptr;
  for (const PipelineSource& source : spec.sources) {
    const auto* dense = std::get_if<DenseSource>(&source);
    if (dense == nullptr) continue;
    if (common != nullptr && *common != dense->space) return {};
    common = &dense->space;
  }
  return common == nullptr ? EmbeddingSpace() : *common;
}

/// Puts the sources of a pipeline side by side.
class SourceMaker {
 public:
  SourceMaker(const CollectionState& state, StageContext& context, const PipelineSpec& spec,
              PipelineSources* sources, std::vector<StageReport>* reports)
      : state_(state), context_(context), spec_(spec), made_(*sources), reports_(*reports) {}

  Status AddAll() {
    for (std::size_t i = 0; i < spec_.sources.size(); ++i) {
      const std::optional<double> weight = WeightOf(i);
      if (const auto* dense = std::get_if<DenseSource>(&spec_.sources[i])) {
        TRACEVEC_RETURN_IF_ERROR(AddDense(*dense, weight));
      } else if (const auto* sparse = std::get_if<SparseSource>(&spec_.sources[i])) {
        TRACEVEC_RETURN_IF_ERROR(AddSparse(*sparse, weight));
      } else {
        AddLexical(std::get<LexicalSource>(spec_.sources[i]).k, weight);
      }
    }
    StandIn();
    return Status::Ok();
  }

 private:
  std::optional<double> WeightOf(std::size_t place) const {
    if (place < spec_.fuse.weights.size()) return spec_.fuse.weights[place];
    return std::visit([](const auto& each) { return each.weight; }, spec_.sources[place]);
  }

  /// One spec a phrasing; the weight is split over them.
  void AddSpecs(SourceKind kind, std::string_view field, std::uint32_t candidates,
                std::size_t phrasings, std::optional<double> weight) {
    if (weight) *weight /= static_cast<double>(phrasings);
    for (std::size_t p = 0; p < phrasings; ++p) {
      SourceSpec& added = made_.specs.emplace_back();
      added.kind = kind;
      added.field = field;
      added.phrasing = static_cast<std::uint32_t>(p);
      added.candidates = candidates;
      added.weight = weight;
    }
  }

  void AddLexical(std::uint32_t candidates, std::optional<double> weight) {
    has_lexical_ = true;
    AddSpecs(SourceKind::kLexical, {}, candidates, made_.phrasings.size(), weight);
    for (const std::string& phrasing : made_.phrasings) {
      made_.inputs.emplace_back().text = phrasing;
    }
  }

  Status AddDense(const DenseSource& dense, std::optional<double> weight) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundField* field, FindField(state_, dense.field));
    const std::size_t rows = dense.vector.empty() ? made_.phrasings.size() : 1;
    if (dense.vector.empty()) {
      StageReport& report = reports_.emplace_back();
      TRACEVEC_ASSIGN_OR_RETURN(auto vectors, Embed(dense, *field, &report));
      if (!vectors) {
        made_.skipped.push_back({"dense", report.skipped});
        missing_k_ = std::max(missing_k_, dense.k);
        return Status::Ok();
      }
      made_.vectors.push_back(*std::move(vectors));
    } else {
      made_.vectors.push_back(dense.vector);
    }
    const std::size_t dimension = field->field.dimension;
    const std::span<const float> all = made_.vectors.back();
    made_.query_vectors.emplace(field->name, all.first(dimension));
    if (state_.fields.size() == 1) made_.query_vectors.emplace("", all.first(dimension));
    AddSpecs(SourceKind::kDense, field->name, dense.k, rows, weight);
    for (std::size_t r = 0; r < rows; ++r) {
      made_.inputs.emplace_back().vector = all.subspan(r * dimension, dimension);
    }
    return Status::Ok();
  }

  Result<std::optional<std::vector<float>>> Embed(const DenseSource& dense, const BoundField& field,
                                                  StageReport* report) const {
    const Stopwatch watch;
    report->name = "embed";
    report->available = report->n_in = made_.phrasings.size();
    auto vectors = CallForSource<std::vector<float>>(
        context_, fmt::format("embedder of '{}'", field.name), made_.phrasings.size(),
        [&] { return dense.embed(made_.phrasings); },
        [&](const std::vector<float>& rows) {
          return CheckRows(field, rows, made_.phrasings.size(), dense.space);
        },
        report);
    report->n_out = vectors.ok() && *vectors ? made_.phrasings.size() : 0;
    report->micros = watch.Micros();
    return vectors;
  }

  Status AddSparse(const SparseSource& sparse, std::optional<double> weight) {
    TRACEVEC_ASSIGN_OR_RETURN(const BoundSparseField* field, FindSparseField(state_, sparse.field));
    std::optional<std::vector<SparseVector>> rows;
    if (sparse.vector) {
      rows = {*sparse.vector};
    } else {
      StageReport& report = reports_.emplace_back();
      TRACEVEC_ASSIGN_OR_RETURN(rows, Encode(sparse, *field, &report));
      if (!rows) {
        made_.skipped.push_back({"sparse", report.skipped});
        missing_k_ = std::max(missing_k_, sparse.k);
        return Status::Ok();
      }
    }
    const std::vector<SparseVector>& all = made_.sparse_vectors.emplace_back(*std::move(rows));
    AddSpecs(SourceKind::kSparse, field->name, sparse.k, all.size(), weight);
    for (const SparseVector& row : all) made_.inputs.emplace_back().sparse = &row;
    return Status::Ok();
  }

  Result<std::optional<std::vector<SparseVector>>> Encode(const SparseSource& sparse,
                                                          const BoundSparseField& field,
                                                          StageReport* report) const {
    const Stopwatch watch;
    report->name = "encode";
    report->available = report->n_in = made_.phrasings.size();
    auto vectors = CallForSource<std::vector<SparseVector>>(
        context_, fmt::format("encoder of '{}'", field.name), made_.phrasings.size(),
        [&] { return sparse.encode(made_.phrasings); },
        [&](const std::vector<SparseVector>& rows) {
          return TakeSparseRows(field, rows, made_.phrasings.size()).status();
        },
        report);
    report->n_out = vectors.ok() && *vectors ? made_.phrasings.size() : 0;
    report->micros = watch.Micros();
    return vectors;
  }

  /// Searches by text in place of the vectors that are missing.
  void StandIn() {
    if (missing_k_ == 0 || has_lexical_ || state_.analyzer == nullptr) return;
    AddLexical(missing_k_, std::nullopt);
    for (StageReport& report : reports_) {
      if (report.name != "expand" && !report.skipped.empty()) {
        report.degraded = "a search by text stands in";
      }
    }
  }

  const CollectionState& state_;
  StageContext& context_;
  const PipelineSpec& spec_;
  PipelineSources& made_;
  std::vector<StageReport>& reports_;
  bool has_lexical_ = false;
  std::uint32_t missing_k_ = 0;  // Of the sources without a vector, the most candidates.
};

}  // namespace

Status AddDefaultSource(const CollectionState& state, PipelineSpec* spec) {
  if (!spec->sources.empty()) return Status::Ok();
  if (!state.schema.text) {
    return Status::InvalidArgument(fmt::format(
        "the pipeline has no source and collection '{}' no text field; add a dense source",
        state.name));
  }
  spec->sources.emplace_back(LexicalSource());
  return Status::Ok();
}

Status CheckSourcesOf(const CollectionState& state, const PipelineSpec& spec,
                      std::string_view text) {
  if (text.empty() && NeedsText(spec)) {
    return Status::InvalidArgument("the query is empty; give a text, or each source a vector");
  }
  TRACEVEC_RETURN_IF_ERROR(CheckQueryText(text));
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    const Status checked = CheckAgainst(state, spec.sources[i]);
    if (!checked.ok()) {
      return {checked.code(), fmt::format("sources[{}]: {}", i, checked.message())};
    }
  }
  return Status::Ok();
}

Status MakeSources(const CollectionState& state, StageContext& context, const PipelineSpec& spec,
                   const std::string& text, PipelineSources* sources,
                   std::vector<StageReport>* reports) {
  sources->space = CommonSpace(spec);
  sources->phrasings = {text};
  if (spec.expand) {
    TRACEVEC_ASSIGN_OR_RETURN(sources->phrasings,
                              MakePhrasings(context, *spec.expand, text, &reports->emplace_back()));
  }
  return SourceMaker(state, context, spec, sources, reports).AddAll();
}

}  // namespace tracevec
