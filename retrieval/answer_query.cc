#include "retrieval/answer_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "core/text_query.h"
#include "index/search.h"
#include "index/text_search.h"
#include "retrieval/query_run.h"
#include "retrieval/receipt_maker.h"
#include "retrieval/row_selection.h"

namespace tracevec {
namespace {

/// What a source found.
struct Found {
  std::vector<ScoredRow> best;
  std::size_t rows = 0;  ///< Of `best`, wherever it is moved to.
  ScanCounts counts;
  TextCounts text;
  /// Of a vector without rescoring; 0 where it was searched for in turn with the one before.
  double micros = 0;
  bool only_stop_words = false;
};

/// Says in which further phrasing something is wrong.
Status InPhrasing(const PlannedSource& source, const Status& status) {
  if (status.ok() || source.phrasing == 0) return status;
  return {status.code(), fmt::format("phrasing {}: {}", source.phrasing, status.message())};
}

Status CheckDimension(const PlannedSource& source, const SourceInput& input) {
  const std::uint32_t dimension = source.field->field.dimension;
  if (input.vector.size() == dimension) return Status::Ok();
  return InPhrasing(source, Status::InvalidArgument(
                                fmt::format("query vector for '{}': dimension: expected {}, got {}",
                                            source.field->name, dimension, input.vector.size())));
}

Result<TextQuery> ParseText(const QueryPlan& plan, const PlannedSource& source,
                            const SourceInput& input) {
  Result<TextQuery> text = TextQuery::Parse(input.text, *plan.analyzer);
  if (!text.ok()) return InPhrasing(source, text.status());
  return text;
}

/// One query while it runs.
class RunningSources {
 public:
  RunningSources(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                 const Stopwatch& start, std::span<const SourceInput> inputs)
      : engine_(engine),
        state_(state),
        plan_(plan),
        start_(start),
        inputs_(inputs),
        texts_(inputs.size()),
        found_(inputs.size()) {}

  Status Run() {
    TRACEVEC_RETURN_IF_ERROR(CheckAll());
    TRACEVEC_RETURN_IF_ERROR(RunVectors());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (plan_.sources[i].kind != SourceKind::kLexical) continue;
      TRACEVEC_RETURN_IF_ERROR(RunText(i));
    }
    return Status::Ok();
  }

  std::vector<Found>& found() { return found_; }

 private:
  /// Before anything is searched for: what cannot be is the first thing to say.
  Status CheckAll() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const PlannedSource& source = plan_.sources[i];
      if (source.kind == SourceKind::kDense) {
        TRACEVEC_RETURN_IF_ERROR(CheckDimension(source, inputs_[i]));
      } else {
        TRACEVEC_ASSIGN_OR_RETURN(texts_[i], ParseText(plan_, source, inputs_[i]));
      }
    }
    return Status::Ok();
  }

  /// Vectors of one field are searched for in turn, as those of a batch are.
  Status RunVectors() {
    std::vector<bool> done(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (done[i] || plan_.sources[i].kind != SourceKind::kDense) continue;
      std::array<std::size_t, kSearchesInTurn> places;
      std::size_t count = 0;
      for (std::size_t j = i; j < found_.size() && count < places.size(); ++j) {
        if (done[j] || plan_.sources[j].kind != SourceKind::kDense) continue;
        if (plan_.sources[j].field != plan_.sources[i].field) continue;
        done[j] = true;
        places[count++] = j;
      }
      TRACEVEC_RETURN_IF_ERROR(RunInTurn(std::span(places).first(count)));
    }
    return Status::Ok();
  }

  Status RunInTurn(std::span<const std::size_t> places) {
    std::array<QueryTask, kSearchesInTurn> tasks;
    for (std::size_t t = 0; t < places.size(); ++t) {
      tasks[t].source = &plan_.sources[places[t]];
      tasks[t].vector = inputs_[places[t]].vector.data();
      tasks[t].exclude = inputs_[places[t]].exclude;
    }
    RunQueries(engine_, state_, plan_, start_, std::span(tasks).first(places.size()));
    for (std::size_t t = 0; t < places.size(); ++t) {
      TRACEVEC_RETURN_IF_ERROR(InPhrasing(*tasks[t].source, tasks[t].status));
      Found& found = found_[places[t]];
      found.best = std::move(tasks[t].best);
      found.rows = found.best.size();
      found.counts = std::move(tasks[t].counts);
      if (t == 0) found.micros = tasks[t].scan_micros;
    }
    return Status::Ok();
  }

  Status RunText(std::size_t place) {
    const Stopwatch watch;
    Found& found = found_[place];
    found.only_stop_words = texts_[place].clauses.empty();
    RowTexts texts(engine_.store(), state_, plan_.rows);
    ScanQuery scan = MakeScan(plan_, plan_.sources[place], start_);
    scan.exclude = inputs_[place].exclude;
    texts.Attach(*plan_.filter, &scan);
    const TextField& field = *state_.schema.text;
    const TextSearch search = {&texts_[place], field.k1, field.b, plan_.settings.exact};
    found.best = SearchText(plan_.rows, search, scan, &found.counts, &found.text);
    found.rows = found.best.size();
    found.micros = watch.Micros();
    return texts.status();
  }

  const Engine& engine_;
  const CollectionState& state_;
  const QueryPlan& plan_;
  const Stopwatch& start_;
  std::span<const SourceInput> inputs_;
  std::vector<TextQuery> texts_;
  std::vector<Found> found_;  // One a source.
};

std::uint64_t KeyOf(const RowRef& ref) { return std::uint64_t{ref.set} << 32 | ref.row; }

ScoredRow RowOf(const FusedKey& key) {
  return {key.score,
          {static_cast<std::uint32_t>(key.key >> 32), static_cast<std::uint32_t>(key.key)}};
}

QueryAnswer FuseFound(const QueryPlan& plan, const std::vector<Found>& found) {
  std::vector<std::vector<RankedKey>> lists(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    lists[i].reserve(found[i].best.size());
    for (const ScoredRow& row : found[i].best) lists[i].push_back({KeyOf(row.ref), row.score});
  }
  std::vector<FusedKey> fused = Fuse(plan.settings.fusion, lists);
  const BetterById better{&plan.rows};
  const std::size_t hits = std::min<std::size_t>(plan.settings.k, fused.size());
  std::partial_sort(
      fused.begin(), fused.begin() + static_cast<std::ptrdiff_t>(hits), fused.end(),
      [&](const FusedKey& a, const FusedKey& b) { return better(RowOf(a), RowOf(b)); });
  QueryAnswer answer;
  for (std::size_t i = 0; i < hits; ++i) {
    answer.best.push_back(RowOf(fused[i]));
    answer.sources.push_back(std::move(fused[i].sources));
  }
  return answer;
}

/// Adds the searches of vectors, field by field.
void AddVectors(const QueryPlan& plan, const std::vector<Found>& found, Receipt* receipt) {
  std::vector<const BoundField*> added;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const PlannedSource& first = plan.sources[i];
    if (first.kind != SourceKind::kDense ||
        std::find(added.begin(), added.end(), first.field) != added.end()) {
      continue;
    }
    added.push_back(first.field);
    ScanCounts counts = found[i].counts;
    double micros = found[i].micros;
    std::size_t rows = found[i].rows;
    for (std::size_t j = i + 1; j < found.size(); ++j) {
      if (plan.sources[j].field != first.field) continue;
      counts.Add(found[j].counts);
      micros += found[j].micros;
      rows += found[j].rows;
    }
    AddDense(plan, first, counts, micros, rows, receipt);
  }
}

/// Adds the searches of texts, as one stage.
void AddTexts(const QueryPlan& plan, const std::vector<Found>& found, Receipt* receipt) {
  if (plan.analyzer == nullptr) return;
  receipt->analyzer = plan.analyzer->identity();
  receipt->plan += receipt->plan.empty() ? "lexical" : "+lexical";
  ReceiptStage stage = {"lexical", 0, 0, 0};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (plan.sources[i].kind != SourceKind::kLexical) continue;
    stage.micros += found[i].micros;
    stage.n_in += found[i].text.candidates;
    stage.n_out += found[i].rows;
    receipt->filter_tested += found[i].counts.filter_tested;
    receipt->filter_passed += found[i].counts.filter_passed;
    receipt->deadline_cut |= found[i].counts.deadline_cut;
  }
  receipt->stages.push_back(std::move(stage));
}

void AddSources(const QueryPlan& plan, const std::vector<Found>& found, Receipt* receipt) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const PlannedSource& source = plan.sources[i];
    const bool dense = source.kind == SourceKind::kDense;
    ReceiptSource& added = receipt->sources.emplace_back();
    added.name = SourceKindName(source.kind);
    if (dense) added.field = source.field->name;
    added.phrasing = source.phrasing;
    added.weight = source.weight;
    added.candidates = source.candidates;
    added.found = found[i].rows;
    added.rows_scored = dense ? found[i].counts.distances : found[i].text.rows_scored;
  }
}

void AddLedger(const QueryPlan& plan, const QueryAnswer& answer, Receipt* receipt) {
  for (std::size_t i = 0; i < answer.sources.size(); ++i) {
    const RowRef& ref = answer.best[i].ref;
    const SourceScores& scores = answer.sources[i];
    ReceiptLedgerEntry& entry = receipt->ledger.emplace_back();
    entry.id = plan.rows.sets[ref.set]->id(ref.row);
    entry.score = answer.best[i].score;
    if (const auto dense = BestOf(plan, scores, SourceKind::kDense)) {
      entry.dense_rank = dense->rank;
      entry.dense_score = dense->score;
    }
    if (const auto lexical = BestOf(plan, scores, SourceKind::kLexical)) {
      entry.lexical_rank = lexical->rank;
      entry.lexical_score = lexical->score;
    }
    for (std::uint32_t s = 0; s < scores.size(); ++s) {
      if (scores[s]) entry.sources.push_back({s, scores[s]->rank, scores[s]->score});
    }
  }
}

/// `fuse_micros`: how long fusing took.
void FillSourcesReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                        const std::vector<Found>& found, const QueryAnswer& answer,
                        double fuse_micros, Receipt* receipt) {
  FillPlanReceipt(engine, state, plan, receipt);
  AddVectors(plan, found, receipt);
  AddTexts(plan, found, receipt);
  const bool by_vector_alone = found.size() == 1 && plan.analyzer == nullptr;
  if (!by_vector_alone) AddSources(plan, found, receipt);
  if (found.size() > 1) {
    receipt->fusion = FusionMethodName(plan.settings.fusion.method);
    ReceiptStage stage = {"fuse", fuse_micros, 0, answer.best.size()};
    for (const Found& of_source : found) stage.n_in += of_source.rows;
    receipt->stages.push_back(std::move(stage));
    AddLedger(plan, answer, receipt);
  }
  FillReturned(plan.settings.k, answer.best.size(), receipt->deadline_cut, receipt);
  const bool only_stop_words = std::all_of(found.begin(), found.end(),
                                           [](const Found& each) { return each.only_stop_words; });
  if (only_stop_words) receipt->short_reason = "stop_words";
}

}  // namespace

std::optional<SourceScore> BestOf(const QueryPlan& plan, const SourceScores& scores,
                                  SourceKind kind) {
  std::optional<SourceScore> best;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (plan.sources[i].kind != kind || !scores[i]) continue;
    if (!best || scores[i]->rank < best->rank) best = scores[i];
  }
  return best;
}

Status CheckInputs(const QueryPlan& plan, std::span<const SourceInput> inputs, std::size_t first) {
  for (std::size_t i = first; i < inputs.size(); ++i) {
    const PlannedSource& source = plan.sources[i];
    if (source.kind == SourceKind::kDense) {
      TRACEVEC_RETURN_IF_ERROR(CheckDimension(source, inputs[i]));
    } else {
      TRACEVEC_RETURN_IF_ERROR(ParseText(plan, source, inputs[i]).status());
    }
  }
  return Status::Ok();
}

Result<QueryAnswer> AnswerQuery(const Engine& engine, const CollectionState& state,
                                const QueryPlan& plan, const Stopwatch& start,
                                std::span<const SourceInput> inputs, Receipt* receipt) {
  RunningSources running(engine, state, plan, start, inputs);
  TRACEVEC_RETURN_IF_ERROR(running.Run());
  std::vector<Found>& found = running.found();
  const Stopwatch fuse;
  QueryAnswer answer;
  if (found.size() > 1) {
    answer = FuseFound(plan, found);
  } else {
    answer.best = std::move(found[0].best);
    if (answer.best.size() > plan.settings.k) answer.best.resize(plan.settings.k);
  }
  if (receipt != nullptr) {
    FillSourcesReceipt(engine, state, plan, found, answer, fuse.Micros(), receipt);
  }
  return answer;
}

}  // namespace tracevec
