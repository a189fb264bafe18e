// How fast a stored page is brought to a new state: see README.md.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
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

constexpr std::size_t kPageChunks = 40;
constexpr std::size_t kChangedChunks = 2;
constexpr std::size_t kCalls = 3000;
constexpr std::size_t kQuickDocuments = 400;
constexpr std::size_t kQuickCalls = 100;
constexpr std::uint64_t kSeed = 7;

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

/// The pages of 40 chunks and more, cut after the 40th. ASCII alone, so that an edit can treat
/// spans as bytes.
std::vector<Document> MakePages(const Corpus& corpus) {
  std::vector<Document> pages;
  for (const Document& document : corpus.documents) {
    if (document.chunks.size() < kPageChunks || !IsAscii(document.text)) continue;
    pages.push_back(document);
    pages.back().chunks.resize(kPageChunks);
    pages.back().text.resize(pages.back().chunks.back().span->end);
  }
  if (pages.empty()) throw std::runtime_error("the data has no page of 40 chunks");
  return pages;
}

/// Writes a word into two chunks. What stands behind them moves, as in a real edit.
void Edit(std::size_t revision, std::mt19937_64* random, Document* page) {
  const std::string word = "revision" + std::to_string(revision) + " ";
  constexpr std::size_t kPart = kPageChunks / kChangedChunks;
  for (std::size_t part = 0; part < kChangedChunks; ++part) {
    const std::size_t changed = part * kPart + (*random)() % kPart;
    page->text.insert(page->chunks[changed].span->start, word);
    page->chunks[changed].span->end += word.size();
    for (std::size_t later = changed + 1; later < kPageChunks; ++later) {
      page->chunks[later].span->start += word.size();
      page->chunks[later].span->end += word.size();
    }
  }
}

/// Calls that were timed one by one.
struct Timings {
  std::vector<double> micros;
  double cpu_seconds = 0;

  void Add(const Timer& timer) {
    micros.push_back(timer.WallSeconds() * 1e6);
    cpu_seconds += timer.CpuSeconds();
  }
  void Report(BenchReport* report, const std::string& name, std::optional<Goal> goal) const {
    double total = 0;
    for (double one : micros) total += one;
    const auto calls = static_cast<double>(micros.size());
    report->Figure(name, calls * 1e6 / total, "pages/s", goal,
                   {{"by_cpu_time", calls / cpu_seconds}, {"by_median", 1e6 / Median(micros)}});
    const nlohmann::ordered_json idle = {{"idle_p99_us", IdleP99Micros()}};
    report->Figure(name + "_p50", Percentile(micros, 0.5), "us", std::nullopt, idle);
    report->Figure(name + "_p99", Percentile(micros, 0.99), "us", std::nullopt, idle);
  }
  double P99ToP50() const { return Percentile(micros, 0.99) / Percentile(micros, 0.5); }
};

/// Searches one after the other, on the last processor, until it is gone.
class Reader {
 public:
  Reader(const Collection& collection, const FloatMatrix& queries)
      : thread_([collection, &queries](const std::stop_token& stop) {
          PinThread(static_cast<int>(std::thread::hardware_concurrency()) - 1);
          for (std::size_t i = 0; !stop.stop_requested(); ++i) {
            SearchRequest request;
            request.vector = queries.Row(i % queries.rows);
            Must(collection.Search(request));
          }
        }) {}

 private:
  std::jthread thread_;
};

class UpdateBench {
 public:
  UpdateBench(const Corpus& corpus, BenchReport* report)
      : corpus_(corpus),
        report_(report),
        database_(Must(Database::Open(directory_ / "db"))),
        collection_(Must(database_->CreateCollection("chunks", SchemaOf(corpus)))),
        pages_(MakePages(corpus)) {
    PutAll(corpus, &collection_);
    embedding_.embed[""] = EmbedderOf(corpus);
    Must(collection_.PutDocuments(
        pages_, {.put = embedding_, .vectors_of = {}, .sparse_vectors_of = {}, .progress = {}}));
    report->SetUp("durability", "async");
    report->SetUp("page_chunks", kPageChunks);
    report->SetUp("pages", pages_.size());
    report->SetUp("calls", Calls());
  }

  void Run() {
    // The vectors of two chunks, made by an embedder.
    const std::string name = "put_document_2_of_40_changed";
    Update(embedding_).Report(report_, name, AtLeast(5'000));
    // The vectors of all 40, given: each is checked.
    PutOptions given;
    given.vectors[""] =
        std::span(corpus_.vectors.values).first(kPageChunks * corpus_.vectors.dimension);
    Update(given).Report(report_, name + "_all_vectors_given", std::nullopt);
    UnchangedFigure();
    if (std::thread::hardware_concurrency() < 2) return;
    const Reader reader(collection_, corpus_.queries);
    const Timings beside = Update(embedding_);
    beside.Report(report_, name + "_beside_a_reader", std::nullopt);
    report_->Figure(name + "_beside_a_reader_p99_to_p50", beside.P99ToP50(), "times", AtMost(3));
  }

 private:
  std::size_t Calls() const { return report_->quick() ? kQuickCalls : kCalls; }

  Timings Update(const PutOptions& options) {
    Timings timings;
    for (std::size_t i = 0; i < Calls(); ++i) {
      Document& page = pages_[i % pages_.size()];
      Edit(++revision_, &random_, &page);
      const Timer timer;
      const PutResult result = Must(collection_.PutDocument(page, options));
      timings.Add(timer);
      if (result.added != kChangedChunks || result.kept != kPageChunks - kChangedChunks) {
        throw std::runtime_error(page.id + ": not 2 of 40 chunks changed");
      }
    }
    return timings;
  }

  void UnchangedFigure() {
    Timings timings;
    for (std::size_t i = 0; i < 3 * Calls(); ++i) {
      const Document& page = pages_[i % pages_.size()];
      const Timer timer;
      const PutResult result = Must(collection_.PutDocument(page, embedding_));
      timings.Add(timer);
      if (!result.unchanged) throw std::runtime_error(page.id + ": changed");
    }
    timings.Report(report_, "put_document_unchanged", AtLeast(30'000));
  }

  const Corpus& corpus_;
  BenchReport* report_;
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  Collection collection_;
  std::vector<Document> pages_;
  PutOptions embedding_;
  std::mt19937_64 random_{kSeed};
  std::size_t revision_ = 0;
};

void Run(BenchReport* report) {
  UnpinProcessor();  // The store's and the builder's threads have the other processor.
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  UpdateBench(corpus, report).Run();
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run);
}
