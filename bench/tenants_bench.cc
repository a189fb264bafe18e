// What a hundred thousand small collections in one database cost: see README.md.

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_report.h"
#include "bench/own_process.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kCollections = 100'000;
constexpr std::size_t kQuickCollections = 500;
constexpr std::size_t kChunks = 20;
constexpr std::size_t kSearches = 5'000;
constexpr std::size_t kDocuments = 300;  // Of the corpus: some 4,400 vectors, used in turn.
constexpr std::uint64_t kSeed = 11;

std::string NameOf(std::size_t tenant) { return "tenant-" + std::to_string(tenant); }

/// Resident memory of this process, in MB.
double ResidentMegabytes() { return static_cast<double>(MeasureResidentMemory().total) / 1e6; }

void BuildTenants(const Corpus& corpus, const std::string& path, std::size_t collections) {
  auto database = Must(Database::Open(path));
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  std::vector<Metadata> metadata;
  for (std::size_t i = 0; i < kChunks; ++i) {
    ids.push_back("note-" + std::to_string(i));
    texts.push_back("The text of note " + std::to_string(i));
    metadata.push_back({{"year", static_cast<std::int64_t>(2000 + i)}});
  }
  const CollectionSchema schema = SchemaOf(corpus);
  for (std::size_t tenant = 0; tenant < collections; ++tenant) {
    Collection collection = Must(database->CreateCollection(NameOf(tenant), schema));
    UpsertRequest request;
    request.ids = ids;
    request.texts = texts;
    request.metadata = metadata;
    const std::size_t row = tenant * kChunks % (corpus.vectors.rows - kChunks);
    request.vectors[""] =
        std::span(corpus.vectors.values)
            .subspan(row * corpus.vectors.dimension, kChunks * corpus.vectors.dimension);
    Must(collection.Upsert(request));
  }
  Must(database->Close());
}

/// Searches, by the clock and by processor time, in microseconds.
struct Latencies {
  std::vector<double> by_clock;
  std::vector<double> by_cpu;
};

/// Searches one tenant, handle included.
void TimeSearch(const Corpus& corpus, Database* database, std::size_t tenant,
                Latencies* latencies) {
  const Timer timer;
  const Collection collection = Must(database->GetCollection(NameOf(tenant)));
  SearchRequest request;
  request.vector = corpus.queries.Row(tenant % corpus.queries.rows);
  if (Must(collection.Search(request)).hits.size() != request.k) {
    throw std::runtime_error(NameOf(tenant) + ": not 10 hits");
  }
  latencies->by_clock.push_back(timer.WallSeconds() * 1e6);
  latencies->by_cpu.push_back(timer.CpuSeconds() * 1e6);
}

void ReportLatency(const std::string& name, const Latencies& latencies, BenchReport* report) {
  const double idle = IdleP99Micros();
  report->Figure(name + "_p50", Percentile(latencies.by_clock, 0.5), "us", AtMost(300),
                 {{"by_cpu_time", Percentile(latencies.by_cpu, 0.5)}, {"idle_p99_us", idle}});
  report->Figure(name + "_p99", Percentile(latencies.by_clock, 0.99), "us", std::nullopt,
                 {{"by_cpu_time", Percentile(latencies.by_cpu, 0.99)}, {"idle_p99_us", idle}});
}

/// In a process of its own, so that what building took is not counted as memory.
void Serve(const Corpus& corpus, const std::string& path, std::size_t collections,
           BenchReport* report) {
  const double before = ResidentMegabytes();
  const Timer opening;
  auto database = Must(Database::Open(path));
  report->Figure("tenants_open", opening.WallSeconds(), "s", AtMost(2));
  report->Figure("tenants_resident_after_open", ResidentMegabytes() - before, "MB", AtMost(1000));

  std::mt19937_64 random(kSeed);
  std::vector<std::size_t> tenants;
  for (std::size_t i = 0; i < kSearches; ++i) tenants.push_back(random() % collections);
  Latencies first;
  for (const std::size_t tenant : tenants) TimeSearch(corpus, database.get(), tenant, &first);
  ReportLatency("tenants_first_search", first, report);
  Latencies again;
  for (const std::size_t tenant : tenants) TimeSearch(corpus, database.get(), tenant, &again);
  ReportLatency("tenants_search", again, report);

  for (std::size_t tenant = 0; tenant < collections; ++tenant) {
    TimeSearch(corpus, database.get(), tenant, &again);
  }
  report->Figure("tenants_resident_after_all_searched", ResidentMegabytes() - before, "MB",
                 AtMost(1000));
}

void Run(BenchReport* report) {
  std::size_t collections = report->quick() ? kQuickCollections : kCollections;
  if (const auto& asked = report->Flag("--collections")) collections = std::stoul(*asked);
  const Corpus corpus = LoadCorpus(kDocuments);
  DescribeCorpus(corpus, report);
  report->SetUp("collections", collections);
  report->SetUp("chunks", kChunks);
  if (const auto& served = report->Flag("--serve")) {
    return Serve(corpus, *served, collections, report);
  }
  const TemporaryDirectory directory;
  const Timer building;
  BuildTenants(corpus, directory / "db", collections);
  report->Figure("tenants_created_and_filled",
                 static_cast<double>(collections) / building.WallSeconds(), "collections/s",
                 std::nullopt,
                 {{"by_cpu_time", static_cast<double>(collections) / building.CpuSeconds()}});
  std::vector<std::string> arguments = {"--serve", directory / "db", "--collections",
                                        std::to_string(collections)};
  if (report->quick()) arguments.push_back("--quick");
  if (report->check()) arguments.push_back("--check");
  report->TakeExitCode(RunAgain(std::move(arguments)));
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run, {"--collections", "--serve"});
}
