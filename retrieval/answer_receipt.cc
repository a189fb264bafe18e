#include "retrieval/answer_receipt.h"

#include <algorithm>
#include <string>
#include <utility>

#include "retrieval/receipt_maker.h"

namespace tracevec {
namespace {

/// Adds the searches of vectors, field by field.
void AddVectors(const QueryPlan& plan, const std::vector<FoundBySource>& found, Receipt* receipt) {
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

/// Adds the searches of texts, or of sparse vectors, as one stage.
void AddPostings(const QueryPlan& plan, const std::vector<FoundBySource>& found, SourceKind kind,
                 Receipt* receipt) {
  if (!plan.HasKind(kind)) return;
  ReceiptStage stage = {std::string(SourceKindName(kind)), 0, 0, 0};
  if (!receipt->plan.empty()) receipt->plan += "+";
  receipt->plan += stage.name;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (plan.sources[i].kind != kind) continue;
    stage.micros += found[i].micros;
    stage.n_in += found[i].postings.candidates;
    stage.n_out += found[i].rows;
    receipt->filter_tested += found[i].counts.filter_tested;
    receipt->filter_passed += found[i].counts.filter_passed;
    receipt->deadline_cut |= found[i].counts.deadline_cut;
  }
  receipt->stages.push_back(std::move(stage));
}

void AddSources(const QueryPlan& plan, const std::vector<FoundBySource>& found, Receipt* receipt) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const PlannedSource& source = plan.sources[i];
    const bool dense = source.kind == SourceKind::kDense;
    ReceiptSource& added = receipt->sources.emplace_back();
    added.name = SourceKindName(source.kind);
    added.field = source.field_name();
    added.phrasing = source.phrasing;
    added.weight = source.weight;
    added.candidates = source.candidates;
    added.found = found[i].rows;
    added.rows_scored = dense ? found[i].counts.distances : found[i].postings.rows_scored;
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
    if (const auto sparse = BestOf(plan, scores, SourceKind::kSparse)) {
      entry.sparse_rank = sparse->rank;
      entry.sparse_score = sparse->score;
    }
    for (std::uint32_t s = 0; s < scores.size(); ++s) {
      if (scores[s]) entry.sources.push_back({s, scores[s]->rank, scores[s]->score});
    }
  }
}

}  // namespace

void FillSourcesReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                        const std::vector<FoundBySource>& found, const QueryAnswer& answer,
                        double fuse_micros, Receipt* receipt) {
  FillPlanReceipt(engine, state, plan, receipt);
  AddVectors(plan, found, receipt);
  AddPostings(plan, found, SourceKind::kSparse, receipt);
  AddPostings(plan, found, SourceKind::kLexical, receipt);
  if (plan.analyzer != nullptr) receipt->analyzer = plan.analyzer->identity();
  const bool by_vector_alone = found.size() == 1 && plan.HasKind(SourceKind::kDense);
  if (!by_vector_alone) AddSources(plan, found, receipt);
  if (found.size() > 1) {
    receipt->fusion = FusionMethodName(plan.settings.fusion.method);
    ReceiptStage stage = {"fuse", fuse_micros, 0, answer.best.size()};
    for (const FoundBySource& of_source : found) stage.n_in += of_source.rows;
    receipt->stages.push_back(std::move(stage));
    AddLedger(plan, answer, receipt);
  }
  FillReturned(plan.settings.k, answer.best.size(), receipt->deadline_cut, receipt);
  const bool only_stop_words = std::all_of(
      found.begin(), found.end(), [](const FoundBySource& each) { return each.only_stop_words; });
  if (only_stop_words) receipt->short_reason = "stop_words";
}

}  // namespace tracevec
