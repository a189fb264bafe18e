// How fast documents and vectors get in, and how soon a database answers after it is opened: see
// README.md.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_report.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kQuickDocuments = 200;

/// Repeats of one figure, by the clock and by processor time.
class Rates {
 public:
  void Add(double count, const Timer& timer) {
    by_clock_.push_back(count / timer.WallSeconds());
    by_cpu_.push_back(count / timer.CpuSeconds());
  }
  void Report(BenchReport* report, std::string_view name, std::string_view unit,
              std::optional<Goal> goal) const {
    report->Figure(name, Median(by_clock_), unit, goal,
                   {{"by_cpu_time", Median(by_cpu_)}, {"durability", "async"}});
  }

 private:
  std::vector<double> by_clock_;
  std::vector<double> by_cpu_;
};

Collection CreateCollection(const Corpus& corpus, Database* database) {
  return Must(database->CreateCollection("chunks", SchemaOf(corpus)));
}

/// Opens, finds the collection and answers one query, several times; milliseconds.
std::vector<double> TimeReopens(const Corpus& corpus, const std::string& path,
                                std::size_t repeats) {
  std::vector<double> milliseconds;
  for (std::size_t i = 0; i < repeats; ++i) {
    const Timer timer;
    auto database = Must(Database::Open(path));
    const Collection collection = Must(database->GetCollection("chunks"));
    SearchRequest request;
    request.vector = corpus.queries.Row(i % corpus.queries.rows);
    if (Must(collection.Search(request)).hits.empty()) throw std::runtime_error("no hits");
    milliseconds.push_back(timer.WallSeconds() * 1e3);
    Must(database->Close());
  }
  return milliseconds;
}

void PutDocumentsFigure(const Corpus& corpus, BenchReport* report) {
  Rates rates;
  std::vector<double> reopens;
  double disk_bytes = 0;
  for (std::size_t i = 0; i < report->repeats(); ++i) {
    const TemporaryDirectory directory;
    auto database = Must(Database::Open(directory / "db"));
    Collection collection = CreateCollection(corpus, database.get());
    const Timer timer;
    PutAll(corpus, &collection);
    rates.Add(static_cast<double>(corpus.vectors.rows), timer);
    Must(database->Close());
    for (double ms : TimeReopens(corpus, directory / "db", 3)) reopens.push_back(ms);
    disk_bytes =
        static_cast<double>(Must(Must(Database::Open(directory / "db"))->Stats()).disk_bytes);
  }
  rates.Report(report, "put_documents", "chunks/s", AtLeast(15'000));
  report->Figure("reopen_to_first_answer", Median(reopens), "ms");
  report->Figure("disk_after_put_documents", disk_bytes / 1e6, "MB");
}

/// Each chunk as a loose vector with its text and its page's metadata.
struct LooseRows {
  std::vector<std::string> ids;
  std::vector<Metadata> metadata;
};

LooseRows MakeLooseRows(const Corpus& corpus) {
  LooseRows rows;
  for (const Document& document : corpus.documents) {
    for (std::size_t i = 0; i < document.chunks.size(); ++i) {
      rows.ids.push_back(document.id + "/" + std::to_string(i));
      rows.metadata.push_back(document.metadata);
      rows.metadata.back()["ordinal"] = static_cast<std::int64_t>(i);
    }
  }
  return rows;
}

void UpsertFigures(const Corpus& corpus, BenchReport* report) {
  const LooseRows rows = MakeLooseRows(corpus);
  UpsertRequest request;
  request.ids = rows.ids;
  request.metadata = rows.metadata;
  request.vectors[""] = corpus.vectors.values;
  Rates inserts;
  Rates same;
  for (std::size_t i = 0; i < report->repeats(); ++i) {
    const TemporaryDirectory directory;
    auto database = Must(Database::Open(directory / "db"));
    Collection collection = CreateCollection(corpus, database.get());
    const Timer inserting;
    Must(collection.Upsert(request));
    inserts.Add(static_cast<double>(rows.ids.size()), inserting);
    const Timer repeating;
    Must(collection.Upsert(request));
    same.Add(static_cast<double>(rows.ids.size()), repeating);
  }
  inserts.Report(report, "upsert", "vectors/s", std::nullopt);
  same.Report(report, "upsert_unchanged", "vectors/s", std::nullopt);
}

void Run(BenchReport* report) {
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  PutDocumentsFigure(corpus, report);
  UpsertFigures(corpus, report);
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run);
}
