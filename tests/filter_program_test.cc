// Binding filters to a schema, and the bound filter against an oracle.

#include "core/filter_program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/filter_compare.h"
#include "tests/evaluate_filter.h"
#include "tests/filter_oracle.h"
#include "tests/random_filter.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

constexpr Truth T = Truth::kTrue;
constexpr Truth F = Truth::kFalse;

Value At(std::string_view text) { return Value(*ParseTimestamp(text)); }

TEST(FilterProgram, LoadsTheTextOnceAndOnlyWhenItDecides) {
  struct Loader {
    std::string text = "some text";
    int loads = 0;
  } loader;
  FilterSubject subject;
  subject.version = 1;
  subject.text_context = &loader;
  subject.load_text = [](void* context) -> const std::string* {
    auto* self = static_cast<Loader*>(context);
    ++self->loads;
    return &self->text;
  };
  EXPECT_EQ(Evaluate(Filter("text CONTAINS 'x' AND version = 2"), subject), F);
  EXPECT_EQ(Evaluate(Filter("(text CONTAINS 'x' OR text LIKE 's%') OR version = 1"), subject), T);
  EXPECT_EQ(loader.loads, 0);
  EXPECT_EQ(Evaluate(Filter("text CONTAINS 'some' AND text CONTAINS 'text'"), subject), T);
  EXPECT_EQ(loader.loads, 1);
  EXPECT_TRUE(FilterProgram::Compile(Filter("NOT text = 'a'"), {})->needs_text());
  EXPECT_FALSE(FilterProgram::Compile(Filter("meta.text = 'a'"), {})->needs_text());
}

TEST(FilterProgram, AnEmptyFilterAcceptsEverything) {
  const Result<FilterProgram> program = FilterProgram::Compile(Filter(), {});
  ASSERT_TRUE(program.ok());
  EXPECT_TRUE(program->empty());
  EXPECT_TRUE(program->Accepts({}));
  EXPECT_EQ(program->Evaluate({}), T);
  EXPECT_FALSE(FilterProgram::Compile(!Filter(), {})->Accepts({}));
}

CollectionSchema DeclaredSchema() {
  CollectionSchema schema;
  schema.metadata = {{"flag", MetadataType::kBool},         {"year", MetadataType::kInt},
                     {"score", MetadataType::kDouble},      {"lang", MetadataType::kString},
                     {"updated", MetadataType::kTimestamp}, {"tags", MetadataType::kStringList},
                     {"years", MetadataType::kIntList},     {"seen", MetadataType::kTimestampList},
                     {"author.name", MetadataType::kString}};
  return schema;
}

TEST(FilterProgram, LiteralsBecomeTheDeclaredType) {
  const Metadata fields = {{"updated", At("2026-01-01")},
                           {"year", 2020},
                           {"score", 1.0},
                           {"seen", Value::List{At("2026-01-01")}}};
  FilterSubject subject;
  subject.own = &fields;
  for (const char* filter :
       {"updated = '2026-01-01T01:00:00+01:00'", "updated IN ('2026-01-01')", "year > 2019.5",
        "score = 1", "seen CONTAINS '2026-01-01'", "seen = ['2026-01-01']", "flag = null",
        "flag IS NULL", "tags != ['a']", "version IN (0, 1)"}) {
    EXPECT_EQ(Evaluate(Filter(filter), subject, DeclaredSchema()), T) << filter;
  }
}

TEST(FilterProgram, ALiteralOfAnotherTypeIsAnError) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"year = 'abc'", "filter: field 'year' is int; got string 'abc'"},
      {"year IN (1, '2')", "filter: field 'year' is int; got string '2'"},
      {"year = true", "filter: field 'year' is int; got bool true"},
      {"meta.year = 'abc'", "filter: field 'meta.year' is int; got string 'abc'"},
      {"year = [1]",
       "filter: field 'year' is int; got list [1] (IN looks for any of several "
       "values)"},
      {"flag = 1", "filter: field 'flag' is bool; got int 1"},
      {"score BETWEEN 1 AND 'x'", "filter: field 'score' is float; got string 'x'"},
      {"lang = 1", "filter: field 'lang' is string; got int 1"},
      {"lang > TIMESTAMP '2026-01-01'",
       "filter: field 'lang' is string; got timestamp 2026-01-01T00:00:00Z"},
      {"updated = 'noon'",
       "filter: field 'updated' is timestamp; got string 'noon' (expected ISO "
       "8601 such as 2026-07-30T12:00:00Z)"},
      {"updated > 5", "filter: field 'updated' is timestamp; got int 5"},
      {"tags = 'a'",
       "filter: field 'tags' is list[string]; got string 'a' (CONTAINS looks for one "
       "value in a list)"},
      {"tags CONTAINS 1", "filter: field 'tags' is list[string]; got int 1"},
      {"tags > 'a'",
       "filter: field 'tags' is list[string]; > needs a single value, lists have no "
       "order"},
      {"tags LIKE 'a'", "filter: field 'tags' is list[string]; LIKE needs a string"},
      {"years = ['x']", "filter: field 'years' is list[int]; got list ['x']"},
      {"year CONTAINS 1", "filter: field 'year' is int; CONTAINS ANY needs a list or a string"},
      {"year STARTS WITH '2'", "filter: field 'year' is int; STARTS WITH needs a string"},
      {"author.name = 1", "filter: field 'author.name' is string; got int 1"},
      {"version = 'a'", "filter: field 'version' is int; got string 'a'"},
      {"id = 1", "filter: field 'id' is string; got int 1"},
      {"a = 1 OR NOT (b = 2 AND year = 'x')", "filter: field 'year' is int; got string 'x'"},
  };
  for (const auto& [text, message] : cases) {
    const Result<FilterProgram> program = FilterProgram::Compile(Filter(text), DeclaredSchema());
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_EQ(program.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(program.status().message(), message) << text;
  }
  const Result<FilterProgram> program = FilterProgram::Compile(
      Filter("lang = 5 OR lang = '" + std::string(10'000, 'x') + "'"), DeclaredSchema());
  EXPECT_LT(program.status().message().size(), 200U);
}

TEST(FilterProgram, AnUnknownFieldIsAnErrorWhenTheNamesAreKnown) {
  const std::vector<std::string> known = {"author", "colour"};
  const CollectionSchema schema = DeclaredSchema();
  for (const char* text : {"year = 1", "colour = 'red'", "author.city = 'x'", "meta.colour = 'x'",
                           "id = 'x'", "text = 'x'", "meta.author.city = 'x'"}) {
    EXPECT_TRUE(FilterProgram::Compile(Filter(text), schema, &known).ok()) << text;
  }
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"yeer = 1", "filter: unknown field 'yeer' (did you mean 'year'?)"},
      {"color = 'red'", "filter: unknown field 'color' (did you mean 'colour'?)"},
      {"documnt = 'x'", "filter: unknown field 'documnt' (did you mean 'document'?)"},
      {"a = 1", "filter: unknown field 'a'"},
      {"meta.id = 'x'", "filter: unknown field 'meta.id'"},
      {"EXISTS year.x", "filter: unknown field 'year.x' (did you mean 'year'?)"},
  };
  for (const auto& [text, message] : cases) {
    const Result<FilterProgram> program = FilterProgram::Compile(Filter(text), schema, &known);
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_EQ(program.status().message().find(message), 0U) << program.status().message();
    EXPECT_TRUE(FilterProgram::Compile(Filter(text), schema).ok()) << text;
  }
}

TEST(FilterProgram, TheFiltersOwnMistakeIsReturned) {
  const Result<FilterProgram> program = FilterProgram::Compile(Filter("year >="), {});
  ASSERT_FALSE(program.ok());
  EXPECT_NE(program.status().message().find("position 8"), std::string::npos);
}

TEST(FilterCompare, IntegersAndDoublesAgreeWithExtendedPrecision) {
  if (std::numeric_limits<long double>::digits < 64) {
    GTEST_SKIP() << "long double cannot hold every int64 here";
  }
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kAnything);
  for (std::size_t i = TestIterations(100'000); i > 0; --i) {
    const auto integer = static_cast<std::int64_t>(random.Below(SIZE_MAX) >> random.Below(64));
    // Neighbours of the integer, where rounding would show.
    const double number = std::nextafter(static_cast<double>(integer),
                                         static_cast<double>(random.Below(3)) * 1e19 - 1e19);
    EXPECT_EQ(CompareIntDouble(integer, number),
              static_cast<long double>(integer) <=> static_cast<long double>(number))
        << integer << " " << number;
  }
}

TEST(FilterProgram, AgreesWithTheOracle) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kSmall);
  const auto metadata = [&] {
    Metadata fields;
    for (const char* name : {"a", "b", "c", "m", "m.b", "x.y", "x", "id"}) {
      switch (random.Below(5)) {
        case 0: break;
        case 1: fields[name] = Value(random.List()); break;
        case 2:
          fields[name] = Value(Value::Map{{"a", random.Scalar()},
                                          {"b", random.Scalar()},
                                          {"m", Value(Value::Map{{"a", random.Scalar()}})}});
          break;
        default: fields[name] = random.Scalar(); break;
      }
    }
    return fields;
  };
  std::size_t counts[3] = {};
  for (std::size_t i = TestIterations(20'000); i > 0; --i) {
    const Filter filter(random.Expression(static_cast<int>(random.Below(4))));
    const Result<FilterProgram> program = FilterProgram::Compile(filter, {});
    ASSERT_TRUE(program.ok()) << filter.ToString() << "\n" << program.status().message();
    const Metadata own = metadata();
    const Metadata inherited = metadata();
    FilterSubject subject;
    subject.own = &own;
    subject.inherited = &inherited;
    const Truth truth = program->Evaluate(subject);
    ASSERT_EQ(truth, OracleEvaluate(*filter.expression(), subject))
        << filter.ToString() << "\nown " << Value(own).ToJson() << "\ninherited "
        << Value(inherited).ToJson();
    ++counts[static_cast<std::size_t>(truth)];
  }
  // The comparison means little when one answer is rare.
  const std::size_t all = counts[0] + counts[1] + counts[2];
  for (const std::size_t count : counts) EXPECT_GE(count * 50, all);
}

}  // namespace
}  // namespace tracevec
