// Graphs: built, refined, connected and searched over codes, against scans of the same codes.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <vector>

#include "core/kernel_dispatch.h"
#include "index/graph_attach.h"
#include "index/graph_builder.h"
#include "index/graph_connect.h"
#include "index/graph_probe.h"
#include "index/graph_refine.h"
#include "index/graph_search.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// Codes of random rows, and the graph over them.
class Graphs {
 public:
  Graphs(std::uint32_t rows, std::uint32_t dimension, Metric metric, std::uint64_t seed,
         float width = 0.5F)
      : layout_{dimension, metric},
        block_(std::max(rows, 1U), {layout_}),
        present_(rows, 1),
        kernels_(*RunnableKernels().front()) {
    std::mt19937_64 random(seed);
    vectors_ = ClusteredVectors(rows, dimension, random, width);
    for (std::uint32_t row = 0; row < rows; ++row) {
      block_.Append(IndexRow(row, 0, 1, {std::span(&vectors_[row * dimension], dimension)}));
    }
  }

  CodeRows codes() const {
    return block_.code_rows(0, static_cast<std::uint32_t>(present_.size()));
  }
  const KernelTable& kernels() const { return kernels_; }
  std::vector<std::uint8_t>& present() { return present_; }
  const std::vector<std::uint8_t>& present() const { return present_; }
  const float* vector(std::uint32_t row) const { return &vectors_[row * layout_.dimension]; }

  Graph Build(std::size_t threads = 1, bool refine = true, std::uint64_t seed = 0) const {
    const RowScorer scorer(codes(), kernels_);
    GraphBuildOptions options;
    options.threads = threads;
    options.seed = seed;
    options.upper_levels_only = refine;
    Graph graph = BuildGraph(scorer, present_.data(), kernels_, options);
    if (refine) {
      GraphAttachOptions attach;
      attach.threads = threads;
      attach.seed = seed;
      AttachRows(scorer, present_.data(), kernels_, attach, &graph);
      GraphRefineOptions refine_options;
      refine_options.threads = threads;
      RefineGraph(scorer, kernels_, refine_options, &graph);
    }
    ConnectGraph(scorer, present_.data(), kernels_, {}, &graph);
    return graph;
  }

  std::vector<Candidate> Find(const Graph& graph, const CodeQuery& query, std::size_t ef) const {
    GraphSearcher searcher;
    GraphCounts counts;
    const auto found = searcher.Search(GraphView(graph), codes(), query, kernels_, ef, &counts);
    return {found.begin(), found.end()};
  }

  /// The share of the ten best by code that searches for random vectors find.
  double Recall(const Graph& graph, std::size_t ef, std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    const std::size_t queries = 50;
    std::size_t hits = 0;
    for (std::size_t i = 0; i < queries; ++i) {
      const CodeQuery query(vector(static_cast<std::uint32_t>(random() % present_.size())),
                            layout_.dimension, layout_.metric);
      const CodeRows rows = codes();
      std::vector<float> all(rows.rows);
      std::vector<std::int32_t> dots(rows.rows);
      query.ScoreRange(rows, 0, rows.rows, kernels_, dots.data(), all.data());
      std::vector<float> scores;
      for (std::uint32_t row = 0; row < rows.rows; ++row) {
        if (present_[row] != 0) scores.push_back(all[row]);
      }
      std::nth_element(scores.begin(), scores.begin() + 9, scores.end(), std::greater<>());
      const std::vector<Candidate> found = Find(graph, query, ef);
      for (std::size_t j = 0; j < 10 && j < found.size(); ++j) hits += found[j].score >= scores[9];
    }
    return static_cast<double>(hits) / static_cast<double>(queries * 10);
  }

 private:
  FieldLayout layout_;
  RowBlock block_;
  std::vector<float> vectors_;
  std::vector<std::uint8_t> present_;
  const KernelTable& kernels_;
};

class GraphOfMetric : public testing::TestWithParam<Metric> {};

TEST_P(GraphOfMetric, FindsTheTenBestOfNearlyEveryQuery) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(seed);
  const Graphs graphs(3000, 32, GetParam(), seed);
  EXPECT_GE(graphs.Recall(graphs.Build(1, false), 100, seed), 0.95);
  EXPECT_GE(graphs.Recall(graphs.Build(2, true), 100, seed), 0.95);
  const Graphs apart(1500, 64, GetParam(), seed);  // With factors that stand apart from codes.
  EXPECT_GE(apart.Recall(apart.Build(2, true), 100, seed), 0.95);
}

TEST_P(GraphOfMetric, EveryRowFindsItself) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(seed);
  const Graphs graphs(2000, 24, GetParam(), seed);
  const Graph graph = graphs.Build(2);
  const CodeRows rows = graphs.codes();
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    const CodeQuery query(rows, row);
    const float own = RowScorer(rows, graphs.kernels()).Score(row, row);
    const std::vector<Candidate> found = graphs.Find(graph, query, 1024);
    const bool is_there = std::any_of(found.begin(), found.begin() + 10, [&](const Candidate& c) {
      return c.row == row || (GetParam() != Metric::kIp && c.score >= own);
    });
    // Under ip others may be better than the row itself; then it is among what was found.
    const bool among_all =
        std::any_of(found.begin(), found.end(), [&](const Candidate& c) { return c.row == row; });
    EXPECT_TRUE(is_there || (GetParam() == Metric::kIp && among_all)) << "row " << row;
    if (row % 10 == 0) row += 7;  // Some of each ten.
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, GraphOfMetric,
                         testing::Values(Metric::kCosine, Metric::kIp, Metric::kL2),
                         [](const auto& metric) { return std::string(MetricName(metric.param)); });

TEST(Graph, OneThreadAndOneSeedGiveOneGraph) {
  const Graphs graphs(1500, 16, Metric::kCosine, 5);
  const Graph a = graphs.Build(1);
  const Graph b = graphs.Build(1);
  EXPECT_EQ(a.links, b.links);
  EXPECT_EQ(a.entry, b.entry);
  ASSERT_EQ(a.levels.size(), b.levels.size());
  for (std::size_t i = 0; i < a.levels.size(); ++i) EXPECT_EQ(a.levels[i].links, b.levels[i].links);
  EXPECT_NE(graphs.Build(1, true, 9).levels[0].rows, a.levels[0].rows) << "the seed matters";
}

TEST(Graph, RefiningDoesNotDependOnTheNumberOfThreads) {
  const Graphs graphs(1500, 16, Metric::kL2, 6);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  const Graph built = graphs.Build(1, false);
  GraphRefineOptions options;
  Graph one = built;
  RefineGraph(scorer, graphs.kernels(), options, &one);
  options.threads = 4;
  Graph four = built;
  RefineGraph(scorer, graphs.kernels(), options, &four);
  EXPECT_EQ(one.links, four.links);
  EXPECT_NE(one.links, built.links);
}

TEST(Graph, AttachingDoesNotDependOnTheNumberOfThreads) {
  const Graphs graphs(3000, 16, Metric::kL2, 15);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  GraphBuildOptions build;
  build.upper_levels_only = true;
  const Graph built = BuildGraph(scorer, graphs.present().data(), graphs.kernels(), build);
  GraphAttachOptions options;
  Graph one = built;
  const std::uint64_t attached =
      AttachRows(scorer, graphs.present().data(), graphs.kernels(), options, &one);
  EXPECT_EQ(attached + built.levels[0].rows.size(), 3000u);
  options.threads = 4;
  Graph four = built;
  AttachRows(scorer, graphs.present().data(), graphs.kernels(), options, &four);
  EXPECT_EQ(one.links, four.links);
  EXPECT_EQ(AttachRows(scorer, graphs.present().data(), graphs.kernels(), options, &one), 0u);
  EXPECT_EQ(one.links, four.links) << "there was nothing left to attach";
}

TEST(Graph, AttachingToNothing) {
  const Graphs graphs(1000, 16, Metric::kCosine, 16);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  Graph graph;
  graph.links.assign(std::size_t{1000} * Graph::kDegree, kNoNode);
  EXPECT_EQ(AttachRows(scorer, graphs.present().data(), graphs.kernels(), {}, &graph), 1000u);
  EXPECT_TRUE(graph.levels.empty());
  EXPECT_GE(graphs.Recall(graph, 100, 16), 0.95);
}

TEST(Graph, ListsHoldEachNeighbourOnceAndNotTheRowItself) {
  const Graphs graphs(1000, 16, Metric::kCosine, 7);
  const Graph graph = graphs.Build(2);
  for (std::uint32_t row = 0; row < 1000; ++row) {
    std::set<std::uint32_t> seen;
    bool ended = false;
    for (std::size_t i = 0; i < Graph::kDegree; ++i) {
      const std::uint32_t link = graph.links[row * Graph::kDegree + i];
      if (link == kNoNode) {
        ended = true;
        continue;
      }
      EXPECT_FALSE(ended) << "row " << row << ": a link after the end";
      EXPECT_NE(link, row);
      EXPECT_TRUE(seen.insert(link).second) << "row " << row << " has " << link << " twice";
    }
  }
}

TEST(Graph, RowsWithoutAVectorAreNotInIt) {
  Graphs graphs(1000, 16, Metric::kCosine, 8);
  for (std::uint32_t row = 0; row < 1000; row += 3) graphs.present()[row] = 0;
  const Graph graph = graphs.Build(2);
  for (std::uint32_t row = 0; row < 1000; row += 3) {
    EXPECT_EQ(graph.links[row * Graph::kDegree], kNoNode);
  }
  for (const std::uint32_t link : graph.links) {
    if (link != kNoNode) {
      ASSERT_NE(link % 3, 0u);
    }
  }
  EXPECT_GE(graphs.Recall(graph, 100, 8), 0.95);
}

TEST(Graph, OfNoRowsAndOfOneRow) {
  Graphs none(3, 8, Metric::kCosine, 9);
  none.present() = {0, 0, 0};
  const Graph empty = none.Build();
  EXPECT_EQ(empty.entry, kNoNode);
  EXPECT_TRUE(none.Find(empty, CodeQuery(none.codes(), 0), 10).empty());
  none.present() = {0, 1, 0};
  const std::vector<Candidate> found = none.Find(none.Build(), CodeQuery(none.codes(), 0), 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].row, 1u);
}

TEST(Graph, ManyEqualRowsStayReachable) {
  // Pruning drops none where all distances are zero: lists fill with the same few rows.
  const std::uint32_t rows = 600;
  const Graphs graphs(rows, 8, Metric::kCosine, 10, 0.0F);
  const Graph graph = graphs.Build(2);
  std::set<std::uint32_t> reached;
  for (std::uint32_t row = 0; row < rows; row += 25) {
    for (const Candidate& found : graphs.Find(graph, CodeQuery(graphs.codes(), row), rows)) {
      reached.insert(found.row);
    }
  }
  EXPECT_EQ(reached.size(), rows);
}

TEST(Graph, ConnectingLinksWhatWasCutOff) {
  const Graphs graphs(500, 16, Metric::kCosine, 11);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  Graph graph = graphs.Build(1, false);
  // Row 77 loses every link to it.
  for (std::uint32_t row = 0; row < 500; ++row) {
    std::uint32_t* links = &graph.links[row * Graph::kDegree];
    std::remove(links, links + Graph::kDegree, 77U);
    const auto size = std::count_if(links, links + Graph::kDegree,
                                    [](std::uint32_t link) { return link != kNoNode; });
    if (std::count(links, links + size, 77U) > 0) links[size - 1] = kNoNode;
  }
  std::replace(graph.links.begin(), graph.links.end(), 77U, kNoNode);
  EXPECT_EQ(ConnectGraph(scorer, graphs.present().data(), graphs.kernels(), {}, &graph), 1u);
  EXPECT_NE(std::count(graph.links.begin(), graph.links.end(), 77U), 0);
}

TEST(Graph, ConnectingFindsAWayWhereNoSearchGetsAnywhere) {
  const std::uint32_t rows = 500;
  const Graphs graphs(rows, 16, Metric::kL2, 14);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  Graph graph = graphs.Build(1, false);
  std::fill(graph.links.begin(), graph.links.end(), kNoNode);
  EXPECT_EQ(ConnectGraph(scorer, graphs.present().data(), graphs.kernels(), {}, &graph), rows - 1);
  // Breadth first from where searches enter.
  std::vector<std::uint32_t> reached = {graph.levels.back().rows[graph.entry]};
  std::set<std::uint32_t> seen(reached.begin(), reached.end());
  for (std::size_t next = 0; next < reached.size(); ++next) {
    for (std::size_t i = 0; i < Graph::kDegree; ++i) {
      const std::uint32_t link = graph.links[reached[next] * Graph::kDegree + i];
      if (link != kNoNode && seen.insert(link).second) reached.push_back(link);
    }
  }
  EXPECT_EQ(reached.size(), rows);
}

TEST(Graph, WalksInTurnFindWhatEachFindsAlone) {
  const Graphs graphs(3000, 32, Metric::kCosine, 31);
  const Graph graph = graphs.Build();
  const GraphView view(graph);
  const CodeRows codes = graphs.codes();
  const std::size_t widths[] = {10, 400, 48};  // Some end long before others.
  std::vector<CodeQuery> queries;
  for (const std::uint32_t row : {5U, 1700U, 2900U}) queries.emplace_back(codes, row);
  GraphSearcher walks[3];
  GraphCounts counts[3];
  GraphSearcher* in_turn[3];
  for (int i = 0; i < 3; ++i) {
    walks[i].Begin(view, codes, queries[i], graphs.kernels(), widths[i], &counts[i]);
    in_turn[i] = &walks[i];
  }
  WalkInTurn(in_turn);
  for (int i = 0; i < 3; ++i) {
    GraphSearcher alone;
    GraphCounts counts_alone;
    const auto expected =
        alone.Search(view, codes, queries[i], graphs.kernels(), widths[i], &counts_alone);
    const auto found = walks[i].found();
    ASSERT_EQ(found.size(), expected.size());
    ASSERT_EQ(found.size(), widths[i]);
    for (std::size_t place = 0; place < found.size(); ++place) {
      EXPECT_EQ(found[place].row, expected[place].row) << i << " " << place;
    }
    EXPECT_EQ(counts[i].distances, counts_alone.distances);
    EXPECT_EQ(counts[i].expanded, counts_alone.expanded);
  }
}

TEST(Graph, AWalkWhoseTimeIsUpDoesNotEndTheOthers) {
  const Graphs graphs(3000, 32, Metric::kCosine, 32);
  const Graph graph = graphs.Build();
  const GraphView view(graph);
  const CodeRows codes = graphs.codes();
  const CodeQuery query(codes, 77);
  GraphSearcher walks[2];
  GraphCounts counts[2];
  counts[0].deadline = std::chrono::steady_clock::now();
  GraphSearcher* in_turn[2] = {&walks[0], &walks[1]};
  for (int i = 0; i < 2; ++i) walks[i].Begin(view, codes, query, graphs.kernels(), 200, &counts[i]);
  WalkInTurn(in_turn);
  EXPECT_TRUE(counts[0].deadline_cut);
  EXPECT_LT(counts[0].expanded, 200u);
  EXPECT_FALSE(counts[1].deadline_cut);
  EXPECT_GE(counts[1].expanded, 200u);
  EXPECT_EQ(walks[1].found().size(), 200u);
}

TEST(Graph, TheDefaultWidthGrowsWithTheDifficulty) {
  const Graphs easy(2000, 8, Metric::kCosine, 12, 0.1F);
  const Graphs hard(6000, 96, Metric::kCosine, 12, 50.0F);
  const auto width = [](const Graphs& graphs) {
    const Graph graph = graphs.Build(2);
    return WidthProbe(graphs.codes(), graphs.present().data(), graphs.kernels(), {})
        .WidthOf(GraphView(graph));
  };
  EXPECT_LE(width(easy), 64u);
  EXPECT_GT(width(hard), width(easy));
}

TEST(Graph, EveryStepOfABuildCanBeStopped) {
  const Graphs graphs(1000, 16, Metric::kCosine, 13);
  const RowScorer scorer(graphs.codes(), graphs.kernels());
  const std::uint8_t* present = graphs.present().data();
  const BuildStop stop = [] { return true; };
  GraphBuildOptions build;
  build.threads = 2;
  build.stop = stop;
  EXPECT_THROW(BuildGraph(scorer, present, graphs.kernels(), build), BuildStopped);

  Graph graph;
  graph.links.assign(std::size_t{1000} * Graph::kDegree, kNoNode);
  GraphAttachOptions attach;
  attach.threads = 2;
  attach.stop = stop;
  EXPECT_THROW(AttachRows(scorer, present, graphs.kernels(), attach, &graph), BuildStopped);
  graph = graphs.Build();
  GraphRefineOptions refine;
  refine.threads = 2;
  refine.stop = stop;
  EXPECT_THROW(RefineGraph(scorer, graphs.kernels(), refine, &graph), BuildStopped);
  EXPECT_THROW(WidthProbe(graphs.codes(), present, graphs.kernels(), stop), BuildStopped);
  std::fill(graph.links.begin(), graph.links.end(), kNoNode);  // Nothing reaches anything.
  EXPECT_THROW(ConnectGraph(scorer, present, graphs.kernels(), stop, &graph), BuildStopped);
}

}  // namespace
}  // namespace tracevec
