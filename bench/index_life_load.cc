#include "bench/index_life_load.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tracevec::bench {
namespace {

constexpr double kSearchRate = 100;
/// Latencies are measured for most of a window. In the rest of it recall is, since an exact search
/// keeps a processor busy for milliseconds, which the others would feel.
constexpr double kWindowSeconds = 20;
constexpr double kLatencyShare = 0.9;
/// Backlogs printed; of more samples every n-th is.
constexpr std::size_t kBacklogsPrinted = 60;

}  // namespace

BacklogSampler::BacklogSampler(const Collection& collection, std::chrono::milliseconds interval)
    : thread_([this, collection, interval](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const CollectionStats stats = Must(collection.Stats());
          backlogs_.push_back(static_cast<double>(stats.unbuilt_chunks));
          most_segments_ = std::max(most_segments_, stats.segments);
          std::this_thread::sleep_for(interval);
        }
      }) {}

void BacklogSampler::Finish() {
  thread_.request_stop();
  thread_.join();
}

double BacklogSampler::Most() const {
  return backlogs_.empty() ? 0 : *std::max_element(backlogs_.begin(), backlogs_.end());
}

double BacklogSampler::Growth() const {
  const auto third = static_cast<std::ptrdiff_t>(backlogs_.size() / 3);
  if (third == 0) return 0;
  return Median({backlogs_.end() - third, backlogs_.end()}) -
         Median({backlogs_.begin(), backlogs_.begin() + third});
}

std::vector<double> BacklogSampler::OverTime() const {
  const std::size_t step = backlogs_.size() / kBacklogsPrinted + 1;
  std::vector<double> kept;
  for (std::size_t i = 0; i < backlogs_.size(); i += step) kept.push_back(backlogs_[i]);
  return kept;
}

void RowWriter::WriteNext() {
  const std::size_t id = written_ % base_.rows;
  const std::size_t round = written_ / base_.rows;
  UpsertOne(id, base_.Row((id + round) % base_.rows), collection_);
  ++written_;
}

Searcher::Searcher(const Collection& collection, const FloatMatrix& queries,
                   const BenchReport& report)
    : collection_(collection),
      queries_(queries),
      rate_(NumberFlag(report, "--search-rate", kSearchRate)),
      processor_(static_cast<int>(NumberFlag(report, "--pin", -1))) {}

std::future<Searcher::Found> Searcher::Start(double seconds) const {
  return std::async(std::launch::async, [this, seconds] {
    if (processor_ >= 0) PinThread(processor_);
    Found found;
    found.null_loop_p99_micros = IdleP99Micros();
    const double windows = std::ceil(seconds / kWindowSeconds);
    for (double window = 0; window < windows; ++window) RunWindow(seconds / windows, &found);
    return found;
  });
}

SearchResponse Searcher::Search(std::size_t query, bool exact) const {
  SearchRequest request;
  request.vector = queries_.Row(query);
  request.k = kRecallK;
  request.exact = exact;
  return Must(collection_.Search(request));
}

void Searcher::RunWindow(double seconds, Found* found) const {
  const std::size_t first = found->latencies.from_intended.size();
  const OpenLoopRun run = RunOpenLoop(rate_, kLatencyShare * seconds, [&](std::size_t i) {
    Search((first + i) % queries_.rows, false);
  });
  if (!run.from_intended.empty()) {
    found->window_p99.push_back(std::round(Percentile(run.from_intended, 0.99)));
  }
  found->latencies.Append(run);
  const Timer timer;
  while (timer.WallSeconds() < (1 - kLatencyShare) * seconds) CompareOne(found);
}

/// The exact search may see a row more. That this one is among the 10 nearest of the many is so
/// rare that the figure does not have it.
void Searcher::CompareOne(Found* found) const {
  const auto split = [](const SearchResponse& response) {
    std::pair<std::vector<std::string>, std::vector<float>> parts;
    for (const Hit& hit : response.hits) {
      parts.first.push_back(hit.id);
      parts.second.push_back(hit.score);
    }
    return parts;
  };
  const std::size_t query = found->recalls.size() % queries_.rows;
  const auto [ids, scores] = split(Search(query, false));
  const auto [exact_ids, exact_scores] = split(Search(query, true));
  found->recalls.emplace_back(query, RecallOf(ids, scores, exact_scores));
}

void ReportInsertions(const CollectionStats& stats, std::size_t written, BenchReport* report) {
  report->Figure("stream_graph_insertions",
                 static_cast<double>(stats.graph_insertions) / static_cast<double>(written),
                 "per vector", AtMost(3.5),
                 {{"written", written}, {"segments_built", stats.segments_built}});
}

}  // namespace tracevec::bench
