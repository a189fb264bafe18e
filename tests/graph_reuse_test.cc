// Merges that start from the largest input's graph: what they take over, what they insert, and that
// every living row is found afterwards.

#include "index/graph_reuse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "core/kernel_dispatch.h"
#include "index/graph_builder.h"
#include "index/graph_connect.h"
#include "index/graph_refine.h"
#include "index/graph_relink.h"
#include "index/graph_search.h"
#include "index/memory_image.h"
#include "index/segment.h"
#include "index/segment_builder.h"
#include "tests/damaged_image.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDimension = 24;

const KernelTable& Kernels() { return *RunnableKernels().front(); }

std::vector<SourceRow> LivingRows(const std::vector<std::shared_ptr<RowSet>>& sets) {
  std::vector<SourceRow> rows;
  for (const auto& set : sets) {
    const auto* block = dynamic_cast<const RowBlock*>(set.get());
    const std::uint32_t count =
        block != nullptr ? block->size() : static_cast<const Segment&>(*set).rows();
    for (std::uint32_t row = 0; row < count; ++row) {
      if (set->Alive(row)) rows.push_back({set, row});
    }
  }
  return rows;
}

struct Built {
  std::shared_ptr<MemoryImage> image;
  std::shared_ptr<Segment> segment;
  std::uint64_t insertions = 0;
};

Built Merge(const std::vector<FieldLayout>& fields,
            const std::vector<std::shared_ptr<RowSet>>& sets, SegmentBuildOptions options = {}) {
  SegmentBuilder builder(fields, LivingRows(sets), CommitNumber{50}, Kernels());
  builder.Build(options);
  Built built{std::make_shared<MemoryImage>(), nullptr, builder.insertions()};
  EXPECT_TRUE(builder.Write(CollectionNumber{7}, built.image.get()).ok());
  auto segment = Segment::Open(built.image, fields, CollectionNumber{7}, true);
  EXPECT_TRUE(segment.ok()) << segment.status().ToString();
  built.segment = *segment;
  return built;
}

/// Makes blocks of clustered rows; the clusters are the same in all of them.
class Rows {
 public:
  Rows(std::vector<FieldLayout> fields, std::uint64_t seed)
      : fields_(std::move(fields)), random_(seed) {
    vectors_ = ClusteredVectors(12'000, kDimension, random_);
  }
  const std::vector<FieldLayout>& fields() const { return fields_; }
  /// `has(field, row)`: whether the row of the block has a vector of the field.
  template <typename Has>
  std::shared_ptr<RowBlock> Block(std::uint32_t rows, const Has& has) {
    auto block = std::make_shared<RowBlock>(rows, fields_);
    for (std::uint32_t row = 0; row < rows; ++row, ++next_) {
      std::vector<std::span<const float>> vectors;
      for (std::size_t field = 0; field < fields_.size(); ++field) {
        vectors.emplace_back();
        if (has(field, row)) vectors.back() = {&vectors_[next_ * kDimension], kDimension};
      }
      block->Append(IndexRow(next_, 0, 1, std::move(vectors)));
    }
    return block;
  }
  std::shared_ptr<RowBlock> Block(std::uint32_t rows) {
    return Block(rows, [](std::size_t, std::uint32_t) { return true; });
  }
  /// Some here and there, and a run of neighbours.
  void KillShare(RowSet* set, std::uint32_t rows, double share) {
    const auto dying = static_cast<std::uint32_t>(share * rows);
    for (std::uint32_t row = 0; row < dying / 2; ++row) set->Delete(row, CommitNumber{2});
    for (std::uint32_t killed = dying / 2; killed < dying;) {
      const auto row = static_cast<std::uint32_t>(random_() % rows);
      if (!set->Alive(row)) continue;
      set->Delete(row, CommitNumber{2});
      ++killed;
    }
  }

 private:
  std::vector<FieldLayout> fields_;
  std::mt19937_64 random_;
  std::vector<float> vectors_;
  std::size_t next_ = 0;
};

/// Every row with a vector of the field finds itself, or ten that are as near.
void ExpectAllFound(const Segment& segment, std::size_t field) {
  const CodeRows rows = segment.code_rows(field, segment.rows());
  const RowScorer scorer(rows, Kernels());
  GraphSearcher searcher;
  GraphCounts counts;
  for (std::uint32_t row = 0; row < segment.rows(); ++row) {
    if (!segment.HasVector(field, row)) continue;
    const auto found = searcher.Search(*segment.graph(field), rows, CodeQuery(rows, row), Kernels(),
                                       1024, &counts);
    // Under ip others may be better than the row itself; then it is among what was found.
    const auto among =
        rows.metric == Metric::kIp ? found : found.first(std::min<std::size_t>(10, found.size()));
    const float own = scorer.Score(row, row);
    EXPECT_TRUE(std::any_of(among.begin(), among.end(),
                            [&](const Candidate& candidate) {
                              return candidate.row == row ||
                                     (rows.metric != Metric::kIp && candidate.score >= own);
                            }))
        << "row " << row;
  }
}

/// Rows of each level are rows of the one below, and the links of both stay among them.
void ExpectLevelsConsistent(const GraphView& graph, const Segment& segment, std::size_t field) {
  std::vector<std::uint32_t> below;
  for (std::uint32_t row = 0; row < segment.rows(); ++row) {
    below.push_back(row);
    const auto* links = graph.links + std::size_t{row} * Graph::kDegree;
    for (std::size_t i = 0; i < Graph::kDegree && links[i] != kNoNode; ++i) {
      ASSERT_NE(links[i], row);
      ASSERT_TRUE(segment.HasVector(field, links[i]));
    }
  }
  for (const GraphView::Level& level : graph.levels) {
    ASSERT_TRUE(std::is_sorted(level.rows.begin(), level.rows.end()));
    for (std::size_t place = 0; place < level.rows.size(); ++place) {
      ASSERT_EQ(below[level.below[place]], level.rows[place]);
      ASSERT_TRUE(segment.HasVector(field, level.rows[place]));
    }
    below.assign(level.rows.begin(), level.rows.end());
  }
}

TEST(GraphReuse, FourGenerationsAFifthDeadAndAFifthOfTheRowsAreTheLimits) {
  EXPECT_EQ(LineageAfterMerge({}, 800, 200, 1000), (GraphLineage{1, 200, false}));
  EXPECT_EQ(LineageAfterMerge({}, 800, 201, 1000), std::nullopt);
  EXPECT_EQ(LineageAfterMerge({1, 150, true}, 800, 50, 1000), (GraphLineage{2, 200, true}));
  EXPECT_EQ(LineageAfterMerge({1, 150, true}, 800, 51, 1000), std::nullopt);
  EXPECT_TRUE(LineageAfterMerge({3, 0, false}, 200, 0, 1000));
  EXPECT_EQ(LineageAfterMerge({4, 0, false}, 200, 0, 1000), std::nullopt);
  EXPECT_EQ(LineageAfterMerge({}, 199, 0, 1000), std::nullopt);
  EXPECT_EQ(LineageAfterMerge({}, 0, 0, 0), std::nullopt);

  EXPECT_TRUE(LineageIsPossible({}, 0));
  EXPECT_TRUE(LineageIsPossible({4, 200, true}, 800));
  EXPECT_FALSE(LineageIsPossible({4, 201, true}, 800));
  EXPECT_FALSE(LineageIsPossible({5, 0, true}, 800));
  EXPECT_FALSE(LineageIsPossible({0, 1, true}, 800));
}

class GraphReuseOfMetric : public testing::TestWithParam<Metric> {};

TEST_P(GraphReuseOfMetric, EveryLivingRowIsFoundAfterMergesWithDeadRows) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  Rows rows({{kDimension, GetParam()}}, seed);
  for (const std::size_t threads : {1, 2}) {
    SegmentBuildOptions options;
    options.threads = threads;
    options.thorough = threads == 2;
    const Built small = Merge(rows.fields(), {rows.Block(500)}, options);
    const Built large = Merge(rows.fields(), {rows.Block(1500)}, options);
    EXPECT_EQ(large.insertions, 1500u);
    rows.KillShare(small.segment.get(), 500, 0.3);
    rows.KillShare(large.segment.get(), 1500, 0.18);
    const Built merged = Merge(rows.fields(), {small.segment, large.segment}, options);
    EXPECT_EQ(merged.segment->rows(), 350u + 1230u);
    EXPECT_EQ(merged.insertions, 350u);
    EXPECT_EQ(merged.segment->graph_lineage(0), (GraphLineage{1, 270, options.thorough}));
    ExpectLevelsConsistent(*merged.segment->graph(0), *merged.segment, 0);
    ExpectAllFound(*merged.segment, 0);
  }
}

TEST_P(GraphReuseOfMetric, NoDeadRowIsLeftInARelinkedGraph) {
  Rows rows({{kDimension, GetParam()}}, 3);
  const Built old = Merge(rows.fields(), {rows.Block(1500)});
  std::vector<std::uint32_t> new_rows(1500, kNoNode);
  std::uint32_t living = 0;
  for (std::uint32_t row = 0; row < 1500; ++row) {
    if (row % 6 == 0) {
      old.segment->Delete(row, CommitNumber{2});
    } else {
      new_rows[row] = living++;
    }
  }
  const auto segment = Merge(rows.fields(), {old.segment}).segment;  // For its rows alone.
  const CodeRows codes = segment->code_rows(0, segment->rows());
  const RowScorer scorer(codes, Kernels());
  GraphRelinkOptions options;
  Graph one = RelinkGraph(*old.segment->graph(0), new_rows, scorer, Kernels(), options);
  options.threads = 3;
  const Graph three = RelinkGraph(*old.segment->graph(0), new_rows, scorer, Kernels(), options);
  EXPECT_EQ(one.links, three.links);
  EXPECT_EQ(one.entry, three.entry);
  ExpectLevelsConsistent(GraphView(one), *segment, 0);
  const std::vector<std::uint8_t> present(segment->rows(), 1);
  EXPECT_LE(ConnectGraph(scorer, present.data(), Kernels(), {}, &one), 2u);
  EXPECT_EQ(ExtendGraph(scorer, present.data(), Kernels(), {}, &one), 0u);
  EXPECT_EQ(one.levels.size(), three.levels.size());
}

INSTANTIATE_TEST_SUITE_P(Metrics, GraphReuseOfMetric,
                         testing::Values(Metric::kCosine, Metric::kIp, Metric::kL2),
                         [](const auto& metric) { return std::string(MetricName(metric.param)); });

const std::vector<FieldLayout> kCosineField = {{kDimension, Metric::kCosine}};

TEST(GraphReuse, OneThreadGivesTheSameBytesEachTime) {
  Rows rows(kCosineField, 4);
  const Built a = Merge(rows.fields(), {rows.Block(1000)});
  const Built b = Merge(rows.fields(), {rows.Block(400)});
  rows.KillShare(a.segment.get(), 1000, 0.1);
  const auto once = Merge(rows.fields(), {a.segment, b.segment}).image;
  const auto again = Merge(rows.fields(), {a.segment, b.segment}).image;
  ASSERT_EQ(once->bytes().size(), again->bytes().size());
  EXPECT_EQ(std::memcmp(once->bytes().data(), again->bytes().data(), once->bytes().size()), 0);
}

TEST(GraphReuse, BuildingFromNothingOwesNothingToTheInputs) {
  Rows rows(kCosineField, 5);
  const auto block = rows.Block(800);
  const Built fresh = Merge(rows.fields(), {block});
  const Built other = Merge(rows.fields(), {rows.Block(300)});
  const Built merged = Merge(rows.fields(), {fresh.segment, other.segment});
  ASSERT_EQ(merged.insertions, 300u);
  for (std::uint32_t row = 800; row < 1100; ++row) {
    merged.segment->Delete(row, CommitNumber{2});
  }
  SegmentBuildOptions options;
  options.reuse_graphs = false;
  const Built rebuilt = Merge(rows.fields(), {merged.segment}, options);
  EXPECT_EQ(rebuilt.insertions, 800u);
  EXPECT_EQ(rebuilt.segment->graph_lineage(0), (GraphLineage{0, 0, true}));
  ASSERT_EQ(rebuilt.image->bytes().size(), fresh.image->bytes().size());
  EXPECT_EQ(std::memcmp(rebuilt.image->bytes().data(), fresh.image->bytes().data(),
                        fresh.image->bytes().size()),
            0);
}

TEST(GraphReuse, AfterFourGenerationsAGraphIsBuiltFromNothing) {
  Rows rows(kCosineField, 6);
  Built built = Merge(rows.fields(), {rows.Block(600)});
  for (std::uint32_t generation = 1; generation <= 4; ++generation) {
    rows.KillShare(built.segment.get(), built.segment->rows(), 0.02);
    built = Merge(rows.fields(), {built.segment, rows.Block(150)});
    EXPECT_EQ(built.insertions, 150u);
    EXPECT_EQ(built.segment->graph_lineage(0).generation, generation);
  }
  ExpectAllFound(*built.segment, 0);
  built = Merge(rows.fields(), {built.segment, rows.Block(150)});
  EXPECT_EQ(built.insertions, built.segment->rows());
  EXPECT_EQ(built.segment->graph_lineage(0), (GraphLineage{0, 0, true}));
}

TEST(GraphReuse, DeadNodesAddUpOverGenerations) {
  Rows rows(kCosineField, 7);
  Built built = Merge(rows.fields(), {rows.Block(1000)});
  std::uint32_t dead = 0;
  while (true) {
    const std::uint32_t before = built.segment->rows();
    rows.KillShare(built.segment.get(), before, 0.09);
    built = Merge(rows.fields(), {built.segment});
    if (built.insertions > 0) break;
    dead += before - built.segment->rows();
    EXPECT_EQ(built.segment->graph_lineage(0).dead, dead);
  }
  EXPECT_EQ(dead, 171u) << "90 and 81: with 74 more it would be above a fifth";
  EXPECT_EQ(built.segment->graph_lineage(0).dead, 0u);
}

TEST(GraphReuse, EachFieldTakesTheGraphOfTheSetWithMostOfItsVectors) {
  Rows rows({{kDimension, Metric::kCosine}, {kDimension, Metric::kL2}}, 8);
  const auto first = Merge(rows.fields(), {rows.Block(900, [](std::size_t field, std::uint32_t) {
                             return field == 0;  // None has the second.
                           })});
  const auto second =
      Merge(rows.fields(), {rows.Block(500, [](std::size_t field, std::uint32_t row) {
              return field == 1 ? row % 3 != 0 : row % 50 == 0;
            })});
  EXPECT_EQ(first.insertions, 900u);
  EXPECT_EQ(second.insertions, 333u + 10u);
  const Built merged = Merge(rows.fields(), {first.segment, second.segment, rows.Block(30)});
  EXPECT_EQ(merged.insertions, (10u + 30u) + (0u + 30u));
  for (const std::size_t field : {0, 1}) {
    EXPECT_EQ(merged.segment->graph_lineage(field).generation, 1u);
    ExpectLevelsConsistent(*merged.segment->graph(field), *merged.segment, field);
    ExpectAllFound(*merged.segment, field);
  }
  const Built none =
      Merge(rows.fields(), {rows.Block(50, [](std::size_t, std::uint32_t) { return false; })});
  EXPECT_EQ(Merge(rows.fields(), {none.segment}).insertions, 0u);
}

TEST(GraphReuse, LevelsOfInsertedRowsDependOnSeedAndRowAlone) {
  Rows rows(kCosineField, 9);
  const Built old = Merge(rows.fields(), {rows.Block(1000)});
  const auto block = rows.Block(500);
  const Built reused = Merge(rows.fields(), {old.segment, block});
  SegmentBuildOptions options;
  options.reuse_graphs = false;
  const Built fresh = Merge(rows.fields(), {old.segment, block}, options);
  ASSERT_EQ(reused.insertions, 500u);
  // Nothing died and the old rows come first: their levels are the same too.
  ASSERT_EQ(reused.segment->graph(0)->levels.size(), fresh.segment->graph(0)->levels.size());
  for (std::size_t level = 0; level < fresh.segment->graph(0)->levels.size(); ++level) {
    EXPECT_TRUE(std::ranges::equal(reused.segment->graph(0)->levels[level].rows,
                                   fresh.segment->graph(0)->levels[level].rows));
  }
}

TEST(GraphReuse, ARowWithNoLivingNeighbourIsLeftOutAndInserted) {
  Rows rows(kCosineField, 10);
  const auto block = rows.Block(5);
  const CodeRows codes = block->code_rows(0, 4);
  const RowScorer scorer(codes, Kernels());
  Graph old;
  old.links.assign(5 * std::size_t{Graph::kDegree}, kNoNode);
  const auto link = [&old](std::uint32_t from, std::size_t place, std::uint32_t to) {
    old.links[from * Graph::kDegree + place] = to;
  };
  link(0, 0, 1);  // 1 dies, and knows 0 alone.
  link(1, 0, 0);
  link(2, 0, 3);
  link(3, 0, 4);
  link(3, 1, 0);
  link(4, 0, 2);
  old.entry = 0;
  const std::vector<std::uint32_t> new_rows = {0, kNoNode, 1, 2, 3};
  Graph relinked = RelinkGraph(GraphView(old), new_rows, scorer, Kernels(), {});
  EXPECT_EQ(relinked.links[0], kNoNode);
  EXPECT_EQ(relinked.links[2 * Graph::kDegree], 3u);
  EXPECT_EQ(relinked.links[2 * Graph::kDegree + 1], kNoNode) << "0 is not in it";
  EXPECT_EQ(relinked.entry, 1u);
  const std::vector<std::uint8_t> present(4, 1);
  EXPECT_EQ(ExtendGraph(scorer, present.data(), Kernels(), {}, &relinked), 1u);
  EXPECT_NE(relinked.links[0], kNoNode);
}

TEST(GraphReuse, ALineageThatCannotBeIsRefused) {
  Rows rows(kCosineField, 11);
  const Built built = Merge(rows.fields(), {rows.Block(400)});
  const auto open = [&](std::uint32_t generation, std::uint32_t dead, std::uint32_t refined) {
    const auto changed = std::make_shared<DamagedImage>(built.image->bytes());
    const std::span<std::uint8_t> section = changed->Section(SectionKind::kField);
    FieldRecord record;
    std::memcpy(&record, section.data(), sizeof record);
    record.generation = generation;
    record.dead = dead;
    record.refined = static_cast<std::uint16_t>(refined);
    std::memcpy(section.data(), &record, sizeof record);
    return Segment::Open(changed, kCosineField, CollectionNumber{7}, false).status().code();
  };
  EXPECT_EQ(open(4, 100, 1), StatusCode::kOk);
  EXPECT_EQ(open(4, 101, 1), StatusCode::kCorruption);
  EXPECT_EQ(open(1, 0xffffffff, 1), StatusCode::kCorruption);
  EXPECT_EQ(open(5, 0, 1), StatusCode::kCorruption);
  EXPECT_EQ(open(0, 1, 1), StatusCode::kCorruption);
  EXPECT_EQ(open(0, 0, 2), StatusCode::kCorruption);
}

TEST(GraphReuse, ADamagedGraphGivesAWholeOne) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  Rows rows(kCosineField, 12);
  const Built built = Merge(rows.fields(), {rows.Block(400)});
  const auto more = rows.Block(60);
  for (std::size_t i = 0; i < TestIterations(40); ++i) {
    const auto changed = std::make_shared<DamagedImage>(built.image->bytes());
    // Numbers that lead nowhere outside: what opening an image does not find.
    for (const SectionKind kind : {SectionKind::kLinks, SectionKind::kLevelRows,
                                   SectionKind::kLevelBelow, SectionKind::kLevelLinks}) {
      const std::span<std::uint8_t> section = changed->Section(kind);
      if (kind != SectionKind::kLinks && random() % 2 == 0) continue;
      for (std::size_t at = 0; at + 4 <= section.size(); at += 4) {
        if (random() % 4 != 0) continue;
        const auto number = static_cast<std::uint32_t>(random() % (random() % 20 + 1));
        const bool none = kind == SectionKind::kLinks && random() % 3 == 0;
        std::memcpy(&section[at], none ? &kNoNode : &number, sizeof number);
      }
    }
    const auto segment = Segment::Open(changed, kCosineField, CollectionNumber{7}, false);
    ASSERT_TRUE(segment.ok()) << segment.status().ToString();
    for (std::uint32_t row = 0; row < 400; row += 10) (*segment)->Delete(row, CommitNumber{2});
    SegmentBuildOptions options;
    options.thorough = i % 2 == 0;
    const Built merged = Merge(rows.fields(), {*segment, more}, options);
    EXPECT_LE(merged.insertions, 420u);
    ExpectLevelsConsistent(*merged.segment->graph(0), *merged.segment, 0);
    if (i % 8 == 0) ExpectAllFound(*merged.segment, 0);
  }
}

TEST(GraphReuse, RelinkingCanBeStopped) {
  Rows rows(kCosineField, 13);
  const Built built = Merge(rows.fields(), {rows.Block(400)});
  SegmentBuilder builder(rows.fields(), LivingRows({built.segment}), CommitNumber{50}, Kernels());
  SegmentBuildOptions options;
  options.stop = [] { return true; };
  EXPECT_THROW(builder.Build(options), BuildStopped);
}

}  // namespace
}  // namespace tracevec
