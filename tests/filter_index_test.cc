// Filters answered from columns while a collection changes: against each chunk asked on its own,
// and against exact search.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/filter_program.h"
#include "retrieval/database_impl.h"
#include "tests/random_filter.h"
#include "tests/small_index_options.h"
#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr std::size_t kDimension = 8;
constexpr std::size_t kMostIds = 200;

/// A collection of loose vectors with random metadata, and what it should hold.
class FilterIndexTest : public DatabaseTest {
 protected:
  void SetUp() override {
    Open();
    Must(db_->CreateCollection("notes", BodySchema(kDimension)));
  }
  /// A few chunks make an index, so that filters can be many.
  void Open() { db_ = Must(OpenForTest(path_, SmallStore(), nullptr, kSmallIndexOptions)); }
  void Reopen() {
    Must(db_->Close());
    Open();
  }
  Collection Notes() { return Must(db_->GetCollection("notes")); }

  Metadata RandomFields() {
    Metadata fields;
    for (const char* name : {"a", "b", "c", "m", "x", "x.y", "id"}) {
      const std::size_t pick = random_.Below(4);
      if (pick == 0) fields[name] = random_.Scalar();
      if (pick == 1) fields[name] = random_.List();
      if (pick == 2 && random_.Below(2) == 0) {
        fields[name] = Value::Map{{"a", random_.Scalar()}, {"y", random_.List()}};
      }
    }
    if (random_.Below(20) == 0) fields["new" + std::to_string(random_.Below(50))] = 1;
    return fields;
  }

  void UpsertSome(std::size_t count) {
    Collection notes = Notes();
    Rows rows;
    std::set<std::string> ids;
    while (ids.size() < count) ids.insert("id" + std::to_string(random_.Below(kMostIds)));
    for (const std::string& id : ids) {
      rows.ids.push_back(id);
      const std::vector<float> vector = RandomVectors(1, kDimension, random_.Below(1'000'000));
      rows.vectors.insert(rows.vectors.end(), vector.begin(), vector.end());
      rows.metadata.push_back(RandomFields());
      model_[id] = rows.metadata.back();
    }
    Upsert(notes, rows);
  }

  void UpdateSome() {
    Metadata patch = RandomFields();
    const Filter where(random_.Expression(2));
    Collection notes = Notes();
    for (const std::string& id : Accepted(where)) {
      for (const auto& [name, value] : patch) {
        // A null in a patch removes the field.
        if (value.is_null()) {
          model_[id].erase(name);
        } else {
          model_[id][name] = value;
        }
      }
    }
    Must(notes.UpdateMetadata(patch, {std::nullopt, where}));
  }

  void DeleteSome() {
    std::vector<std::string> ids;
    for (int i = 0; i < 10; ++i) ids.push_back("id" + std::to_string(random_.Below(kMostIds)));
    for (const std::string& id : ids) model_.erase(id);
    Collection notes = Notes();
    Must(notes.Delete({ids, {}}));
  }

  /// Asked one by one, in order of id.
  std::vector<std::string> Accepted(const Filter& where) const {
    const FilterProgram program = Must(FilterProgram::Compile(where, {}));
    std::vector<std::string> ids;
    for (const auto& [id, fields] : model_) {
      FilterSubject subject;
      subject.id = id;
      subject.document = id;
      subject.own = &fields;
      if (program.Accepts(subject)) ids.push_back(id);
    }
    return ids;
  }

  void CompareOne() {
    const Filter where(random_.Expression(3));
    const Collection notes = Notes();
    const std::vector<std::string> expected = Accepted(where);
    ASSERT_EQ(Must(notes.Count(where)), expected.size()) << where.ToString();
    if (random_.Below(50) == 0) {
      ScanOptions options;
      options.where = where;
      options.order_by = "id";
      ASSERT_EQ(IdsOf(ReadAll(Must(notes.Scan(options)))), expected) << where.ToString();
    }
    if (random_.Below(5) != 0) return;
    const std::vector<float> query = RandomVectors(1, kDimension, random_.Below(1'000'000));
    SearchRequest request;
    request.vector = query;
    request.where = where;
    request.k = static_cast<std::uint32_t>(1 + random_.Below(30));
    request.exact = random_.Below(2) == 0;
    request.with_content = false;
    Explanation explanation;
    SearchResponse response;
    do {  // The builder may make a segment between the two.
      explanation = Must(notes.Explain(request));
      response = Must(notes.Search(request));
    } while (RowsOf(explanation.parts) != RowsOf(response.receipt.parts));
    ExpectExplained(explanation, response.receipt);
    ASSERT_EQ(response.hits.size(), std::min<std::size_t>(request.k, expected.size()))
        << where.ToString();
    for (const Hit& hit : response.hits) {
      ASSERT_TRUE(std::binary_search(expected.begin(), expected.end(), hit.id)) << where.ToString();
    }
  }

  static std::vector<std::uint64_t> RowsOf(const std::vector<SearchPart>& parts) {
    std::vector<std::uint64_t> rows;
    for (const SearchPart& part : parts) rows.push_back(part.rows);
    return rows;
  }

  /// Each part was searched in a way that the explanation has.
  static void ExpectExplained(const Explanation& explanation, const Receipt& receipt) {
    for (std::size_t i = 0; i < receipt.parts.size(); ++i) {
      std::vector<std::string> ways = explanation.parts[i].other_ways;
      ways.push_back(explanation.parts[i].way);
      EXPECT_NE(std::find(ways.begin(), ways.end(), receipt.parts[i].way), ways.end())
          << receipt.filter << ": " << receipt.parts[i].way << ", but " << explanation.ToJson();
      EXPECT_TRUE(receipt.parts[i].other_ways.empty());
    }
  }

  const std::uint64_t seed_ = TestSeed();
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__, SeedMessage(seed_)};
  RandomFilter random_{seed_, RandomFilter::Profile::kSmall};
  std::map<std::string, Metadata> model_;
};

TEST_F(FilterIndexTest, IndexAndScanAgreeWhateverIsWritten) {
  UpsertSome(100);
  Must(Notes().Rebuild());
  const std::size_t filters = TestIterations(10'000);
  for (std::size_t i = 0; i < filters; ++i) {
    if (i % 50 == 0) {
      switch (random_.Below(8)) {
        case 0: UpsertSome(1 + random_.Below(30)); break;
        case 1:
        case 2: UpdateSome(); break;
        case 3: DeleteSome(); break;
        case 4: Must(Notes().Rebuild()); break;
        case 5: Reopen(); break;
        default: break;
      }
    }
    ASSERT_NO_FATAL_FAILURE(CompareOne()) << "filter " << i;
  }
}

TEST_F(FilterIndexTest, ALongReaderSeesItsOwnMetadataAfterColumnsAreRenewed) {
  Collection notes = Notes();
  Rows rows = MakeRows(0, 3000, kDimension);
  for (int i = 0; i < 3000; ++i) rows.metadata.push_back({{"n", i % 3}});
  Upsert(notes, rows);
  Must(notes.Rebuild());
  ScanOptions options;
  options.where = "n = 1";
  Scanner before = Must(notes.Scan(options));
  EXPECT_EQ(Must(notes.UpdateMetadata({{"n", 7}}, {std::nullopt, "n = 1"})).updated, 1000u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Must(notes.Count("n = 7")), 1000u);
    EXPECT_EQ(Must(notes.Count("n = 1")), 0u);
    EXPECT_EQ(Must(notes.Count("n != 7")), 2000u);
    EXPECT_EQ(Must(notes.UpdateMetadata({{"round", i}}, {std::nullopt, "n = 7"})).updated, 1000u);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // The builder makes new columns.
  }
  EXPECT_EQ(ReadAll(std::move(before)).size(), 1000u);
  EXPECT_EQ(Must(notes.Count("round = 4 AND n = 7")), 1000u);
}

TEST_F(FilterIndexTest, ReceiptsAndExplanationsTellChoiceEstimateAndTruth) {
  Collection notes = Notes();
  Rows rows = MakeRows(0, 3000, kDimension);
  for (int i = 0; i < 3000; ++i) rows.metadata.push_back({{"n", i % 10}, {"even", i % 2 == 0}});
  Upsert(notes, rows);
  Must(notes.Rebuild());
  SearchRequest request;
  request.vector = std::span(rows.vectors).first(kDimension);
  request.where = "n = 4 AND even = true";
  const Explanation explanation = Must(notes.Explain(request));
  EXPECT_EQ(explanation.plan, "filtered_scan");
  EXPECT_EQ(explanation.filter, "n = 4 AND even = true");
  EXPECT_EQ(explanation.field, "body");
  EXPECT_EQ(explanation.live, 3000u);
  ASSERT_EQ(explanation.parts.size(), 1u);
  EXPECT_EQ(explanation.parts[0].way, "scan_matches");
  EXPECT_EQ(explanation.parts[0].rows, 3000u);
  EXPECT_EQ(explanation.parts[0].matches_low, 0u);
  EXPECT_EQ(explanation.parts[0].matches_estimated, 150u);
  EXPECT_EQ(explanation.parts[0].matches_high, 300u);
  EXPECT_FALSE(explanation.parts[0].matches);
  EXPECT_NE(explanation.ToJson().find("\"matches_high\":300"), std::string::npos);

  const Receipt receipt = Must(notes.Search(request)).receipt;
  EXPECT_EQ(receipt.plan, explanation.plan);
  EXPECT_EQ(receipt.rows_scanned, 300u);
  ASSERT_EQ(receipt.parts.size(), 1u);
  EXPECT_EQ(receipt.parts[0].matches_estimated, 150u);
  EXPECT_EQ(receipt.parts[0].matches, 300u);
  EXPECT_NE(receipt.ToJson().find("\"matches\":300"), std::string::npos);

  request.where = "n = 4 AND text CONTAINS 'x'";
  const Receipt open = Must(notes.Search(request)).receipt;
  EXPECT_EQ(open.parts.at(0).way, "scan_matches");
  EXPECT_FALSE(open.parts[0].matches) << "texts were asked for one by one";
  EXPECT_EQ(open.rows_scanned, 300u);

  request.where = {};
  EXPECT_EQ(Must(notes.Explain(request)).plan, "graph");
  request.exact = true;
  EXPECT_EQ(Must(notes.Explain(request)).plan, "exact_scan");
  SearchRequest none;
  EXPECT_EQ(Must(notes.Explain(none)).parts.size(), 1u) << "needs no vector";
  none.where = "m = 1";
  EXPECT_TRUE(Fails(notes.Explain(none), StatusCode::kInvalidArgument, {"unknown field 'm'"}));
  none.where = {};
  none.vector = std::span(rows.vectors).first(3);
  EXPECT_TRUE(Fails(notes.Explain(none), StatusCode::kInvalidArgument, {"expected 8, got 3"}));
}

/// Rows around centres; fields by chance, by nearness to the query, and by distance.
class FilteredWalkTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kRows = 20'000;
  static constexpr std::size_t kWidth = 24;
  static constexpr std::size_t kQueries = 30;

  void SetUp() override {
    DatabaseTest::SetUp();
    notes_.emplace(Must(db_->CreateCollection("notes", BodySchema(kWidth))));
    Rows rows = MakeRows(0, kRows, kWidth, 5);
    const std::vector<float> centres = RandomVectors(40, kWidth, 6);
    for (std::size_t i = 0; i < kRows; ++i) {
      const float* centre = &centres[i % 40 * kWidth];
      for (std::size_t d = 0; d < kWidth; ++d) {
        rows.vectors[i * kWidth + d] = centre[d] + 0.6F * rows.vectors[i * kWidth + d];
      }
      // A part of the space, so that what matches is near some queries and far from others.
      const float side = rows.vectors[i * kWidth];
      rows.metadata.push_back({{"permille", static_cast<std::int64_t>(i * 7919 % 1000)},
                               {"centre", static_cast<std::int64_t>(i % 40)},
                               {"side", static_cast<double>(side)}});
    }
    Upsert(*notes_, rows);
    Must(notes_->Rebuild());
    rows_ = std::move(rows);
  }

  double Recall(const std::string& where, std::set<std::string>* plans) {
    std::size_t found = 0;
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < kQueries; ++i) {
      SearchRequest request;
      request.vector = std::span(&rows_.vectors[i * 601 * kWidth], kWidth);
      request.where = where;
      request.with_content = false;
      const SearchResponse response = Must(notes_->Search(request));
      plans->insert(response.receipt.parts.at(0).way);
      const std::vector<std::string> ids = IdsOf(response.hits);
      request.exact = true;
      for (const Hit& hit : Must(notes_->Search(request)).hits) {
        found += static_cast<std::size_t>(std::count(ids.begin(), ids.end(), hit.id));
        ++wanted;
      }
    }
    return static_cast<double>(found) / static_cast<double>(wanted);
  }

  std::optional<Collection> notes_;
  Rows rows_;
};

TEST_F(FilteredWalkTest, RecallHoldsAtEverySelectivity) {
  const std::pair<const char*, const char*> cases[] = {
      {"permille >= 20", "graph_then_filter"}, {"permille < 500", "graph_matches"},
      {"permille < 400", "graph_matches"},     {"NOT permille >= 50", "scan_matches"},
      {"permille < 10", "scan_matches"},       {"permille < 1", "scan_matches"}};
  for (const auto& [where, way] : cases) {
    std::set<std::string> ways;
    EXPECT_GE(Recall(where, &ways), 0.95) << where;
    EXPECT_EQ(ways, std::set<std::string>{way}) << where;
  }
}

TEST_F(FilteredWalkTest, RecallHoldsWhereMatchesAreFarFromTheQueryOrNearIt) {
  std::set<std::string> ways;
  for (const char* where : {"centre < 20", "centre >= 12", "side > 0", "side < 0.5",
                            "centre IN (1, 5, 9, 17, 21, 22, 25, 30, 31, 33)"}) {
    EXPECT_GE(Recall(where, &ways), 0.95) << where;
  }
  // Those that are far from a query are scanned: of so few rows that is faster.
  EXPECT_EQ(ways, (std::set<std::string>{"graph_matches", "scan_matches"}));
  // Which are far is found out by searching, and an explanation says so.
  SearchRequest request;
  request.where = "centre < 20";
  const SearchPart explained = Must(notes_->Explain(request)).parts.at(0);
  EXPECT_EQ(explained.way, "graph_matches");
  EXPECT_EQ(explained.other_ways, std::vector<std::string>{"scan_matches"});
}

TEST_F(FilteredWalkTest, AsManyAsMatchAreFoundAlsoWhereRowsAreDeleted) {
  Must(notes_->Delete({std::nullopt, "permille < 480"}));
  std::set<std::string> ways;
  EXPECT_GE(Recall("permille < 500", &ways), 0.95);
  SearchRequest request;
  request.vector = std::span(rows_.vectors).first(kWidth);
  request.where = "permille < 500";
  request.k = 1000;
  EXPECT_EQ(Must(notes_->Search(request)).hits.size(), 400u);
}

}  // namespace
}  // namespace tracevec
