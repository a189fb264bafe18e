#include "index/graph_probe.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "index/graph_search.h"

namespace tracevec {
namespace {

constexpr std::size_t kProbes = 128;
constexpr std::size_t kNearest = 10;
constexpr std::size_t kFiftieth = 50;
constexpr double kWanted = 0.985;
constexpr std::array<std::uint32_t, 10> kWidths = {32, 48, 64, 96, 128, 192, 256, 384, 512, 1024};

/// A query that is no row, and the score that one of its ten nearest rows has at least.
struct Probe {
  Int8Query query;
  float tenth = 0;
};

/// Makes probes. A row itself would be too easy a query: its nearest are its neighbours in the
/// graph. Halfway to its fiftieth nearest lies a point that is as likely as a row, and new.
class ProbeMaker {
 public:
  ProbeMaker(const CodeRows& rows, const std::uint8_t* present, const KernelTable& kernels)
      : rows_(rows), present_(present), kernels_(kernels), dots_(rows.rows) {}

  Probe Make(std::uint32_t row) {
    const std::uint32_t other = Ranked(Int8Query(rows_, row), kFiftieth).row;
    std::vector<float> between(rows_.dimension);
    for (std::uint32_t i = 0; i < rows_.dimension; ++i) {
      between[i] = (Component(row, i) + Component(other, i)) / 2;
    }
    Int8Query query(between.data(), between.size(), rows_.metric);
    const float tenth = Ranked(query, kNearest).score;
    return {std::move(query), tenth};
  }

 private:
  float Component(std::uint32_t row, std::uint32_t i) const {
    return rows_.scales[row] * static_cast<float>(std::int32_t{rows_.row(row)[i]} - 128);
  }

  /// The row of this rank, from 1, or the last one.
  Candidate Ranked(const Int8Query& query, std::size_t rank) {
    kernels_.dot_u8s8_rows(query.codes(), rows_.codes, rows_.stride, rows_.rows, rows_.dimension,
                           dots_.data());
    scored_.clear();
    for (std::uint32_t row = 0; row < rows_.rows; ++row) {
      if (present_[row] == 0) continue;
      scored_.push_back(
          {query.Score(rows_.scales[row], rows_.squared_norms[row], dots_[row]), row});
    }
    const auto at = scored_.begin() + static_cast<long>(std::min(rank, scored_.size()) - 1);
    std::nth_element(scored_.begin(), at, scored_.end(),
                     [](const Candidate& a, const Candidate& b) {
                       return a.score != b.score ? a.score > b.score : a.row < b.row;
                     });
    return *at;
  }

  const CodeRows& rows_;
  const std::uint8_t* present_;
  const KernelTable& kernels_;
  std::vector<std::int32_t> dots_;
  std::vector<Candidate> scored_;
};

std::vector<Probe> MakeProbes(const CodeRows& rows, const std::uint8_t* present,
                              const KernelTable& kernels, const BuildStop& stop) {
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    if (present[row] != 0) candidates.push_back(row);
  }
  std::vector<Probe> probes;
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

std::uint32_t ProbeDefaultEf(const CodeRows& rows, const std::uint8_t* present,
                             const GraphView& graph, const KernelTable& kernels,
                             const BuildStop& stop) {
  const std::vector<Probe> probes = MakeProbes(rows, present, kernels, stop);
  GraphSearcher searcher;
  GraphCounts counts;
  for (const std::uint32_t ef : kWidths) {
    CheckStop(stop);
    std::size_t found = 0;
    for (const Probe& probe : probes) {
      std::size_t hits = 0;
      for (const Candidate& candidate :
           searcher.Search(graph, rows, probe.query, kernels, ef, &counts)) {
        if (candidate.score >= probe.tenth) ++hits;
      }
      found += std::min(hits, kNearest);
    }
    const auto wanted = static_cast<double>(probes.size() * kNearest) * kWanted;
    if (static_cast<double>(found) >= wanted) return ef;
  }
  return kWidths.back();
}

}  // namespace tracevec
