// What moving a collection to another embedding space costs those who search it: see README.md.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_report.h"
#include "bench/open_loop.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kQuickDocuments = 300;
constexpr double kSearchesASecond = 200;
/// The searcher looks at this after so many searches whether the phase is over.
constexpr std::size_t kSearchesOfAStep = 20;
constexpr double kIdleSeconds = 20;
constexpr double kQuickSeconds = 0.2;

/// One phase of a migration beside an open loop of searches.
struct Phase {
  OpenLoopRun searches;
  double seconds = 0;
};

class MigrationBench {
 public:
  MigrationBench(const Corpus& corpus, BenchReport* report)
      : corpus_(corpus),
        report_(report),
        database_(Must(Database::Open(directory_ / "db"))),
        collection_(Must(database_->CreateCollection("chunks", SchemaOf(corpus)))),
        embed_(EmbedderOf(corpus)) {
    PutAll(corpus, &collection_);
    Must(database_->Compact());
    report->SetUp("chunks", corpus.vectors.rows);
    report->SetUp("searches_a_second", kSearchesASecond);
    report->SetUp("idle_p99_us", IdleP99Micros());
  }

  void Run() {
    const double idle_seconds = report_->quick() ? kQuickSeconds : kIdleSeconds;
    const Phase idle = SearchBeside(
        [&] { std::this_thread::sleep_for(std::chrono::duration<double>(idle_seconds)); });
    idle_p99_ = Percentile(idle.searches.from_intended, 0.99);
    Report("idle", idle);
    VectorField to = collection_.schema().vectors.begin()->second;
    to.space = {"another model", "1", "", "", ""};
    Must(collection_.BeginMigration("", to));
    Report("fill", SearchBeside([&] { Must(collection_.FillMigration(embed_)); }));
    SwitchFigures("cut_over", [&] { return Must(collection_.CutOver()); });
    SwitchFigures("roll_back", [&] { return Must(collection_.RollBack()); });
  }

 private:
  /// Searches at a fixed rate on a thread of its own as long as `work` takes.
  Phase SearchBeside(const std::function<void()>& work) {
    Phase phase;
    std::atomic<bool> over{false};
    auto searcher = std::async(std::launch::async, [&] {
      while (!over.load()) {
        phase.searches.Append(RunOpenLoop(kSearchesASecond, kSearchesOfAStep / kSearchesASecond,
                                          [&](std::size_t) { Search(); }));
      }
    });
    const Timer timer;
    work();
    phase.seconds = timer.WallSeconds();
    over.store(true);
    searcher.get();
    return phase;
  }

  void Search() {
    SearchRequest request;
    request.vector = corpus_.queries.Row(next_query_++ % corpus_.queries.rows);
    request.k = 10;
    if (Must(collection_.Search(request)).hits.empty()) throw std::runtime_error("no hits");
  }

  void Report(const std::string& name, const Phase& phase) {
    const double p99 = Percentile(phase.searches.from_intended, 0.99);
    report_->Figure(name + "_search_p50", Percentile(phase.searches.from_intended, 0.5), "us");
    report_->Figure(name + "_search_p99", p99, "us", std::nullopt,
                    {{"searches", phase.searches.from_intended.size()},
                     {"seconds", phase.seconds},
                     {"longest_us", Percentile(phase.searches.from_intended, 1.0)}});
    report_->Figure(name + "_search_p99_to_idle", p99 / idle_p99_, "times", AtMost(3));
  }

  void SwitchFigures(const std::string& name, const std::function<SwitchResult()>& work) {
    SwitchResult result;
    Report(name, SearchBeside([&] { result = work(); }));
    report_->Figure(name + "_step", result.step_micros / 1e3, "ms", AtMost(10));
  }

  const Corpus& corpus_;
  BenchReport* report_;
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  Collection collection_;
  Embedder embed_;
  double idle_p99_ = 0;
  std::size_t next_query_ = 0;
};

void Run(BenchReport* report) {
  UnpinProcessor();
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  MigrationBench(corpus, report).Run();
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run);
}
