// Which candidates become neighbours, against the definition; and several searches for rows at once
// against one after the other.

#include "index/graph_prune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "core/kernel_dispatch.h"
#include "index/graph_builder.h"
#include "index/row_searches.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDimension = 24;

/// Coded rows of random vectors.
class Rows {
 public:
  Rows(std::uint32_t rows, Metric metric, std::uint64_t seed)
      : block_(rows, {{kDimension, metric}}) {
    std::mt19937_64 random(seed);
    vectors_ = ClusteredVectors(rows, kDimension, random, 0.5F);
    for (std::uint32_t row = 0; row < rows; ++row) {
      block_.Append(IndexRow(row, 0, 1, {std::span(&vectors_[row * kDimension], kDimension)}));
    }
  }
  CodeRows codes() const { return block_.code_rows(0, block_.size()); }

 private:
  RowBlock block_;
  std::vector<float> vectors_;
};

/// RobustPrune as its paper has it: the nearest that is left is chosen, and drops what it is nearer
/// to by the factor than the row is. Nothing where rounding may decide.
std::optional<std::vector<std::uint32_t>> Definition(const RowScorer& scorer, float alpha,
                                                     std::vector<Candidate> left,
                                                     std::size_t most) {
  const float zero = scorer.rows().metric == Metric::kCosine ? 1 : 0;
  std::vector<std::uint32_t> chosen;
  bool is_close = false;
  while (!left.empty() && chosen.size() < most) {
    const std::uint32_t nearest = left.front().row;
    chosen.push_back(nearest);
    std::erase_if(left, [&](const Candidate& other) {
      if (other.row == nearest) return true;
      const float apart = alpha * (zero - scorer.Score(nearest, other.row));
      const float away = zero - other.score;
      is_close = is_close || std::abs(apart - away) < 1e-6F;
      return apart < away;
    });
  }
  if (is_close) return std::nullopt;
  return chosen;
}

class GraphPruneOfMetric : public testing::TestWithParam<Metric> {};

TEST_P(GraphPruneOfMetric, ChoosesWhatTheDefinitionChooses) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  const Rows rows(400, GetParam(), seed);
  for (const KernelTable* kernels : RunnableKernels()) {
    const RowScorer scorer(rows.codes(), *kernels);
    const float alpha = GetParam() == Metric::kIp ? 1.0F : 1.1F;
    Pruner pruner(scorer, *kernels, alpha);
    int compared = 0;
    for (int trial = 0; trial < 50; ++trial) {
      const auto row = static_cast<std::uint32_t>(random() % 400);
      std::vector<Candidate> candidates;
      for (std::size_t i = 0, count = random() % 200; i < count; ++i) {
        const auto other = static_cast<std::uint32_t>(random() % 400);
        if (other != row) candidates.push_back({scorer.Score(row, other), other});
      }
      SortUnique(&candidates);
      auto expected = Definition(scorer, alpha, candidates, Graph::kDegree);
      if (!expected) continue;
      ++compared;
      expected->resize(Graph::kDegree, kNoNode);
      std::vector<std::uint32_t> chosen(Graph::kDegree);
      pruner.Prune(candidates, chosen);
      ASSERT_EQ(chosen, *expected) << kernels->name << ", " << candidates.size() << " candidates";
    }
    EXPECT_GE(compared, 10) << kernels->name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GraphPruneOfMetric,
                         testing::Values(Metric::kCosine, Metric::kIp, Metric::kL2));

TEST(GraphPrune, MergingKeepsEachRowOnceInOrder) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (int trial = 0; trial < 200; ++trial) {
    // A row has one score, and many have the same.
    const auto candidate = [&] {
      const auto row = static_cast<std::uint32_t>(random() % 300);
      return Candidate{static_cast<float>(row * 7 % 50), row};
    };
    std::vector<Candidate> found;
    for (std::size_t i = 0, count = random() % 250; i < count; ++i) found.push_back(candidate());
    SortUnique(&found);
    std::vector<Candidate> others;
    for (std::size_t i = 0, count = random() % 64; i < count; ++i) others.push_back(candidate());
    const auto row = static_cast<std::uint32_t>(random() % 300);

    std::set<std::uint32_t> expected;
    for (const auto& list : {found, others}) {
      for (const Candidate& one : list) expected.insert(one.row);
    }
    expected.erase(row);
    std::vector<Candidate> merged;
    MergeUnique(found, row, &others, &merged);
    std::set<std::uint32_t> rows;
    for (const Candidate& one : merged) {
      rows.insert(one.row);
      EXPECT_EQ(one.score, static_cast<float>(one.row * 7 % 50));
    }
    EXPECT_EQ(rows, expected);
    EXPECT_EQ(merged.size(), expected.size()) << "a row is there twice";
    EXPECT_TRUE(
        std::is_sorted(merged.begin(), merged.end(),
                       [](const Candidate& a, const Candidate& b) { return a.score > b.score; }));
  }
}

TEST(GraphPrune, MergingKeepsNoMoreThanTheNearest) {
  std::vector<Candidate> found;
  for (std::uint32_t row = 0; row < kMostCandidates; ++row) {
    found.push_back({-2 * static_cast<float>(row), row});
  }
  std::vector<Candidate> others = {{-1, 5000}};
  std::vector<Candidate> merged;
  MergeUnique(found, kNoNode, &others, &merged);
  ASSERT_EQ(merged.size(), kMostCandidates);
  EXPECT_EQ(merged[1].row, 5000u);
  EXPECT_EQ(merged.back().row, kMostCandidates - 2);
}

TEST(RowSearches, FindWhatSearchesOneByOneFind) {
  const Rows rows(500, Metric::kL2, 5);
  const KernelTable& kernels = *RunnableKernels().front();
  const RowScorer scorer(rows.codes(), kernels);
  const std::vector<std::uint8_t> present(500, 1);
  const Graph graph = BuildGraph(scorer, present.data(), kernels, {});
  const GraphView view(graph);
  RowSearches searches;
  for (const std::size_t count : {0, 1, 2, 7}) {
    std::vector<RowSearch> wanted;
    for (std::uint32_t i = 0; i < count; ++i) wanted.push_back({i * 31, 10 + i * 20});
    std::size_t used = 0;
    searches.Run(view, rows.codes(), kernels, wanted,
                 [&](std::size_t index, std::span<const Candidate> found) {
                   EXPECT_EQ(index, used++);
                   GraphSearcher alone;
                   GraphCounts counts;
                   const CodeQuery query(rows.codes(), wanted[index].row);
                   const auto expected =
                       alone.Search(view, rows.codes(), query, kernels, wanted[index].ef, &counts);
                   ASSERT_EQ(found.size(), expected.size());
                   for (std::size_t i = 0; i < found.size(); ++i) {
                     EXPECT_EQ(found[i].row, expected[i].row);
                     EXPECT_EQ(found[i].score, expected[i].score);
                   }
                 });
    EXPECT_EQ(used, count);
  }
}

}  // namespace
}  // namespace tracevec
