// The JSON dialect: reading, writing, errors.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/filter_expression.h"
#include "core/filter_json.h"
#include "core/filter_printer.h"
#include "tests/random_filter.h"
#include "tests/test_seed.h"
#include "tracevec/filter.h"

namespace tracevec {
namespace {

std::string AsText(std::string_view json) {
  const Result<Filter> filter = Filter::FromJson(json);
  return filter.ok() ? filter->ToString() : filter.status().message();
}

TEST(FilterJson, MeansTheSameAsTheText) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"year": 2020})", "year = 2020"},
      {R"({"year": null})", "year = null"},
      {R"({"score": 1.0})", "score = 1.0"},
      {R"({"year": {"$eq": 2020}})", "year = 2020"},
      {R"({"year": {"$ne": 2020}})", "year != 2020"},
      {R"({"year": {"$gt": 1}})", "year > 1"},
      {R"({"year": {"$gte": 1}})", "year >= 1"},
      {R"({"year": {"$lt": 1}})", "year < 1"},
      {R"({"year": {"$lte": 1}})", "year <= 1"},
      {R"({"year": {"$gte": 1, "$lt": 5}})", "year >= 1 AND year < 5"},
      {R"({"lang": {"$in": ["en", "nl"]}})", "lang IN ('en', 'nl')"},
      {R"({"lang": {"$nin": []}})", "lang NOT IN ()"},
      {R"({"year": {"$between": [1, 2]}})", "year BETWEEN 1 AND 2"},
      {R"({"tags": {"$contains": "a"}})", "tags CONTAINS 'a'"},
      {R"({"tags": {"$contains_any": ["a", "b"]}})", "tags CONTAINS ANY ('a', 'b')"},
      {R"({"tags": {"$any": ["a", "b"]}})", "tags CONTAINS ANY ('a', 'b')"},
      {R"({"tags": {"$contains_all": ["a"]}})", "tags CONTAINS ALL ('a')"},
      {R"({"tags": {"$all": ["a"]}})", "tags CONTAINS ALL ('a')"},
      {R"({"tags": {"$eq": ["a", "b"]}})", "tags = ['a', 'b']"},
      {R"({"name": {"$like": "a%"}})", "name LIKE 'a%'"},
      {R"({"name": {"$starts_with": "a"}})", "name STARTS WITH 'a'"},
      {R"({"name": {"$is_null": true}})", "name IS NULL"},
      {R"({"name": {"$is_null": false}})", "name IS NOT NULL"},
      {R"({"name": {"$exists": true}})", "EXISTS name"},
      {R"({"name": {"$exists": false}})", "NOT EXISTS name"},
      {R"({"year": {"$not": {"$gt": 1}}})", "NOT year > 1"},
      {R"({"a": 1, "b": 2})", "a = 1 AND b = 2"},
      {R"({"$and": [{"a": 1}, {"b": 2}]})", "a = 1 AND b = 2"},
      {R"({"$and": [{"a": 1}]})", "a = 1"},
      {R"({"$or": [{"a": 1}, {"b": 2, "c": 3}]})", "a = 1 OR (b = 2 AND c = 3)"},
      {R"({"$not": {"a": 1, "b": 2}})", "NOT (a = 1 AND b = 2)"},
      {R"({"author.name": "x"})", "author.name = 'x'"},
      {R"({"odd name": 1})", "\"odd name\" = 1"},
      {R"({"at": {"$timestamp": "2026-01-01"}})", "at = TIMESTAMP '2026-01-01T00:00:00Z'"},
      {R"({"at": {"$gt": {"$date": "2026-01-01T00:00:00Z"}}})",
       "at > TIMESTAMP '2026-01-01T00:00:00Z'"},
      {R"({"n": 9223372036854775807})", "n = 9223372036854775807"},
      {R"({"n": 9223372036854775808})", "n = 9223372036854775808.0"},
      {R"({"n": -9223372036854775808})", "n = -9223372036854775808"},
      {R"({"id": {"$in": ["a#1"]}})", "id IN ('a#1')"},
      {"{}", ""},
  };
  for (const auto& [json, text] : cases) EXPECT_EQ(AsText(json), text) << json;
}

TEST(FilterJson, EachMistakeIsNamedWithItsPlace) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"$or": [{"a": 1}, {"year": {"$gtee": 1}}]})",
       "filter: at /$or/1/year/$gtee: unknown operator '$gtee' (did you mean '$gte'?)"},
      {R"({"$ro": []})", "filter: at /$ro: unknown operator '$ro' (did you mean '$or'?)"},
      {R"({"author": {"name": "x"}})",
       "filter: at /author/name: 'name' is no operator; a nested field is written \"author.name\""},
      {R"({"a/b~c": {"$x": 1}})", "filter: at /a~1b~0c/$x: unknown operator '$x'"},
      {R"({"tags": ["a"]})", "filter: at /tags: an array can mean two things"},
      {R"({"year": {}})", "filter: at /year: an operator is missing"},
      {R"({"year": {"$in": 5}})", "filter: at /year/$in: expected an array"},
      {R"({"year": {"$between": [1]}})",
       "filter: at /year/$between: expected an array of two values, low and high"},
      {R"({"year": {"$exists": 1}})", "filter: at /year/$exists: expected true or false"},
      {R"({"year": {"$not": 5}})", "filter: at /year/$not: $not takes an object of operators"},
      {R"({"year": {"$gt": [1]}})", "filter: at /year/$gt: > takes single values, got a list"},
      {R"({"year": {"$gt": {"a": 1}}})",
       "filter: at /year/$gt: an object as a value can only be {\"$timestamp\": "},
      {R"({"at": {"$gt": {"$date": "noon"}}})", "filter: at /at/$gt: timestamp 'noon'"},
      {R"({"name": {"$like": 5}})", "filter: at /name/$like: LIKE takes a string, got int 5"},
      {R"({"$and": []})", "filter: at /$and: $and takes an array of one or more conditions"},
      {R"({"$and": {"a": 1}})", "filter: at /$and: $and takes an array of one or more conditions"},
      {R"({"$or": [{}]})", "filter: at /$or/0: a condition is empty"},
      {R"({"$or": ["a"]})", "filter: at /$or/0: expected an object, got string"},
      {R"({"$not": {}})", "filter: at /$not: a condition is empty"},
      {R"({"": 1})", "filter: at /: a field name is empty"},
      {R"([1])", "filter: at the top level: expected an object, got array"},
      {R"({"a": 1, "a": 2})", "filter: JSON: the key \"a\" is twice in one object"},
      {R"({"a": 1e999})", "filter: JSON: byte"},
      {R"({"a": )", "filter: JSON: byte"},
      {"{\"a\": \"\xFF\"}", "filter: JSON: byte"},
      {"", "filter: JSON: byte"},
      {R"({"a": 1} x)", "filter: JSON: byte"},
  };
  for (const auto& [json, message] : cases) {
    const Result<Filter> filter = Filter::FromJson(json);
    ASSERT_FALSE(filter.ok()) << json;
    EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(filter.status().message().find(message), 0U)
        << json << "\n"
        << filter.status().message() << "\nexpected " << message;
  }
}

TEST(FilterJson, WritesWhatItReads) {
  EXPECT_EQ(Filter("year >= 2020 AND lang IN ('en')").ToJson(),
            R"({"$and":[{"year":{"$gte":2020}},{"lang":{"$in":["en"]}}]})");
  EXPECT_EQ(Filter("NOT a = 1").ToJson(), R"({"$not":{"a":1}})");
  EXPECT_EQ(Filter("at = TIMESTAMP '2026-01-01'").ToJson(),
            R"({"at":{"$eq":{"$timestamp":"2026-01-01T00:00:00Z"}}})");
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kAnything);
  for (std::size_t i = TestIterations(5'000); i > 0; --i) {
    const FilterExpressionPtr expression = random.Expression(4);
    const std::string json = FilterToJson(*expression);
    const Result<FilterExpressionPtr> parsed = ParseFilterJson(json);
    ASSERT_TRUE(parsed.ok()) << json << "\n" << parsed.status().message();
    ASSERT_TRUE(SameExpression(*expression, **parsed)) << json << "\n" << PrintFilter(**parsed);
  }
}

TEST(FilterJson, TheDeepestExpressionIsWrittenAndReadBack) {
  const FilterExpressionPtr leaf =
      *MakeCondition(FilterExpression::Kind::kIn, "at", {Value(Value::List{Timestamp{0}})});
  FilterExpressionPtr deep = leaf;
  for (int i = 0; i < FilterExpression::kMaxDepth; ++i) {
    deep = *MakeLogic(i % 2 == 0 ? FilterExpression::Kind::kAnd : FilterExpression::Kind::kOr,
                      {leaf, deep});
  }
  const Result<FilterExpressionPtr> parsed = ParseFilterJson(FilterToJson(*deep));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_TRUE(SameExpression(*deep, **parsed));
}

TEST(FilterJson, DepthIsBounded) {
  for (const char* part : {"[", "{\"a\":", "{\"$not\":", "{\"$and\":[", "{\"a\":{\"$not\":"}) {
    std::string json;
    while (json.size() < (1U << 20)) json += part;
    const Result<Filter> filter = Filter::FromJson(json);
    ASSERT_FALSE(filter.ok()) << part;
    EXPECT_NE(filter.status().message().find("nested deeper"), std::string::npos) << part;
  }
  std::string json = "{\"a\":1}";
  for (int i = 0; i < FilterExpression::kMaxDepth; ++i) json = "{\"$not\":" + json + "}";
  EXPECT_TRUE(Filter::FromJson(json).ok());
  const Result<Filter> deeper = Filter::FromJson("{\"$not\":" + json + "}");
  ASSERT_FALSE(deeper.ok());
  EXPECT_NE(deeper.status().message().find("conditions are nested deeper than 64 levels"),
            std::string::npos);
}

TEST(FilterJson, AListHoldsAtMostAHundredThousandValues) {
  std::string values = "0";
  for (std::size_t i = 1; i < FilterExpression::kMaxValues; ++i) values += ",1";
  EXPECT_TRUE(Filter::FromJson("{\"a\":{\"$in\":[" + values + "]}}").ok());
  const Result<Filter> more = Filter::FromJson("{\"a\":{\"$in\":[" + values + ",1]}}");
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.status().message().find("filter: at /a/$in: more than 100000 values"), 0U);
}

}  // namespace
}  // namespace tracevec
