// The writer's side of an index: what is built when, and that nothing written meanwhile is lost.

#include "index/collection_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "core/kernel_dispatch.h"
#include "index/graph_reuse.h"
#include "index/memory_image.h"
#include "tests/index_rows.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

MergeChoice Choose(const std::vector<SegmentSize>& segments) { return ChooseMerge(segments); }

TEST(MergePolicy, FourNeighboursOfOneTierBecomeOne) {
  EXPECT_EQ(Choose({}).count, 0u);
  EXPECT_EQ(Choose({{100, 0}, {100, 0}, {100, 0}}).count, 0u);
  const MergeChoice four = Choose({{100, 0}, {100, 0}, {100, 0}, {100, 0}});
  EXPECT_EQ(four.first, 0u);
  EXPECT_EQ(four.count, 4u);
  const MergeChoice small = Choose({{9000, 0}, {100, 0}, {300, 0}, {120, 0}, {250, 0}});
  EXPECT_EQ(small.first, 1u);
  EXPECT_EQ(small.count, 4u);
}

TEST(MergePolicy, SegmentsOfOtherTiersAreLeftAlone) {
  EXPECT_EQ(Choose({{6400, 0}, {1600, 0}, {400, 0}, {90, 0}, {20, 0}}).count, 0u);
}

TEST(MergePolicy, ASegmentWithAFifthDeadIsRebuilt) {
  EXPECT_EQ(Choose({{1000, 199}}).count, 0u);
  const MergeChoice rebuild = Choose({{1000, 10}, {100, 20}});
  EXPECT_EQ(rebuild.first, 1u);
  EXPECT_EQ(rebuild.count, 1u);
}

TEST(MergePolicy, NoSegmentGrowsBeyondTwoMillionRows) {
  const std::vector<SegmentSize> large(8, {600'000, 0});
  EXPECT_EQ(Choose(large).count, 0u);
}

/// Segments that arrive one after the other, merged until nothing is due, as the builder does.
class MergeSimulation {
 public:
  void Add(std::uint32_t rows) {
    segments_.push_back({rows, 0});
    lineages_.emplace_back();
    total_ += rows;
    inserted_ += rows;
    for (MergeChoice choice = Choose(segments_); choice.count > 0; choice = Choose(segments_)) {
      Merge(static_cast<long>(choice.first), static_cast<long>(choice.count));
    }
  }
  std::size_t segments() const { return segments_.size(); }
  double insertions_a_row() const {
    return static_cast<double>(inserted_) / static_cast<double>(total_);
  }

 private:
  void Merge(long first, long count) {
    const auto begin = segments_.begin() + first;
    const auto largest = std::max_element(
        begin, begin + count,
        [](const SegmentSize& a, const SegmentSize& b) { return a.rows < b.rows; });
    std::uint32_t merged = 0;
    for (auto at = begin; at != begin + count; ++at) merged += at->rows;
    const auto lineage = LineageAfterMerge(
        lineages_[static_cast<std::size_t>(largest - segments_.begin())], largest->rows, 0, merged);
    inserted_ += merged - (lineage ? largest->rows : 0);
    *begin = {merged, 0};
    segments_.erase(begin + 1, begin + count);
    const auto lineages = lineages_.begin() + first;
    *lineages = lineage.value_or(GraphLineage());
    lineages_.erase(lineages + 1, lineages + count);
  }

  std::vector<SegmentSize> segments_;
  std::vector<GraphLineage> lineages_;
  std::uint64_t total_ = 0;
  std::uint64_t inserted_ = 0;
};

TEST(MergePolicy, AStreamOfEqualSegmentsIsInsertedAFewTimesARow) {
  MergeSimulation stream;
  for (int i = 0; i < 83; ++i) stream.Add(4096);
  EXPECT_LE(stream.insertions_a_row(), 2.6);
  EXPECT_LE(stream.segments(), 12u);
}

TEST(MergePolicy, SmallSegmentsDoNotKeepLargerOnesApart) {
  MergeSimulation bursts;
  for (int i = 0; i < 400; ++i) bursts.Add(i % 2 == 0 ? 100 : 600);
  EXPECT_LE(bursts.segments(), 24u);
  EXPECT_LE(bursts.insertions_a_row(), 5);
  MergeSimulation three;
  for (int i = 0; i < 600; ++i) three.Add(i % 3 == 0 ? 100 : i % 3 == 1 ? 500 : 2500);
  EXPECT_LE(three.segments(), 30u);
  EXPECT_LE(three.insertions_a_row(), 5);
}

const std::vector<FieldLayout> kFields = {{600, Metric::kCosine}};  // 819 rows a block.

class IndexTest : public testing::Test {
 protected:
  IndexTest() : index_(kFields), random_(3), vectors_(ClusteredVectors(4000, 600, random_)) {}

  void Append(std::uint64_t document) {
    const std::span<const float> vector(&vectors_[document % 4000 * 600], 600);
    index_.Append(IndexRow(document, 0, commit_, {vector}));
  }

  static std::shared_ptr<Segment> Make(CollectionIndex::Build* build) {
    build->ListRows();
    if (build->rows.empty()) return nullptr;
    SegmentBuilder builder(kFields, build->rows, build->as_of, *RunnableKernels().front());
    SegmentBuildOptions options;
    options.thorough = false;
    options.ef_construction = 20;
    builder.Build(options);
    auto image = std::make_shared<MemoryImage>();
    EXPECT_TRUE(builder.Write(CollectionNumber{1}, image.get()).ok());
    return *Segment::Open(image, kFields, CollectionNumber{1}, true);
  }
  void BuildAllThatIsDue() {
    while (auto build = index_.NextBuild(CommitNumber{commit_})) {
      const auto segment = Make(&*build);
      index_.Replace(*build, segment, CommitNumber{0});
    }
  }
  static ChunkKey Key(std::uint64_t document) { return {DocumentNumber{document}, ChunkNumber{0}}; }

  /// Document numbers that a view sees, with a mark of their state.
  std::map<std::uint64_t, std::string> Seen(std::uint64_t at) const {
    const IndexView view = index_.View(CommitNumber{at});
    std::map<std::uint64_t, std::string> seen;
    StateScratch scratch;
    for (std::size_t set = 0; set < view.sets.size(); ++set) {
      for (std::uint32_t row = 0; row < view.sizes[set]; ++row) {
        if (!view.sets[set]->VisibleAt(row, view.commit)) continue;
        const ChunkState& state = view.sets[set]->StateAt(row, view.commit, &scratch);
        const bool added =
            seen.emplace(Raw(view.sets[set]->document(row)), state.document->id).second;
        EXPECT_TRUE(added) << "document " << Raw(view.sets[set]->document(row)) << " twice";
      }
    }
    return seen;
  }

  void ChangeState(std::uint64_t document, const std::string& id) {
    auto changed = std::make_shared<DocumentState>();
    changed->number = DocumentNumber{document};
    changed->id = id;
    auto state = std::make_unique<ChunkState>();
    state->commit = CommitNumber{commit_};
    state->document = std::move(changed);
    EXPECT_TRUE(index_.PushState(Key(document), std::move(state), CommitNumber{0}));
  }

  CollectionIndex index_;
  std::mt19937_64 random_;
  std::vector<float> vectors_;
  std::uint64_t commit_ = 1;
};

TEST_F(IndexTest, SealedBlocksAreDueAndLeaveTheHead) {
  for (std::uint64_t i = 0; i < 700; ++i) Append(i);
  EXPECT_FALSE(index_.BuildIsDue());
  for (std::uint64_t i = 700; i < 2000; ++i) Append(i);
  EXPECT_TRUE(index_.BuildIsDue());
  const std::uint64_t waiting = index_.unbuilt_rows();
  EXPECT_GT(waiting, 0u);
  BuildAllThatIsDue();
  EXPECT_EQ(index_.segments(), 1u);
  EXPECT_EQ(index_.unbuilt_rows(), 0u);
  EXPECT_EQ(index_.live_rows(), 2000u);
  EXPECT_EQ(Seen(1).size(), 2000u);
}

TEST_F(IndexTest, WhatIsWrittenDuringABuildIsNotLost) {
  for (std::uint64_t i = 0; i < 2000; ++i) Append(i);
  auto build = index_.NextBuild(CommitNumber{commit_});
  ASSERT_TRUE(build);
  const auto segment = Make(&*build);
  commit_ = 2;
  EXPECT_TRUE(index_.Delete(Key(5), CommitNumber{2}));
  ChangeState(6, "changed");
  Append(5000);
  index_.Replace(*build, segment, CommitNumber{0});
  EXPECT_EQ(index_.dead_rows(), 1u);
  EXPECT_EQ(Seen(1).count(5), 1u);
  EXPECT_EQ(Seen(1).at(6), "d6");
  const auto now = Seen(2);
  EXPECT_EQ(now.count(5), 0u);
  EXPECT_EQ(now.at(6), "changed");
  EXPECT_EQ(now.count(5000), 1u);
  EXPECT_FALSE(index_.Delete(Key(5), CommitNumber{2})) << "it is dead already";
}

TEST_F(IndexTest, RowsThatDieBeforeABuildListsThemAreLeftOut) {
  for (std::uint64_t i = 0; i < 900; ++i) Append(i);
  const IndexView before = index_.View(CommitNumber{1});
  auto build = index_.NextBuild(CommitNumber{1});
  ASSERT_TRUE(build);
  index_.Delete(Key(5), CommitNumber{2});
  const auto segment = Make(&*build);
  const std::size_t built = build->rows.size();
  index_.Replace(*build, segment, CommitNumber{0});
  EXPECT_EQ(segment->rows(), built);
  EXPECT_FALSE(segment->Find(DocumentNumber{5}, ChunkNumber{0}));
  EXPECT_TRUE(before.sets[0]->VisibleAt(5, before.commit)) << "an old view has its old rows";
  EXPECT_EQ(Seen(2).size(), 899u);
  EXPECT_EQ(index_.live_rows(), 899u);
}

TEST_F(IndexTest, OldViewsStayAsTheyWere) {
  for (std::uint64_t i = 0; i < 2000; ++i) Append(i);
  const IndexView before = index_.View(CommitNumber{1});
  commit_ = 2;
  for (std::uint64_t i = 0; i < 2000; i += 2) index_.Delete(Key(i), CommitNumber{2});
  BuildAllThatIsDue();
  std::uint64_t visible = 0;
  for (std::size_t set = 0; set < before.sets.size(); ++set) {
    for (std::uint32_t row = 0; row < before.sizes[set]; ++row) {
      visible += before.sets[set]->VisibleAt(row, before.commit) ? 1 : 0;
    }
  }
  EXPECT_EQ(visible, 2000u);
  EXPECT_EQ(Seen(2).size(), 1000u);
}

TEST_F(IndexTest, BuildOfAllLeavesOneSegmentWithoutDeadRows) {
  for (std::uint64_t i = 0; i < 1000; ++i) Append(i);
  BuildAllThatIsDue();
  index_.Delete(Key(1), CommitNumber{1});
  for (std::uint64_t i = 1000; i < 1100; ++i) Append(i);
  auto builds = index_.BuildsOfAll(CommitNumber{1}, false);
  ASSERT_EQ(builds.size(), 1u);
  const auto segment = Make(&builds[0]);
  index_.Replace(builds[0], segment, CommitNumber{0});
  EXPECT_EQ(index_.segments(), 1u);
  EXPECT_EQ(index_.dead_rows(), 0u);
  EXPECT_EQ(index_.live_rows(), 1099u);
  EXPECT_TRUE(index_.BuildsOfAll(CommitNumber{1}, false).empty()) << "it is one already";
  const auto again = index_.BuildsOfAll(CommitNumber{1}, true);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].even_so) << "then no graph is taken over";
  EXPECT_FALSE(builds[0].even_so);
}

TEST_F(IndexTest, NoBuildTakesMoreRowsThanAllowed) {
  index_ = CollectionIndex(kFields, 2000);
  for (std::uint64_t i = 0; i < 7000; ++i) Append(i);
  const auto next = index_.NextBuild(CommitNumber{1});
  ASSERT_TRUE(next);
  const auto rows_of = [](CollectionIndex::Build build) {
    build.ListRows();
    return build.rows.size();
  };
  EXPECT_LE(rows_of(*next), 2000u);
  auto builds = index_.BuildsOfAll(CommitNumber{1}, false);
  std::size_t rows = 0;
  for (CollectionIndex::Build& build : builds) {
    EXPECT_LE(rows_of(build), 2000u);
    const auto segment = Make(&build);
    rows += segment->rows();
    index_.Replace(build, segment, CommitNumber{0});
  }
  EXPECT_EQ(rows, 7000u);
  EXPECT_EQ(index_.segments(), builds.size());
  EXPECT_GE(builds.size(), 4u);
  EXPECT_EQ(Seen(1).size(), 7000u);
  EXPECT_FALSE(index_.BuildIsDue());
  EXPECT_TRUE(index_.BuildsOfAll(CommitNumber{1}, false).empty());
  // What one of them lost, it alone is built again for.
  index_.Delete(Key(10), CommitNumber{1});
  EXPECT_EQ(index_.BuildsOfAll(CommitNumber{1}, false).size(), 1u);
}

TEST_F(IndexTest, WhenAllRowsAreDeadNoSegmentIsLeft) {
  for (std::uint64_t i = 0; i < 900; ++i) Append(i);
  BuildAllThatIsDue();
  for (std::uint64_t i = 0; i < 900; ++i) index_.Delete(Key(i), CommitNumber{2});
  auto builds = index_.BuildsOfAll(CommitNumber{2}, false);
  ASSERT_EQ(builds.size(), 1u);
  builds[0].ListRows();
  EXPECT_TRUE(builds[0].rows.empty());
  index_.Replace(builds[0], nullptr, CommitNumber{0});
  EXPECT_EQ(index_.segments(), 0u);
  EXPECT_TRUE(Seen(2).empty());
}

TEST_F(IndexTest, AgreesWithAMapUnderRandomOperations) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::map<std::uint64_t, std::string> model;
  std::optional<CollectionIndex::Build> pending;
  std::shared_ptr<Segment> made;
  std::uint64_t next = 0;
  for (std::size_t step = 0; step < TestIterations(3000); ++step) {
    ++commit_;
    const std::uint64_t choice = random() % 100;
    if (choice < 60 || model.empty()) {
      const std::uint64_t document = next++;
      Append(document);
      model[document] = "d" + std::to_string(document);
    } else {
      const auto found = model.lower_bound(random() % (next + 1));
      const std::uint64_t document = found == model.end() ? model.begin()->first : found->first;
      if (choice < 80) {
        ASSERT_TRUE(index_.Delete(Key(document), CommitNumber{commit_}));
        model.erase(document);
      } else {
        model[document] = "changed at " + std::to_string(commit_);
        ChangeState(document, model[document]);
      }
    }
    // A build that is under way for some operations before it is put in place.
    if (!pending && random() % 20 == 0) {
      if (random() % 8 == 0) {
        auto all = index_.BuildsOfAll(CommitNumber{commit_}, false);
        if (!all.empty()) pending = std::move(all.front());
      } else {
        pending = index_.NextBuild(CommitNumber{commit_});
      }
      if (pending) made = Make(&*pending);
    } else if (pending && random() % 10 == 0) {
      index_.Replace(*pending, std::move(made), CommitNumber{0});
      pending.reset();
    }
    if (step % 100 == 0) {
      ASSERT_EQ(Seen(commit_), model) << "after " << step << " operations";
    }
  }
  ASSERT_EQ(Seen(commit_), model);
  ASSERT_EQ(index_.live_rows(), model.size());
}

}  // namespace
}  // namespace tracevec
