// Filters answered by columns, against the same filters asked of each row.

#include "index/metadata_columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "index/filter_candidates.h"
#include "tests/random_filter.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// What rows have: own and inherited metadata.
struct TestRow {
  bool has_own = false;
  Metadata own;
  Metadata inherited;
  std::string id;
  std::string document;

  FilterSubject Subject() const {
    FilterSubject subject;
    subject.id = id;
    subject.document = document;
    if (has_own) subject.own = &own;
    subject.inherited = &inherited;
    return subject;
  }
};

MetadataColumns BuildColumns(const std::vector<TestRow>& rows,
                             const MetadataColumns::FieldNames& declared = {}) {
  return MetadataColumns::Build(static_cast<std::uint32_t>(rows.size()), declared,
                                [&](std::uint32_t row) { return rows[row].Subject(); });
}

std::vector<std::uint32_t> AcceptedOneByOne(const FilterProgram& filter,
                                            const std::vector<TestRow>& rows) {
  std::vector<std::uint32_t> accepted;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    if (filter.Accepts(rows[row].Subject())) accepted.push_back(row);
  }
  return accepted;
}

FilterProgram Compiled(const Filter& filter) { return *FilterProgram::Compile(filter, {}); }

Metadata RandomMetadata(RandomFilter& random) {
  static const std::vector<std::string> kNames = {"a", "b", "c", "m", "x.y", "x", "id"};
  Metadata fields;
  for (const std::string& name : kNames) {
    switch (random.Below(4)) {
      case 0: fields[name] = random.Scalar(); break;
      case 1: fields[name] = random.List(); break;
      case 2: {
        Value::Map map = {{"a", random.Scalar()}, {"y", random.Scalar()}};
        if (random.Below(2) == 0) map["b"] = random.List();
        if (random.Below(2) == 0) map["m"] = Value::Map{{"a", random.Scalar()}};
        fields[name] = std::move(map);
        break;
      }
      default: break;
    }
  }
  return fields;
}

std::vector<TestRow> RandomRows(RandomFilter& random, std::size_t count) {
  std::vector<TestRow> rows(count);
  for (TestRow& row : rows) {
    row.inherited = &row != rows.data() && random.Below(2) == 0 ? (&row - 1)->inherited
                                                                : RandomMetadata(random);
    row.has_own = random.Below(2) == 0;
    if (row.has_own) row.own = RandomMetadata(random);
  }
  return rows;
}

TEST(MetadataColumns, AgreeWithTheProgramOnRandomFilters) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kSmall);
  for (std::size_t round = 0; round < TestIterations(10); ++round) {
    // More rows than a value needs for a bitmap of its own, every other time.
    const std::vector<TestRow> rows = RandomRows(random, round % 2 == 0 ? 40 : 1000);
    const MetadataColumns columns = BuildColumns(rows);
    ASSERT_TRUE(columns.complete());
    for (int i = 0; i < (round % 2 == 0 ? 800 : 200); ++i) {
      const Filter filter(random.Expression(4));
      ASSERT_TRUE(filter.status().ok()) << filter.status().message();
      const FilterProgram program = Compiled(filter);
      const std::vector<std::uint32_t> expected = AcceptedOneByOne(program, rows);
      const FilterCandidates found = FindCandidates(program, columns);
      EXPECT_TRUE(found.exact);
      ASSERT_EQ(found.rows.Rows(), expected) << filter.ToString();
      const RowEstimate estimate = EstimateMatches(program, columns).rows;
      const auto truth = static_cast<double>(expected.size());
      ASSERT_LE(estimate.low, truth) << filter.ToString();
      ASSERT_GE(estimate.high, truth) << filter.ToString();
      ASSERT_LE(estimate.low, estimate.likely);
      ASSERT_LE(estimate.likely, estimate.high);
    }
  }
}

TEST(MetadataColumns, FieldsBeyondTheBoundLeaveTheAnswerOpen) {
  std::vector<TestRow> rows(MetadataColumns::kMostColumns + 10);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].inherited = {{"f" + std::to_string(i), 1}, {"year", static_cast<int>(i % 7)}};
  }
  const MetadataColumns columns = BuildColumns(rows);
  EXPECT_FALSE(columns.complete());
  EXPECT_NE(columns.Find("year"), nullptr);
  EXPECT_EQ(columns.Find("f" + std::to_string(rows.size() - 1)), nullptr);
  const std::string last = "f" + std::to_string(rows.size() - 1) + " = 1";
  const FilterCandidates open = FindCandidates(Compiled("year = 3 AND " + last), columns);
  EXPECT_FALSE(open.exact);
  EXPECT_EQ(open.rows.Rows(), AcceptedOneByOne(Compiled("year = 3"), rows))
      << "narrowed all the same";
  EXPECT_TRUE(FindCandidates(Compiled("year = 9 AND " + last), columns).exact) << "nothing is left";
}

TEST(MetadataColumns, DeclaredFieldsComeBeforeAllOthers) {
  std::vector<TestRow> rows(MetadataColumns::kMostColumns + 10);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].inherited = {{"f" + std::to_string(i), 1}};
  }
  rows.back().inherited = {{"year", 2020}};
  EXPECT_EQ(BuildColumns(rows).Find("year"), nullptr);
  const MetadataColumns columns = BuildColumns(rows, {"unused", "year"});
  EXPECT_EQ(FindCandidates(Compiled("year = 2020"), columns).rows.count(), 1u);
  EXPECT_EQ(columns.Find("unused"), nullptr) << "no row has it";
  EXPECT_FALSE(columns.complete());
  rows.resize(10);
  EXPECT_TRUE(BuildColumns(rows, {"unused", "year"}).complete());
}

TEST(MetadataColumns, NamesAgreeWithTheProgramOnRandomFilters) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kSmall);
  const auto name = [&] { return std::string(1 + random.Below(2), "abc"[random.Below(3)]); };
  const auto quoted = [&] { return "'" + name() + "'"; };
  const auto condition = [&]() -> std::string {
    const std::string field = random.Below(2) == 0 ? "id" : "document";
    static const std::vector<std::string> kOrders = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    switch (random.Below(8)) {
      case 0: return field + " IN (" + quoted() + ", " + quoted() + ", 'none')";
      case 1: return field + " NOT IN (" + quoted() + ", null)";
      case 2: return field + " BETWEEN " + quoted() + " AND " + quoted();
      case 3: return field + " LIKE '%" + name() + "_'";
      case 4: return field + " STARTS WITH " + quoted();
      case 5: return field + " CONTAINS ANY (" + quoted() + ", " + quoted() + ")";
      case 6: return field + (random.Below(2) == 0 ? " IS NULL" : " EXISTS");
      default: return field + kOrders[random.Below(kOrders.size())] + quoted();
    }
  };
  for (std::size_t round = 0; round < TestIterations(10); ++round) {
    std::vector<TestRow> rows = RandomRows(random, round % 2 == 0 ? 30 : 700);
    for (TestRow& row : rows) {
      row.id = name();
      row.document = round % 3 == 0 ? row.id : name();
    }
    const MetadataColumns columns = BuildColumns(rows);
    const NameColumns names(
        static_cast<std::uint32_t>(rows.size()),
        [&](std::uint32_t row) -> std::string_view { return rows[row].id; },
        [&](std::uint32_t row) -> std::string_view { return rows[row].document; });
    for (int i = 0; i < 200; ++i) {
      std::string where = "(" + condition() + ")";
      if (random.Below(2) == 0) where = "NOT " + where;
      if (random.Below(2) == 0) where += random.Below(2) == 0 ? " AND a != 1" : " OR b = 1";
      if (random.Below(2) == 0) where += " AND " + condition();
      const FilterProgram program = Compiled(*Filter::Parse(where));
      const std::vector<std::uint32_t> expected = AcceptedOneByOne(program, rows);
      const FilterCandidates found = FindCandidates(program, columns, &names);
      EXPECT_TRUE(found.exact);
      ASSERT_EQ(found.rows.Rows(), expected) << where;
      ASSERT_LE(found.estimate.low, static_cast<double>(expected.size())) << where;
      ASSERT_GE(found.estimate.high, static_cast<double>(expected.size())) << where;
    }
  }
}

TEST(MetadataColumns, ConditionsOnIdAndTextLeaveTheAnswerOpen) {
  std::vector<TestRow> rows(10);
  for (int i = 0; i < 10; ++i) rows[static_cast<std::size_t>(i)].inherited = {{"n", i}};
  const MetadataColumns columns = BuildColumns(rows);
  for (const char* where : {"text CONTAINS 'a'", "id = 'x'", "document = 'x'", "version = 1"}) {
    EXPECT_FALSE(FindCandidates(Compiled(where), columns).exact) << where;
    const FilterCandidates narrowed =
        FindCandidates(Compiled("n < 3 AND " + std::string(where)), columns);
    EXPECT_EQ(narrowed.rows.count(), 3u) << where;
  }
}

TEST(MetadataColumns, EstimatesOfOneConditionAreExact) {
  std::vector<TestRow> rows(1000);
  for (int i = 0; i < 1000; ++i) {
    rows[static_cast<std::size_t>(i)].inherited = {{"n", i}, {"ten", i % 10}};
  }
  const MetadataColumns columns = BuildColumns(rows);
  const auto estimate = [&](const char* where) {
    return EstimateMatches(Compiled(where), columns).rows;
  };
  for (const char* where : {"n < 250", "n BETWEEN 100 AND 349", "NOT n >= 250"}) {
    EXPECT_EQ(estimate(where).low, 250) << where;
    EXPECT_EQ(estimate(where).high, 250) << where;
  }
  EXPECT_EQ(estimate("ten != 3").likely, 900);
  EXPECT_EQ(estimate("none = 3").high, 0);
  const RowEstimate both = estimate("ten = 3 AND n < 500");
  EXPECT_EQ(both.low, 0);
  EXPECT_EQ(both.likely, 50);
  EXPECT_EQ(both.high, 100);
}

TEST(MetadataColumns, RangesOfManyValuesAgreeWithTheProgram) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kSmall);
  // More rows than a container of a bitmap has, and values of one row as well as of many.
  std::vector<TestRow> rows(140'000);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Metadata& fields = rows[i].inherited;
    if (i % 10 != 0) fields["one"] = static_cast<std::int64_t>(i * 7919 % rows.size());
    if (i % 7 != 0) fields["some"] = static_cast<double>(random.Below(3000)) / 2;
    fields["few"] = static_cast<std::int64_t>(random.Below(20));
  }
  const MetadataColumns columns = BuildColumns(rows);
  const auto bound = [&](std::size_t most) { return std::to_string(random.Below(most)); };
  for (std::size_t i = 0; i < TestIterations(30); ++i) {
    const std::string one = "one >= " + bound(140'000) + " AND one < " + bound(140'000);
    const std::string some = "some < " + bound(1500);
    const std::string few = "few > " + bound(20);
    const std::vector<std::string> filters = {
        one,
        some,
        one + " AND " + some,
        one + " AND NOT " + some + " AND " + few,
        some + " OR NOT (" + one + ")",
        few + " AND some IS NULL AND one BETWEEN 5000 AND 90000",
        "few = 3 AND one < 70000 AND some > 700",
        one + " AND few != 4 AND NOT EXISTS some"};
    for (const std::string& where : filters) {
      const FilterProgram program = Compiled(where);
      const FilterCandidates found = FindCandidates(program, columns);
      EXPECT_TRUE(found.exact);
      ASSERT_EQ(found.rows.Rows(), AcceptedOneByOne(program, rows)) << where;
    }
  }
}

TEST(MetadataColumns, AKeywordOfAThousandValuesTakesUnderFourMegabytes) {
  constexpr std::uint32_t kRows = 1'000'000;
  Metadata fields = {{"keyword", ""}};
  std::uint64_t state = 1;
  FilterSubject subject;
  subject.own = &fields;
  const MetadataColumns columns = MetadataColumns::Build(kRows, {}, [&](std::uint32_t) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    fields["keyword"] = "value " + std::to_string((state >> 33) % 1000);
    return subject;
  });
  EXPECT_LT(columns.memory_bytes(), 4'000'000u);
}

}  // namespace
}  // namespace tracevec
