#include "retrieval/answer_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/fusion.h"
#include "core/return_if_error.h"
#include "core/text_query.h"
#include "index/text_search.h"
#include "retrieval/receipt_maker.h"
#include "retrieval/row_selection.h"

namespace tracevec {
namespace {

/// What the text found.
struct LexicalFound {
  std::vector<ScoredRow> best;
  ScanCounts counts;
  TextCounts text;
  double micros = 0;
  bool only_stop_words = false;
};

Result<LexicalFound> RunText(const Engine& engine, const CollectionState& state,
                             const QueryPlan& plan, const Stopwatch& start, const TextQuery& text,
                             const QueryInput& input) {
  const Stopwatch watch;
  LexicalFound found;
  found.only_stop_words = text.clauses.empty();
  RowTexts texts(engine.store(), state, plan.rows);
  ScanQuery scan = MakeScan(plan, start);
  scan.exclude = input.exclude;
  texts.Attach(*plan.filter, &scan);
  const TextField& field = *state.schema.text;
  const TextSearch search = {&text, field.k1, field.b, plan.settings.exact};
  found.best = SearchText(plan.rows, search, scan, &found.counts, &found.text);
  TRACEVEC_RETURN_IF_ERROR(texts.status());
  found.micros = watch.Micros();
  return found;
}

std::uint64_t KeyOf(const RowRef& ref) { return std::uint64_t{ref.set} << 32 | ref.row; }

std::vector<RankedKey> KeysOf(const std::vector<ScoredRow>& best) {
  std::vector<RankedKey> keys;
  keys.reserve(best.size());
  for (const ScoredRow& row : best) keys.push_back({KeyOf(row.ref), row.score});
  return keys;
}

QueryAnswer FuseFound(const QueryPlan& plan, const std::vector<ScoredRow>& dense,
                      const std::vector<ScoredRow>& lexical) {
  const std::array<std::vector<RankedKey>, 2> sources = {KeysOf(dense), KeysOf(lexical)};
  std::vector<FusedKey> fused = Fuse(plan.settings.fusion, sources);
  const BetterById better{&plan.rows};
  const auto row_of = [](const FusedKey& key) {
    return ScoredRow{
        key.score,
        {static_cast<std::uint32_t>(key.key >> 32), static_cast<std::uint32_t>(key.key)}};
  };
  const std::size_t hits = std::min<std::size_t>(plan.hits, fused.size());
  std::partial_sort(
      fused.begin(), fused.begin() + static_cast<std::ptrdiff_t>(hits), fused.end(),
      [&](const FusedKey& a, const FusedKey& b) { return better(row_of(a), row_of(b)); });
  QueryAnswer answer;
  for (std::size_t i = 0; i < hits; ++i) {
    answer.best.push_back(row_of(fused[i]));
    answer.sources.push_back({fused[i].sources[0], fused[i].sources[1]});
  }
  return answer;
}

double WeightOf(const QueryPlan& plan, std::size_t source) {
  return plan.settings.by_vector ? WeightsOf(plan.settings.fusion, 2)[source] : 1;
}

void AddLexical(const QueryPlan& plan, const LexicalFound& found, Receipt* receipt) {
  receipt->analyzer = plan.analyzer->identity();
  receipt->sources.push_back(
      {"lexical", WeightOf(plan, 1), plan.settings.k, found.best.size(), found.text.rows_scored});
  receipt->stages.push_back({"lexical", found.micros, found.text.candidates, found.best.size()});
  receipt->filter_tested += found.counts.filter_tested;
  receipt->filter_passed += found.counts.filter_passed;
}

void AddLedger(const QueryPlan& plan, const QueryAnswer& answer, Receipt* receipt) {
  for (std::size_t i = 0; i < answer.sources.size(); ++i) {
    const RowRef& ref = answer.best[i].ref;
    const auto& [dense, lexical] = answer.sources[i];
    ReceiptLedgerEntry& entry = receipt->ledger.emplace_back();
    entry.id = plan.rows.sets[ref.set]->id(ref.row);
    entry.score = answer.best[i].score;
    if (dense) {
      entry.dense_rank = dense->rank;
      entry.dense_score = dense->score;
    }
    if (lexical) {
      entry.lexical_rank = lexical->rank;
      entry.lexical_score = lexical->score;
    }
  }
}

QueryAnswer AnswerLexical(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                          LexicalFound found, Receipt* receipt) {
  if (receipt != nullptr) {
    FillPlanReceipt(engine, state, plan, receipt);
    receipt->plan = "lexical";
    AddLexical(plan, found, receipt);
    FillReturned(plan.hits, found.best.size(), found.counts.deadline_cut, receipt);
    if (found.only_stop_words) receipt->short_reason = "stop_words";
  }
  return {std::move(found.best), {}};
}

/// What vector and text found, as one list.
QueryAnswer AnswerHybrid(const QueryPlan& plan, const std::vector<ScoredRow>& dense,
                         const LexicalFound& found, Receipt* receipt) {
  const Stopwatch watch;
  QueryAnswer answer = FuseFound(plan, dense, found.best);
  if (receipt == nullptr) return answer;
  const double fuse_micros = watch.Micros();
  receipt->plan += "+lexical";
  receipt->fusion = FusionMethodName(plan.settings.fusion.method);
  receipt->sources.push_back(
      {"dense", WeightOf(plan, 0), plan.settings.k, dense.size(), receipt->distances});
  AddLexical(plan, found, receipt);
  receipt->stages.push_back(
      {"fuse", fuse_micros, dense.size() + found.best.size(), answer.best.size()});
  AddLedger(plan, answer, receipt);
  FillReturned(plan.hits, answer.best.size(), receipt->deadline_cut || found.counts.deadline_cut,
               receipt);
  return answer;
}

}  // namespace

Result<QueryAnswer> AnswerQuery(const Engine& engine, const CollectionState& state,
                                const QueryPlan& plan, const Stopwatch& start,
                                const QueryInput& input, Receipt* receipt) {
  TextQuery text;
  if (plan.settings.by_text) {
    TRACEVEC_ASSIGN_OR_RETURN(text, TextQuery::Parse(input.text, *plan.analyzer));
  }
  QueryTask task;
  if (plan.settings.by_vector) {
    task.vector = input.vector;
    task.exclude = input.exclude;
    task.receipt = receipt;
    RunQueries(engine, state, plan, start, std::span(&task, 1));
    TRACEVEC_RETURN_IF_ERROR(task.status);
    if (!plan.settings.by_text) return QueryAnswer{std::move(task.best), {}};
  }
  TRACEVEC_ASSIGN_OR_RETURN(LexicalFound found, RunText(engine, state, plan, start, text, input));
  if (plan.settings.by_vector) return AnswerHybrid(plan, task.best, found, receipt);
  return AnswerLexical(engine, state, plan, std::move(found), receipt);
}

}  // namespace tracevec
