// What reads of a database as it was cost, beside those of the database as it is: see README.md.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_report.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kQuickDocuments = 300;
constexpr std::size_t kSearches = 1000;
constexpr std::size_t kQuickSearches = 20;

class SnapshotBench {
 public:
  SnapshotBench(const Corpus& corpus, BenchReport* report)
      : corpus_(corpus),
        report_(report),
        database_(Must(Database::Open(directory_ / "db"))),
        collection_(Must(database_->CreateCollection("chunks", SchemaOf(corpus)))) {
    PutAll(corpus, &collection_);
    Must(database_->Compact());
    report->SetUp("chunks", corpus.vectors.rows);
  }

  void Run() {
    Timer taking;
    Must(database_->Snapshot("then"));
    report_->Figure("snapshot", taking.WallSeconds() * 1e6, "us");
    Must(collection_.DeleteDocument(corpus_.documents.front().id));
    SearchFigure("search_now", collection_);
    const auto first = Must(database_->At("then"));
    const Collection then = FirstReadFigure("snapshot_first_read", *first);
    SearchFigure("snapshot_search", then);
    const auto second = Must(database_->At("then"));
    FirstReadFigure("snapshot_first_read_of_another_handle", *second);
    Must(second->Close());
    Must(first->Close());
    const auto later = Must(database_->At("then"));
    FirstReadFigure("snapshot_first_read_after_all_were_closed", *later);
  }

 private:
  SearchResponse Search(const Collection& collection, std::size_t query) const {
    SearchRequest request;
    request.vector = corpus_.queries.Row(query % corpus_.queries.rows);
    request.k = 10;
    SearchResponse response = Must(collection.Search(request));
    if (response.hits.empty()) throw std::runtime_error("no hits");
    return response;
  }

  Collection FirstReadFigure(const std::string& name, Database& database) {
    const Timer timer;
    Collection collection = Must(database.GetCollection("chunks"));
    Search(collection, 0);
    report_->Figure(name, timer.WallSeconds() * 1e3, "ms");
    return collection;
  }

  void SearchFigure(const std::string& name, const Collection& collection) {
    std::vector<double> micros;
    const std::size_t searches = report_->quick() ? kQuickSearches : kSearches;
    for (std::size_t i = 0; i < searches; ++i) {
      const Timer timer;
      Search(collection, i);
      micros.push_back(timer.WallSeconds() * 1e6);
    }
    report_->Figure(name + "_p50", Percentile(micros, 0.5), "us");
    report_->Figure(name + "_p99", Percentile(micros, 0.99), "us");
  }

  const Corpus& corpus_;
  BenchReport* report_;
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  Collection collection_;
};

void Run(BenchReport* report) {
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  SnapshotBench(corpus, report).Run();
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run);
}
