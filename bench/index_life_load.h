#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "bench/index_life.h"
#include "bench/open_loop.h"

namespace tracevec::bench {

/// Unbuilt rows and segments over time, looked at by a thread of its own.
class BacklogSampler {
 public:
  BacklogSampler(const Collection& collection, std::chrono::milliseconds interval);

  /// Ends the sampling. The rest is called after it.
  void Finish();
  const std::vector<double>& backlogs() const { return backlogs_; }
  double Most() const;
  /// How much larger the backlog is in the last third than in the first; near 0 where it is flat.
  double Growth() const;
  /// Some 60 of the backlogs, for a report.
  std::vector<double> OverTime() const;
  std::uint64_t most_segments() const { return most_segments_; }

 private:
  std::vector<double> backlogs_;
  std::uint64_t most_segments_ = 0;
  std::jthread thread_;
};

/// Writes the rows of the data in turn, one a call. After the last one it goes on with id 0, which
/// gets the vector of the row after its own, and so on: every write changes something.
class RowWriter {
 public:
  RowWriter(const FloatMatrix& base, Collection* collection)
      : base_(base), collection_(collection) {}

  void WriteNext();
  std::size_t written() const { return written_; }

 private:
  const FloatMatrix& base_;
  Collection* collection_;
  std::size_t written_ = 0;
};

/// Searches at a fixed rate (--search-rate, --pin), beside other work or alone.
class Searcher {
 public:
  struct Found {
    OpenLoopRun latencies;
    std::vector<double> window_p99;  ///< In order.
    double null_loop_p99_micros = 0;
    /// Of pairs of a search and an exact one right after it: which query, and its recall.
    std::vector<std::pair<std::size_t, double>> recalls;
  };

  Searcher(const Collection& collection, const FloatMatrix& queries, const BenchReport& report);

  /// On a thread of its own, for so many seconds.
  std::future<Found> Start(double seconds) const;

  double rate() const { return rate_; }
  int processor() const { return processor_; }

 private:
  SearchResponse Search(std::size_t query, bool exact) const;
  void RunWindow(double seconds, Found* found) const;
  void CompareOne(Found* found) const;

  const Collection collection_;
  const FloatMatrix& queries_;
  double rate_;
  int processor_;  ///< -1: any.
};

/// Writes at the rate of --rate for --seconds, while a Searcher runs.
void RunAtRate(const VectorData& data, BenchReport* report);

/// All insertions into graphs so far, for each of the rows written.
void ReportInsertions(const CollectionStats& stats, std::size_t written, BenchReport* report);

}  // namespace tracevec::bench
