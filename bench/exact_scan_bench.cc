// How near the exact scan comes to what memory can deliver, and what the int8 scan gains over it:
// see README.md.

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
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

constexpr std::size_t kQuickDocuments = 200;
constexpr std::size_t kPairs = 200;
constexpr std::size_t kRounds = 15;
constexpr std::size_t kQueriesARound = 10;
constexpr std::size_t kRecallQueries = 300;
constexpr std::size_t kBatchQueries = 500;
constexpr std::uint32_t kK = 10;

using FourFloats [[gnu::vector_size(16)]] = float;

/// A copy of the vectors in huge pages, and its plain sum: the most that one core can read. Sums
/// over 32 and 64 bytes at a time were no quicker.
class PlainSum {
 public:
  explicit PlainSum(const std::vector<float>& values) : floats_(values.size() / kStep * kStep) {
    constexpr std::size_t kHugePage = std::size_t{2} << 20;
    const std::size_t bytes =
        (values.size() * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
    memory_.reset(static_cast<float*>(std::aligned_alloc(kHugePage, bytes)));
    if (memory_ == nullptr) throw std::bad_alloc();
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);
    std::memcpy(memory_.get(), values.data(), values.size() * sizeof(float));
  }

  /// Gigabytes a second of one pass.
  double Run() const {
    const Timer timer;
    FourFloats sums[kSums] = {};
    for (std::size_t i = 0; i < floats_; i += kStep) {
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kSums; ++k) {
        FourFloats values;
        std::memcpy(&values, memory_.get() + i + k * kLanes, sizeof(values));
        sums[k] += values;
      }
    }
    asm volatile("" : : "m"(sums));
    return static_cast<double>(floats_ * sizeof(float)) / timer.WallSeconds() / 1e9;
  }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  static constexpr std::size_t kSums = 8;
  static constexpr std::size_t kLanes = sizeof(FourFloats) / sizeof(float);
  static constexpr std::size_t kStep = kSums * kLanes;
  std::size_t floats_;
  std::unique_ptr<float, Free> memory_;
};

SearchRequest RequestOf(const Corpus& corpus, std::size_t query, bool exact, bool with_content) {
  SearchRequest request;
  request.vector = corpus.queries.Row(query % corpus.queries.rows);
  request.k = kK;
  request.exact = exact;
  request.with_content = with_content;
  return request;
}

/// Queries a second, one query a call.
double TimeSearches(const Corpus& corpus, const Collection& collection, std::size_t first,
                    bool exact, bool with_content) {
  const Timer timer;
  for (std::size_t i = 0; i < kQueriesARound; ++i) {
    Must(collection.Search(RequestOf(corpus, first + i, exact, with_content)));
  }
  return static_cast<double>(kQueriesARound) / timer.WallSeconds();
}

/// The exact scan beside the plain sum, in turn: memory varies by 10 % from second to second, and
/// by far more where others use it.
void ExactFigures(const Corpus& corpus, const Collection& collection, BenchReport* report) {
  const PlainSum sum(corpus.vectors.values);
  const double gigabytes = static_cast<double>(corpus.vectors.values.size() * sizeof(float)) / 1e9;
  std::vector<double> shares;
  std::vector<double> scan_rates;
  std::vector<double> sum_rates;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    sum_rates.push_back(sum.Run());
    const Timer timer;
    Must(collection.Search(RequestOf(corpus, pair, true, false)));
    scan_rates.push_back(gigabytes / timer.WallSeconds());
    shares.push_back(100 * scan_rates.back() / sum_rates.back());
  }
  report->Figure("exact_search_share_of_plain_sum", Median(shares), "%", AtLeast(70),
                 {{"pairs", kPairs},
                  {"lower_quartile", Percentile(shares, 0.25)},
                  {"upper_quartile", Percentile(shares, 0.75)}});
  report->Figure("exact_search_bandwidth", Median(scan_rates), "GB/s");
  report->Figure("plain_sum_bandwidth", Median(sum_rates), "GB/s");
}

void SingleFigures(const Corpus& corpus, const Collection& collection, BenchReport* report) {
  std::vector<double> exact;
  std::vector<double> codes;
  std::vector<double> codes_with_content;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t first = round * kQueriesARound;
    exact.push_back(TimeSearches(corpus, collection, first, true, false));
    codes.push_back(TimeSearches(corpus, collection, first, false, false));
    codes_with_content.push_back(TimeSearches(corpus, collection, first, false, true));
  }
  report->Figure("exact_search", Median(exact), "queries/s");
  report->Figure("code_search", Median(codes), "queries/s");
  report->Figure("code_search_with_content", Median(codes_with_content), "queries/s");
}

BatchResponse Batch(const Corpus& corpus, const Collection& collection, std::size_t queries,
                    std::uint32_t threads, bool exact) {
  BatchRequest request;
  request.vectors = std::span(corpus.queries.values)
                        .first(std::min(queries, corpus.queries.rows) * corpus.queries.dimension);
  request.k = kK;
  request.threads = threads;
  request.exact = exact;
  return Must(collection.SearchBatch(request));
}

/// The share of places whose score is as good as the exact one: equal scores count as right.
double Recall(const BatchResponse& found, const BatchResponse& truth) {
  std::size_t right = 0;
  for (std::size_t first = 0; first < truth.scores.size(); first += kK) {
    const float worst = truth.scores[first + kK - 1];
    for (std::size_t i = first; i < first + kK; ++i) right += found.scores[i] >= worst ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(truth.scores.size());
}

void BatchFigures(const Corpus& corpus, const Collection& collection, BenchReport* report) {
  const double recall = Recall(Batch(corpus, collection, kRecallQueries, 1, false),
                               Batch(corpus, collection, kRecallQueries, 1, true));
  report->Figure("code_search_recall_at_10", recall, "share of exact");
  for (const std::uint32_t threads : {1U, 2U}) {
    if (threads > 1) UnpinProcessor();
    std::vector<double> rates;
    for (std::size_t i = 0; i < report->repeats(); ++i) {
      const Timer timer;
      const BatchResponse response = Batch(corpus, collection, kBatchQueries, threads, false);
      rates.push_back(static_cast<double>(response.ids.size() / kK) / timer.WallSeconds());
    }
    report->Figure("code_search_batch_" + std::to_string(threads) + "_threads", Median(rates),
                   "queries/s", std::nullopt, {{"threads", threads}});
  }
  PinToFirstProcessor();
}

void Run(BenchReport* report) {
  const Corpus corpus = LoadCorpus(report->quick() ? kQuickDocuments : SIZE_MAX);
  DescribeCorpus(corpus, report);
  report->SetUp("k", kK);
  const TemporaryDirectory directory;
  auto database = Must(Database::Open(directory / "db"));
  Collection collection = Must(database->CreateCollection("chunks", SchemaOf(corpus)));
  PutAll(corpus, &collection);
  ExactFigures(corpus, collection, report);
  SingleFigures(corpus, collection, report);
  BatchFigures(corpus, collection, report);
}

}  // namespace
}  // namespace tracevec::bench

int main(int argc, char** argv) {
  return tracevec::bench::RunBench(argc, argv, tracevec::bench::Run);
}
