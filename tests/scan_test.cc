// Scans over rows, against an oracle in double precision.

#include "index/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/kernel_dispatch.h"
#include "core/vector_math.h"
#include "index/row_block.h"
#include "index/search.h"
#include "tests/score_oracle.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kIp, Metric::kL2};
constexpr CommitNumber kNow{100};

/// Rows of one vector field in blocks of a size, with the oracle's knowledge of them.
class TestIndex {
 public:
  TestIndex(FieldLayout layout, std::uint32_t rows_per_block)
      : layout_(layout), rows_per_block_(rows_per_block) {}

  RowRef Add(std::string id, std::vector<float> vector, Metadata metadata = {}) {
    if (blocks_.empty() || blocks_.back()->size() == rows_per_block_) {
      blocks_.push_back(std::make_shared<RowBlock>(rows_per_block_, std::vector{layout_}));
    }
    auto document = std::make_shared<DocumentState>();
    document->number = DocumentNumber{vectors_.size()};
    document->id = id;
    document->metadata = std::move(metadata);
    document->expires_at = expires_at;
    NewRow row;
    row.document = document->number;
    row.created = created;
    row.id = std::move(id);
    row.document_state = document;
    row.vectors.emplace_back(vector);
    vectors_.push_back(vector);
    const std::uint32_t at = blocks_.back()->Append(std::move(row));
    return {static_cast<std::uint32_t>(blocks_.size() - 1), at};
  }
  void Delete(RowRef ref, CommitNumber commit) { blocks_[ref.set]->Delete(ref.row, commit); }

  IndexView View() const {
    IndexView view;
    view.commit = kNow;
    for (const auto& block : blocks_) {
      view.sets.push_back(block);
      view.sizes.push_back(block->size());
    }
    return view;
  }
  const std::vector<float>& vector(RowRef ref) const {
    return vectors_[std::size_t{ref.set} * rows_per_block_ + ref.row];
  }
  std::string_view id(RowRef ref) const { return blocks_[ref.set]->id(ref.row); }
  std::vector<std::string> Ids(const std::vector<ScoredRow>& rows) const {
    std::vector<std::string> ids;
    for (const ScoredRow& row : rows) ids.emplace_back(id(row.ref));
    return ids;
  }

  /// All rows with a vector, by score, then id.
  std::vector<std::pair<double, std::string>> Oracle(std::span<const float> query) const {
    std::vector<std::pair<double, std::string>> ranked;
    for (std::size_t i = 0; i < vectors_.size(); ++i) {
      if (vectors_[i].empty()) continue;
      const RowRef ref{static_cast<std::uint32_t>(i / rows_per_block_),
                       static_cast<std::uint32_t>(i % rows_per_block_)};
      ranked.emplace_back(-OracleScore(query, vectors_[i], layout_.metric), id(ref));
    }
    std::sort(ranked.begin(), ranked.end());
    for (auto& [score, id] : ranked) score = -score;
    return ranked;
  }

  CommitNumber created{1};
  std::optional<Timestamp> expires_at;

 private:
  FieldLayout layout_;
  std::uint32_t rows_per_block_;
  std::vector<std::shared_ptr<RowBlock>> blocks_;
  std::vector<std::vector<float>> vectors_;
};

/// Normalised under cosine, as a scan wants it.
std::vector<float> Prepared(std::vector<float> query, Metric metric) {
  if (metric == Metric::kCosine) Normalise(query.data(), query.size(), query.data());
  return query;
}

ScanQuery QueryFor(const std::vector<float>& vector, std::size_t k) {
  ScanQuery query;
  query.vector = vector.data();
  query.k = k;
  thread_local StateScratch scratch;
  query.scratch = &scratch;
  return query;
}

std::vector<ScoredRow> Exact(const TestIndex& index, const ScanQuery& query,
                             ScanCounts* counts = nullptr) {
  ScanCounts unused;
  return ScanExact(index.View(), query, *RunnableKernels().front(), counts ? counts : &unused);
}
std::vector<ScoredRow> Coded(const TestIndex& index, const ScanQuery& query,
                             ScanCounts* counts = nullptr) {
  ScanCounts unused;
  return SearchCodes(index.View(), query, *RunnableKernels().front(), counts ? counts : &unused);
}

class ScanTest : public ::testing::Test {
 protected:
  std::vector<float> RandomVector(std::size_t dimension) {
    std::normal_distribution<float> normal;
    std::vector<float> vector(dimension);
    for (float& component : vector) component = normal(random_);
    return vector;
  }
  /// Few values, so that scores are exact in float32 and often equal.
  std::vector<float> SmallIntegers(std::size_t dimension) {
    std::vector<float> vector(dimension);
    for (float& component : vector) component = static_cast<float>(random_() % 3) - 1;
    vector[random_() % dimension] = 1;
    return vector;
  }
  std::string RandomId() { return std::to_string(random_()); }

  const std::uint64_t seed_ = TestSeed();
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  std::mt19937_64 random_{seed_};
};

std::vector<std::size_t> Dimensions() {
  std::vector<std::size_t> dimensions;
  for (std::size_t d = 1; d <= 130; ++d) dimensions.push_back(d);
  dimensions.insert(dimensions.end(), {384, 768});
  return dimensions;
}

TEST_F(ScanTest, TheExactScanGivesTheOraclesAnswerTiesByIdIncluded) {
  for (const std::size_t dimension : Dimensions()) {
    for (const Metric metric : {Metric::kIp, Metric::kL2}) {
      TestIndex index({static_cast<std::uint32_t>(dimension), metric}, 30);
      for (int i = 0; i < 70; ++i) index.Add(RandomId(), SmallIntegers(dimension));
      const std::vector<float> query = SmallIntegers(dimension);
      auto expected = index.Oracle(query);
      expected.resize(20);
      for (const KernelTable* kernels : RunnableKernels()) {
        ScanCounts counts;
        const auto found = ScanExact(index.View(), QueryFor(query, 20), *kernels, &counts);
        ASSERT_EQ(found.size(), 20u);
        for (std::size_t i = 0; i < found.size(); ++i) {
          ASSERT_EQ(found[i].score, expected[i].first)
              << kernels->name << " d=" << dimension << " place " << i;
          ASSERT_EQ(index.id(found[i].ref), expected[i].second)
              << kernels->name << " d=" << dimension << " place " << i;
        }
      }
    }
  }
}

TEST_F(ScanTest, TheExactScanAgreesWithTheOracleOnRandomVectors) {
  for (const std::size_t dimension : Dimensions()) {
    for (const Metric metric : kMetrics) {
      TestIndex index({static_cast<std::uint32_t>(dimension), metric}, 64);
      for (int i = 0; i < 100; ++i) index.Add(RandomId(), RandomVector(dimension));
      const std::vector<float> query = RandomVector(dimension);
      const std::vector<float> prepared = Prepared(query, metric);
      const auto expected = index.Oracle(query);
      const auto found = Exact(index, QueryFor(prepared, 10));
      ASSERT_EQ(found.size(), 10u);
      // Scores of d random components grow with d; float32 keeps 24 bits of each.
      const double tolerance = metric == Metric::kCosine ? 1e-6 : 2e-6 * double(dimension + 10);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double own = OracleScore(query, index.vector(found[i].ref), metric);
        ASSERT_NEAR(found[i].score, own, tolerance) << MetricName(metric) << " d=" << dimension;
        ASSERT_NEAR(own, expected[i].first, tolerance) << MetricName(metric) << " d=" << dimension;
      }
    }
  }
}

TEST_F(ScanTest, EqualVectorsComeByIdFromBothScans) {
  for (const Metric metric : kMetrics) {
    const std::vector<float> vector = RandomVector(24);
    TestIndex index({24, metric}, 100);
    std::vector<std::string> ids;
    for (int i = 0; i < 500; ++i) ids.push_back(std::to_string(1000 + i));
    std::shuffle(ids.begin(), ids.end(), random_);
    for (const std::string& id : ids) index.Add(id, vector);
    std::sort(ids.begin(), ids.end());
    ids.resize(7);
    const std::vector<float> query = Prepared(RandomVector(24), metric);
    EXPECT_EQ(index.Ids(Exact(index, QueryFor(query, 7))), ids) << MetricName(metric);
    EXPECT_EQ(index.Ids(Coded(index, QueryFor(query, 7))), ids) << MetricName(metric);
  }
}

/// The share of true answers that the code scan finds. An equal score is as good as the true one.
double Recall(const TestIndex& index, const std::vector<std::vector<float>>& queries,
              std::size_t k) {
  std::size_t right = 0;
  for (const std::vector<float>& query : queries) {
    const auto expected = Exact(index, QueryFor(query, k));
    const auto found = Coded(index, QueryFor(query, k));
    EXPECT_EQ(found.size(), k);
    for (const ScoredRow& row : found) right += row.score >= expected.back().score ? 1 : 0;
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end(),
                               [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
  return static_cast<double>(right) / static_cast<double>(queries.size() * k);
}

TEST_F(ScanTest, TheCodeScanFinds99PercentOfRandomNeighbours) {
  for (const Metric metric : kMetrics) {
    TestIndex index({96, metric}, 2000);
    for (int i = 0; i < 6000; ++i) index.Add(std::to_string(i), RandomVector(96));
    std::vector<std::vector<float>> queries;
    for (int i = 0; i < 30; ++i) queries.push_back(Prepared(RandomVector(96), metric));
    EXPECT_GE(Recall(index, queries, 10), 0.99) << MetricName(metric);
  }
}

/// The error of a code grows with the vectors, not with the distance between them, so the width of
/// a cluster decides. Of 120 rows around a centre of 96 normal components the nearest 10 are all
/// found at a width of 0.2, 98.6 % of them at 0.1, 68 % at 0.05.
TEST_F(ScanTest, TheCodeScanFinds99PercentOfClusteredNeighbours) {
  for (const Metric metric : kMetrics) {
    std::vector<std::vector<float>> centres;
    for (int i = 0; i < 50; ++i) centres.push_back(RandomVector(96));
    const auto near_a_centre = [&] {
      std::vector<float> vector = centres[random_() % centres.size()];
      const std::vector<float> noise = RandomVector(96);
      for (std::size_t i = 0; i < vector.size(); ++i) vector[i] += 0.2F * noise[i];
      return vector;
    };
    TestIndex index({96, metric}, 2000);
    for (int i = 0; i < 6000; ++i) index.Add(std::to_string(i), near_a_centre());
    std::vector<std::vector<float>> queries;
    for (int i = 0; i < 30; ++i) queries.push_back(Prepared(near_a_centre(), metric));
    EXPECT_GE(Recall(index, queries, 10), 0.99) << MetricName(metric);
  }
}

TEST_F(ScanTest, RowsWithoutAVectorAreLeftOutEvenWhereTheyWouldScoreBest) {
  for (const Metric metric : kMetrics) {
    TestIndex index({8, metric}, 50);
    for (int i = 0; i < 60; ++i) {
      std::vector<float> vector;
      if (i % 3 == 0) vector.assign(8, -1.0F);  // Every score is negative; a zero row's is not.
      index.Add(std::to_string(i), vector);
    }
    const std::vector<float> query = Prepared(std::vector<float>(8, 2.0F), metric);
    for (const auto& found :
         {Exact(index, QueryFor(query, 40)), Coded(index, QueryFor(query, 40))}) {
      EXPECT_EQ(found.size(), 20u) << MetricName(metric);
      for (const ScoredRow& row : found) EXPECT_FALSE(index.vector(row.ref).empty());
    }
  }
}

TEST_F(ScanTest, OnlyRowsVisibleAtTheViewCountAndTombstonesCostNoAnswers) {
  TestIndex index({16, Metric::kL2}, 100);
  std::vector<std::string> live;
  for (int i = 0; i < 1000; ++i) {
    index.created = CommitNumber{i % 10 == 1 ? Raw(kNow) + 1 : Raw(kNow)};
    const RowRef ref = index.Add(std::to_string(i), RandomVector(16));
    if (i % 10 == 2) index.Delete(ref, CommitNumber{Raw(kNow) + 1});
    if (i % 10 >= 3) index.Delete(ref, kNow);
    if (i % 10 == 0 || i % 10 == 2) live.push_back(std::to_string(i));
  }
  std::sort(live.begin(), live.end());
  const std::vector<float> query = RandomVector(16);
  for (auto found : {Exact(index, QueryFor(query, 500)), Coded(index, QueryFor(query, 500))}) {
    std::vector<std::string> ids = index.Ids(found);
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, live);
  }
  EXPECT_EQ(Coded(index, QueryFor(query, 200)).size(), 200u);
}

TEST_F(ScanTest, RowsBeyondTheViewAreNotLookedAt) {
  TestIndex index({4, Metric::kIp}, 10);
  for (int i = 0; i < 25; ++i) index.Add(std::to_string(i), RandomVector(4));
  IndexView view = index.View();
  view.sizes = {10, 10, 2};
  const std::vector<float> query = RandomVector(4);
  ScanCounts counts;
  EXPECT_EQ(ScanExact(view, QueryFor(query, 99), *ScalarKernels(), &counts).size(), 22u);
  EXPECT_EQ(counts.rows, 22u);
  EXPECT_EQ(counts.distances, 22u);
  EXPECT_TRUE(SearchCodes(IndexView(), QueryFor(query, 5), *ScalarKernels(), &counts).empty());
}

TEST_F(ScanTest, ExpiredAndExcludedRowsAreNotSeen) {
  TestIndex index({4, Metric::kIp}, 10);
  index.Add("kept", RandomVector(4));
  index.expires_at = Timestamp{50};
  index.Add("expired", RandomVector(4));
  index.expires_at = Timestamp{51};
  index.Add("still there", RandomVector(4));
  index.Add("excluded", RandomVector(4));
  const std::vector<float> vector = RandomVector(4);
  ScanQuery query = QueryFor(vector, 10);
  query.now = Timestamp{50};
  query.exclude = {DocumentNumber{3}, ChunkNumber{0}};
  std::vector<std::string> ids = index.Ids(Coded(index, query));
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"kept", "still there"}));
  query.exclude = {DocumentNumber{3}, ChunkNumber{1}};  // Another chunk of that document.
  EXPECT_EQ(Exact(index, query).size(), 3u);
}

TEST_F(ScanTest, AFilterKeepsExactlyTheMatchingRowsAndIsCounted) {
  TestIndex index({16, Metric::kCosine}, 100);
  for (int i = 0; i < 1000; ++i) {
    index.Add(std::to_string(i), RandomVector(16), {{"year", 2000 + i % 50}});
  }
  const FilterProgram filter = *FilterProgram::Compile("year = 2013", {});
  const std::vector<float> vector = Prepared(RandomVector(16), Metric::kCosine);
  ScanQuery query = QueryFor(vector, 100);
  query.filter = &filter;
  ScanCounts counts;
  EXPECT_EQ(Coded(index, query, &counts).size(), 20u);
  EXPECT_EQ(counts.rows, 1000u);
  EXPECT_EQ(counts.filter_tested, 1000u);
  EXPECT_EQ(counts.filter_passed, 20u);
  EXPECT_EQ(counts.candidates, 20u);
  EXPECT_EQ(counts.distances, 1020u);
  EXPECT_EQ(index.Ids(Exact(index, query)), index.Ids(Coded(index, query)));
}

/// A text loader that sleeps past a deadline at its first call.
struct SlowTexts {
  std::chrono::steady_clock::time_point until;
  std::string text = "text";
  static const std::string* Load(void* self) {
    auto& texts = *static_cast<SlowTexts*>(self);
    std::this_thread::sleep_until(texts.until);
    return &texts.text;
  }
};

TEST_F(ScanTest, ADeadlineEndsTheScanWithWhatWasFound) {
  TestIndex index({4, Metric::kIp}, 1000);
  for (int i = 0; i < 1000; ++i) index.Add(std::to_string(i), RandomVector(4));
  const std::vector<float> vector = RandomVector(4);
  ScanQuery query = QueryFor(vector, 1000);
  query.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  ScanCounts past;
  EXPECT_TRUE(Exact(index, query, &past).empty());
  EXPECT_TRUE(past.deadline_cut);
  EXPECT_EQ(past.rows, 0u);

  SlowTexts texts{std::chrono::steady_clock::now() + std::chrono::milliseconds(300)};
  const FilterProgram filter = *FilterProgram::Compile("text = 'text'", {});
  RowRef text_row;
  query.filter = &filter;
  query.load_text = &SlowTexts::Load;
  query.text_context = &texts;
  query.text_row = &text_row;
  query.deadline = texts.until;
  ScanCounts midway;
  EXPECT_EQ(Coded(index, query, &midway).size(), 256u);
  EXPECT_TRUE(midway.deadline_cut);
  EXPECT_EQ(midway.rows, 256u);

  query.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  ScanCounts ample;
  EXPECT_EQ(Coded(index, query, &ample).size(), 1000u);
  EXPECT_FALSE(ample.deadline_cut);
}

}  // namespace
}  // namespace tracevec
