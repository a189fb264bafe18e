#include "index/graph_probe.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <vector>

#include "index/graph_search.h"

namespace tracevec {
namespace {

constexpr std::size_t kProbes = 256;
constexpr std::size_t kNearest = 10;
/// The share of the nearest rows to find: 0.95 and what 2,560 of them are often off by. A graph
/// without a row is a little worse around it than one that never had it, so queries that are no
/// rows find more: 0.967 on 339,479 x 100 (GloVe), where this chooses 256.
constexpr double kWanted = 0.955;
constexpr std::array<std::uint32_t, 14> kWidths = {32,  48,  64,  80,  96,  112, 128,
                                                   160, 192, 256, 320, 384, 512, 1024};

/// Makes probes. Rows are what queries are most likely like, but a row that is in the graph is too
/// easy a query: its nearest are its neighbours. Points between rows are too easy as well: on the
/// first 100,000 of GloVe they chose 32, and queries from all of it got a recall of 0.83.
class ProbeMaker {
 public:
  ProbeMaker(const CodeRows& rows, const std::uint8_t* present, const KernelTable& kernels)
      : rows_(rows), present_(present), kernels_(kernels), dots_(rows.rows) {}

  ProbedRow Make(std::uint32_t row) {
    const CodeQuery query(rows_, row);
    scores_.resize(rows_.rows);
    query.ScoreRange(rows_, 0, rows_.rows, kernels_, dots_.data(), scores_.data());
    std::size_t others = 0;
    for (std::uint32_t other = 0; other < rows_.rows; ++other) {
      if (present_[other] != 0 && other != row) scores_[others++] = scores_[other];
    }
    scores_.resize(others);
    const auto tenth = scores_.begin() + kNearest - 1;
    std::nth_element(scores_.begin(), tenth, scores_.end(), std::greater<>());
    return {row, *tenth};
  }

 private:
  const CodeRows& rows_;
  const std::uint8_t* present_;
  const KernelTable& kernels_;
  std::vector<std::int32_t> dots_;
  std::vector<float> scores_;
};

std::vector<ProbedRow> MakeProbes(const CodeRows& rows, const std::uint8_t* present,
                                  const KernelTable& kernels, const BuildStop& stop) {
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (present[row] != 0) candidates.push_back(row);
  }
  std::vector<ProbedRow> probes;
  if (candidates.size() <= kNearest) return probes;
  ProbeMaker maker(rows, present, kernels);
  const std::size_t count = std::min(kProbes, candidates.size());
  for (std::size_t i = 0; i < count; ++i) {
    CheckStop(stop);
    probes.push_back(maker.Make(candidates[i * candidates.size() / count]));
  }
  return probes;
}

}  // namespace

WidthProbe::WidthProbe(const CodeRows& rows, const std::uint8_t* present,
                       const KernelTable& kernels, const BuildStop& stop)
    : rows_(rows),
      kernels_(kernels),
      stop_(stop),
      probes_(MakeProbes(rows, present, kernels, stop)) {}

std::uint32_t WidthProbe::WidthOf(const GraphView& graph) const {
  GraphSearcher searcher;
  GraphCounts counts;
  for (const std::uint32_t ef : kWidths) {
    CheckStop(stop_);
    std::size_t found = 0;
    for (const ProbedRow& probe : probes_) {
      std::size_t hits = 0;
      for (const Candidate& candidate : searcher.Search(graph, rows_, CodeQuery(rows_, probe.row),
                                                        kernels_, ef, &counts, probe.row)) {
        hits += candidate.row != probe.row && candidate.score >= probe.tenth;
      }
      found += std::min(hits, kNearest);
    }
    const auto wanted = static_cast<double>(probes_.size() * kNearest) * kWanted;
    if (static_cast<double>(found) >= wanted) return ef;
  }
  return kWidths.back();
}

}  // namespace tracevec
