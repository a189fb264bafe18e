// What a query costs through a pipeline without callbacks, beside its two searches alone; and what
// further phrasings cost. See README.md.
//     --database FOLDER      where the data is loaded to, and found by the next run

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/bench_data.h"
#include "bench/bench_report.h"
#include "tests/shared_data.h"
#include "tests/temporary_directory.h"
#include "tracevec/tracevec.h"

namespace tracevec::bench {
namespace {

constexpr std::size_t kQuickDocuments = 100;
constexpr std::size_t kQueries = 2000;
constexpr std::size_t kQuickQueries = 20;
constexpr std::size_t kPhrasings = 8;

/// Texts of queries, one a query vector: those of cppdocs, or the beginnings of generated chunks.
std::vector<std::string> QueryTexts(const Corpus& corpus) {
  std::vector<std::string> texts;
  if (const auto path = SharedDataPath("cppdocs/queries.jsonl.gz")) {
    JsonlGzReader reader(*path);
    while (const auto row = reader.Next()) texts.push_back(row->at("text").get<std::string>());
  } else {
    for (const Document& document : corpus.documents) texts.push_back(document.text.substr(0, 40));
  }
  texts.resize(std::min(texts.size(), corpus.queries.rows));
  return texts;
}

class PipelineBench {
 public:
  PipelineBench(const Corpus& corpus, BenchReport* report)
      : corpus_(corpus), report_(report), texts_(QueryTexts(corpus)) {
    const std::string path = report_->Flag("--database").value_or(directory_ / "db");
    const bool is_loaded = std::filesystem::exists(path);
    database_ = Must(Database::Open(path));
    if (is_loaded) {
      collection_.emplace(Must(database_->GetCollection("pages")));
      return;
    }
    CollectionSchema schema = SchemaOf(corpus);
    schema.text = TextField{};
    collection_.emplace(Must(database_->CreateCollection("pages", schema)));
    PutAll(corpus, &*collection_);
    UnpinProcessor();
    Must(database_->Compact());
    PinToFirstProcessor();
  }

  void Run() {
    MeasureSearches();
    MeasurePipeline();
    const double one = MeasurePhrasings(1);
    const double eight = MeasurePhrasings(kPhrasings);
    report_->Figure("eight_phrasings_to_one", eight / one, "times", AtMost(6));
  }

 private:
  DenseSource SourceOf(std::size_t query) const {
    DenseSource dense;
    const auto vector = corpus_.queries.Row(query);
    dense.vector.assign(vector.begin(), vector.end());
    return dense;
  }

  /// Asks each query once, after some to warm up. `ask` gives what it took.
  template <typename Ask>
  std::vector<double> MicrosOf(const Ask& ask) const {
    const std::size_t queries = report_->quick() ? kQuickQueries : kQueries;
    std::vector<double> micros;
    for (std::size_t i = 0; i < queries / 10; ++i) ask(i % texts_.size());
    for (std::size_t i = 0; i < queries; ++i) micros.push_back(ask(i % texts_.size()));
    return micros;
  }

  void MeasureSearches() {
    const auto micros = MicrosOf([&](std::size_t i) {
      SearchRequest request;
      request.vector = corpus_.queries.Row(i);
      request.text = texts_[i];
      request.k = 100;
      request.with_content = false;
      const Timer timer;
      Must(collection_->Search(request));
      return timer.WallSeconds() * 1e6;
    });
    report_->Figure("hybrid_search_p50", Percentile(micros, 0.5), "us");
    report_->Figure("hybrid_search_p99", Percentile(micros, 0.99), "us");
  }

  /// Hybrid, dedup, combine, and a budget to 8 passages.
  void MeasurePipeline() {
    std::vector<double> after_sources;
    std::size_t passages = 0;
    const auto micros = MicrosOf([&](std::size_t i) {
      const PipelineQuery query = collection_->Query(texts_[i])
                                      .Dense(SourceOf(i))
                                      .Lexical()
                                      .Dedup()
                                      .Combine()
                                      .Limit(8)
                                      .Budget(4000);
      const Timer timer;
      const PipelineResponse response = Must(query.Run());
      const double took = timer.WallSeconds() * 1e6;
      after_sources.push_back(AfterSources(response.receipt));
      passages += response.passages.size();
      return took;
    });
    if (passages == 0) throw std::runtime_error("no passages");
    report_->Figure("pipeline_p50", Percentile(micros, 0.5), "us", AtMost(1000));
    report_->Figure("pipeline_p99", Percentile(micros, 0.99), "us", AtMost(3000));
    report_->Figure("pipeline_stages_p50", Percentile(after_sources, 0.5), "us", AtMost(500));
  }

  /// What the steps after the fusion took.
  static double AfterSources(const Receipt& receipt) {
    double micros = 0;
    bool after = false;
    for (const ReceiptStage& stage : receipt.stages) {
      if (after) micros += stage.micros;
      after = after || stage.name == "fuse";
    }
    return micros;
  }

  /// The median of hybrid queries of so many phrasings, which are the queries that follow.
  double MeasurePhrasings(std::size_t phrasings) {
    std::size_t query = 0;
    ExpandStep expand;
    expand.callback = [&](std::string_view) -> Result<std::vector<std::string>> {
      std::vector<std::string> more;
      for (std::size_t p = 1; p < phrasings; ++p) {
        more.push_back(texts_[(query + p) % texts_.size()]);
      }
      return more;
    };
    DenseSource dense;
    dense.embed = [&](std::span<const std::string> texts) -> Result<std::vector<float>> {
      std::vector<float> rows;
      for (std::size_t p = 0; p < texts.size(); ++p) {
        const auto row = corpus_.queries.Row((query + p) % texts_.size());
        rows.insert(rows.end(), row.begin(), row.end());
      }
      return rows;
    };
    const auto micros = MicrosOf([&](std::size_t i) {
      query = i;
      PipelineQuery asked = collection_->Query(texts_[i]).Dense(dense).Lexical().Limit(10);
      if (phrasings > 1) asked = PipelineQuery(*collection_, texts_[i], Expanded(expand, dense));
      const Timer timer;
      Must(asked.Run());
      return timer.WallSeconds() * 1e6;
    });
    const double median = Percentile(micros, 0.5);
    report_->Figure("phrasings_p50", median, "us", std::nullopt, {{"phrasings", phrasings}});
    return median;
  }

  static Pipeline Expanded(const ExpandStep& expand, const DenseSource& dense) {
    return Pipeline().Expand(expand).Dense(dense).Lexical().Limit(10);
  }

  const Corpus& corpus_;
  BenchReport* report_;
  const std::vector<std::string> texts_;
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::optional<Collection> collection_;
};

void Run(BenchReport* report) {
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  PipelineBench(corpus, report).Run();
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run, {"--database"});
}
