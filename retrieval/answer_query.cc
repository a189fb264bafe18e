#include "retrieval/answer_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "core/sparse_vector.h"
#include "core/text_query.h"
#include "index/search.h"
#include "index/sparse_search.h"
#include "index/text_search.h"
#include "retrieval/answer_receipt.h"
#include "retrieval/query_run.h"
#include "retrieval/row_selection.h"

namespace tracevec {
namespace {

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

Result<SparseVector> TakeSparse(const PlannedSource& source, const SourceInput& input) {
  if (input.sparse == nullptr) return SparseVector();
  Result<SparseVector> vector =
      SortSparse(*input.sparse, fmt::format("query vector for '{}'", source.sparse->name));
  if (!vector.ok()) return InPhrasing(source, vector.status());
  return vector;
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
        sparse_(inputs.size()),
        found_(inputs.size()) {}

  Status Run() {
    TRACEVEC_RETURN_IF_ERROR(CheckAll());
    TRACEVEC_RETURN_IF_ERROR(RunVectors());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (plan_.sources[i].kind == SourceKind::kDense) continue;
      TRACEVEC_RETURN_IF_ERROR(RunPostings(i));
    }
    return Status::Ok();
  }

  std::vector<FoundBySource>& found() { return found_; }

 private:
  /// Before anything is searched for: what cannot be is the first thing to say.
  Status CheckAll() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const PlannedSource& source = plan_.sources[i];
      if (source.kind == SourceKind::kDense) {
        TRACEVEC_RETURN_IF_ERROR(CheckDimension(source, inputs_[i]));
      } else if (source.kind == SourceKind::kSparse) {
        TRACEVEC_ASSIGN_OR_RETURN(sparse_[i], TakeSparse(source, inputs_[i]));
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
      FoundBySource& found = found_[places[t]];
      found.best = std::move(tasks[t].best);
      found.rows = found.best.size();
      found.counts = std::move(tasks[t].counts);
      if (t == 0) found.micros = tasks[t].scan_micros;
    }
    return Status::Ok();
  }

  /// Of a text or a sparse vector.
  Status RunPostings(std::size_t place) {
    const Stopwatch watch;
    FoundBySource& found = found_[place];
    RowTexts texts(engine_.store(), state_, plan_.rows);
    ScanQuery scan = MakeScan(plan_, plan_.sources[place], start_);
    scan.exclude = inputs_[place].exclude;
    texts.Attach(*plan_.filter, &scan);
    if (plan_.sources[place].kind == SourceKind::kLexical) {
      SearchTextOf(place, scan);
    } else {
      const SparseSearch search = {plan_.sources[place].sparse->index, &sparse_[place],
                                   plan_.settings.exact};
      found.best = SearchSparse(plan_.rows, search, scan, &found.counts, &found.postings);
    }
    found.rows = found.best.size();
    found.micros = watch.Micros();
    return texts.status();
  }

  void SearchTextOf(std::size_t place, const ScanQuery& scan) {
    FoundBySource& found = found_[place];
    found.only_stop_words = texts_[place].clauses.empty();
    const TextField& field = *state_.schema.text;
    const TextSearch search = {&texts_[place], field.k1, field.b, plan_.settings.exact};
    TextCounts counts;
    found.best = SearchText(plan_.rows, search, scan, &found.counts, &counts);
    found.postings = {counts.rows_scored, counts.candidates};
  }

  const Engine& engine_;
  const CollectionState& state_;
  const QueryPlan& plan_;
  const Stopwatch& start_;
  std::span<const SourceInput> inputs_;
  std::vector<TextQuery> texts_;
  std::vector<SparseVector> sparse_;
  std::vector<FoundBySource> found_;  // One a source.
};

std::uint64_t KeyOf(const RowRef& ref) { return std::uint64_t{ref.set} << 32 | ref.row; }

ScoredRow RowOf(const FusedKey& key) {
  return {key.score,
          {static_cast<std::uint32_t>(key.key >> 32), static_cast<std::uint32_t>(key.key)}};
}

QueryAnswer FuseFound(const QueryPlan& plan, const std::vector<FoundBySource>& found) {
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
    } else if (source.kind == SourceKind::kSparse) {
      TRACEVEC_RETURN_IF_ERROR(TakeSparse(source, inputs[i]).status());
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
  std::vector<FoundBySource>& found = running.found();
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
