// What is measured: the stages of a pipeline over stored pages, by themselves at 1,000 candidates
// (the nearest by vector), whose documents have been read before; and all that comes behind the
// searches for 150 candidates: dedup, combine, limit 8, budget and hydration, documents read anew.
// What it does not show: the searches, callbacks, documents that are not in the block cache.
//
// `--all` as the first argument loads all of cppdocs (4,083 pages), not 500 of its pages.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/bench_data.h"
#include "retrieval/engine.h"
#include "retrieval/row_loader.h"
#include "retrieval/view_stage_reader.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kQueries = 50;
constexpr std::uint32_t kMostCandidates = 1'000;

/// Candidates of some queries, and what stages read them from.
class StagesBench {
 public:
  explicit StagesBench(std::size_t pages) : corpus_(LoadCorpus(pages)) {
    const std::string path = folder_ / "db";
    std::vector<std::vector<Hit>> hits = LoadAndSearch(path);
    engine_ = Must(Engine::Open(path, {}, nullptr));
    state_ = Must(engine_->FindCollection("pages"));
    view_ = state_->views.Current();
    rows_ = Must(RowsOf(engine_->store(), *state_, *view_, RowParts::All()));
    FindKeys();
    for (const std::vector<Hit>& found : hits) {
      std::vector<PassageCandidate>& candidates = candidates_.emplace_back();
      for (const Hit& hit : found) {
        PassageCandidate& candidate = candidates.emplace_back();
        candidate.key = keys_.at(hit.id);
        candidate.score = hit.score;
        candidate.scores = {{"dense", hit.score, static_cast<std::uint32_t>(candidates.size())},
                            {"fused", hit.score, static_cast<std::uint32_t>(candidates.size())}};
      }
    }
  }
  ~StagesBench() {
    rows_ = {};
    view_.reset();
    state_.reset();
    engine_->Close().IgnoreError("the database goes with its folder");
  }
  StagesBench(const StagesBench&) = delete;
  StagesBench& operator=(const StagesBench&) = delete;

  /// Runs stages over the first candidates of each query in turn. `reread`: with a new reader each
  /// time, as a query has it.
  void Run(benchmark::State& state, const std::vector<PipelineStage>& stages, std::size_t most,
           bool reread) {
    std::unique_ptr<ViewStageReader> reader = MakeReader();
    std::size_t passages = 0;
    std::size_t query = 0;
    for (auto _ : state) {
      const std::vector<PassageCandidate>& all = candidates_[query++ % candidates_.size()];
      std::vector<PassageCandidate> candidates(
          all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size())));
      if (!reread && query <= candidates_.size()) ReadAll(reader.get(), stages, candidates);
      std::vector<StageReport> reports;
      const auto start = std::chrono::steady_clock::now();
      if (reread) reader = MakeReader();
      StageContext context = ContextOf(reader.get());
      Must(RunStages(stages, context, &candidates, &reports));
      double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      // By themselves, stages are measured without the hydration of what is left.
      if (!reread) seconds = reports.front().micros / 1e6;
      state.SetIterationTime(seconds);
      passages += candidates.size();
    }
    state.counters["passages"] =
        static_cast<double>(passages) / static_cast<double>(state.iterations());
  }

 private:
  template <typename T>
  static T Must(Result<T> result) {
    if (!result.ok()) throw std::runtime_error(result.status().ToString());
    return *std::move(result);
  }
  static void Must(const Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  std::vector<std::vector<Hit>> LoadAndSearch(const std::string& path) {
    const std::unique_ptr<Database> database = Must(Database::Open(path));
    Collection pages = Must(database->CreateCollection("pages", SchemaOf(corpus_)));
    PutAll(corpus_, &pages);
    std::vector<std::vector<Hit>> hits;
    for (std::size_t i = 0; i < std::min(kQueries, corpus_.queries.rows); ++i) {
      SearchRequest request;
      request.vector = corpus_.queries.Row(i);
      request.k = kMostCandidates;
      request.with_content = false;
      hits.push_back(Must(pages.Search(request)).hits);
    }
    Must(database->Close());
    return hits;
  }

  std::unique_ptr<ViewStageReader> MakeReader() const {
    auto reader = std::make_unique<ViewStageReader>(engine_->store());
    reader->Add(*state_, *view_, rows_);
    return reader;
  }

  StageContext ContextOf(StageReader* reader) const {
    StageContext context;
    context.reader = reader;
    context.kernels = &engine_->kernels();
    context.report_dropped = false;
    return context;
  }

  void ReadAll(StageReader* reader, const std::vector<PipelineStage>& stages,
               std::vector<PassageCandidate> candidates) {
    StageContext context = ContextOf(reader);
    std::vector<StageReport> reports;
    Must(RunStages(stages, context, &candidates, &reports));
  }

  void FindKeys() {
    for (std::uint32_t set = 0; set < rows_.sets.size(); ++set) {
      for (std::uint32_t row = 0; row < rows_.sizes[set]; ++row) {
        CandidateKey key;
        key.document = rows_.sets[set]->document(row);
        key.chunk = rows_.sets[set]->chunk(row);
        key.row = {set, row};
        keys_[std::string(rows_.sets[set]->id(row))] = key;
      }
    }
  }

  TemporaryDirectory folder_;
  Corpus corpus_;
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<CollectionState> state_;
  std::shared_ptr<const CollectionView> view_;
  IndexView rows_;
  std::map<std::string, CandidateKey> keys_;
  std::vector<std::vector<PassageCandidate>> candidates_;
};

void Register(StagesBench* bench) {
  const auto add = [&](const std::string& name, const std::vector<PipelineStage>& stages,
                       std::size_t most, bool reread) {
    benchmark::RegisterBenchmark(
        name.c_str(), [=](benchmark::State& state) { bench->Run(state, stages, most, reread); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  };
  const std::pair<const char*, DedupMethod> dedups[] = {{"dedup_hash", DedupMethod::kHash},
                                                        {"dedup_shingles", DedupMethod::kShingles},
                                                        {"dedup_vector", DedupMethod::kVector}};
  DedupStage dedup;
  for (const auto& [name, method] : dedups) {
    dedup.method = method;
    add(std::string(name) + "/1000", {dedup}, kMostCandidates, false);
  }
  const std::pair<const char*, CombineMethod> combines[] = {
      {"combine_neighbors", CombineMethod::kNeighbors},
      {"combine_overlap", CombineMethod::kOverlap},
      {"combine_section", CombineMethod::kSection},
      {"combine_parent", CombineMethod::kParent}};
  for (const auto& [name, method] : combines) {
    CombineStage combine;
    combine.method = method;
    add(std::string(name) + "/1000", {combine}, kMostCandidates, false);
  }
  MmrStage mmr;
  add("mmr/100", {mmr}, 100, false);
  add("group_by_document/1000", {GroupStage{1}}, kMostCandidates, false);
  BudgetStage budget;
  budget.tokens = 4'000;
  for (const auto& [name, method] : dedups) {
    dedup.method = method;
    add(std::string("behind_the_searches/") + name, {dedup, CombineStage(), LimitStage{8}, budget},
        150, true);
  }
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  constexpr std::size_t kSomePages = 500;
  constexpr std::size_t kAllPages = 100'000;
  const bool all = argc > 1 && std::string(argv[1]) == "--all";
  if (all) {
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  tracevec::bench::StagesBench bench(all ? kAllPages : kSomePages);
  tracevec::bench::Register(&bench);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
