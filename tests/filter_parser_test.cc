// Text to expression and back: grammar, errors, and what Field builds.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/filter_expression.h"
#include "core/filter_parser.h"
#include "core/filter_printer.h"
#include "tests/random_filter.h"
#include "tests/test_seed.h"
#include "tracevec/filter.h"

namespace tracevec {
namespace {

using Kind = FilterExpression::Kind;

// The text as the printer writes it, with the parentheses that precedence implies; or the error.
std::string Normalized(std::string_view text) {
  const Result<Filter> filter = Filter::Parse(text);
  return filter.ok() ? filter->ToString() : filter.status().message();
}

std::string Error(std::string_view text) {
  const Result<Filter> filter = Filter::Parse(text);
  if (filter.ok()) return "no error: " + filter->ToString();
  EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
  return filter.status().message();
}

TEST(FilterParser, EveryFormIsRead) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"year = 2020", "year = 2020"},
      {"year == 2020", "year = 2020"},
      {"year <> 2020", "year != 2020"},
      {"year != 2020", "year != 2020"},
      {"year<=2020", "year <= 2020"},
      {"year >-1", "year > -1"},
      {"lang in ('en', 'nl')", "lang IN ('en', 'nl')"},
      {"lang IN ['en']", "lang IN ('en')"},
      {"lang NOT IN ()", "lang NOT IN ()"},
      {"lang = []", "lang = []"},
      {"tags IN (['a', 'b'], [])", "tags IN (['a', 'b'], [])"},
      {"year BETWEEN 1 AND 2 AND x = 1", "year BETWEEN 1 AND 2 AND x = 1"},
      {"year not between 1 and 2", "year NOT BETWEEN 1 AND 2"},
      {"tags CONTAINS 'a'", "tags CONTAINS 'a'"},
      {"tags NOT CONTAINS 'a'", "tags NOT CONTAINS 'a'"},
      {"tags CONTAINS ANY ('a')", "tags CONTAINS 'a'"},
      {"tags CONTAINS ANY ('a', 'b')", "tags CONTAINS ANY ('a', 'b')"},
      {"tags contains all ('a', 'b')", "tags CONTAINS ALL ('a', 'b')"},
      {"name LIKE 'a%'", "name LIKE 'a%'"},
      {"name NOT LIKE 'a%'", "name NOT LIKE 'a%'"},
      {"name STARTS WITH 'a'", "name STARTS WITH 'a'"},
      {"name IS NULL", "name IS NULL"},
      {"name is not null", "name IS NOT NULL"},
      {"EXISTS name", "EXISTS name"},
      {"name EXISTS", "EXISTS name"},
      {"name NOT EXISTS", "NOT EXISTS name"},
      {"a.b.c = 1", "a.b.c = 1"},
      {"\"odd name\".b = 1", "\"odd name\".b = 1"},
      {"`back``tick` = 1", "\"back`tick\" = 1"},
      {"\"quote\"\"d\" = 1", "\"quote\"\"d\" = 1"},
      {"a.in = 1", "a.\"in\" = 1"},
      {"\"year\" = 1", "year = 1"},
      {"name = 'it''s'", "name = 'it''s'"},
      {"a = TRUE or a = False", "a = true OR a = false"},
      {"a = null", "a = null"},
      {"at > TIMESTAMP '2026-01-01T02:00:00+02:00'", "at > TIMESTAMP '2026-01-01T00:00:00Z'"},
      {"timestamp > timestamp '2026-01-01'", "timestamp > TIMESTAMP '2026-01-01T00:00:00Z'"},
      {"a = 1.50", "a = 1.5"},
      {"a = 2020.0", "a = 2020.0"},
      {"a = 1e3", "a = 1000.0"},
      {"a = -0.0", "a = -0.0"},
      {"a = 9223372036854775807", "a = 9223372036854775807"},
      {"a = -9223372036854775808", "a = -9223372036854775808"},
      {"a = 9223372036854775808", "a = 9223372036854775808.0"},
      {"  \n\t", ""},
      {"", ""},
  };
  for (const auto& [text, normalized] : cases) {
    EXPECT_EQ(Normalized(text), normalized) << text;
  }
}

TEST(FilterParser, AndBindsTighterThanOrAndNotTightest) {
  EXPECT_EQ(Normalized("a=1 OR b=2 AND c=3"), "a = 1 OR (b = 2 AND c = 3)");
  EXPECT_EQ(Normalized("(a=1 OR b=2) AND c=3"), "(a = 1 OR b = 2) AND c = 3");
  EXPECT_EQ(Normalized("NOT a=1 AND b=2"), "NOT a = 1 AND b = 2");
  EXPECT_EQ(Normalized("NOT (a=1 AND b=2)"), "NOT (a = 1 AND b = 2)");
  EXPECT_EQ(Normalized("NOT NOT a=1"), "NOT NOT a = 1");
  EXPECT_EQ(Normalized("((a=1))"), "a = 1");
  const Result<Filter> filter = Filter::Parse("NOT a=1 AND b=2 AND c=3 OR d=4");
  ASSERT_TRUE(filter.ok());
  const FilterExpression& root = *filter->expression();
  ASSERT_EQ(root.kind, Kind::kOr);
  ASSERT_EQ(root.children[0]->kind, Kind::kAnd);
  EXPECT_EQ(root.children[0]->children.size(), 3U);
  EXPECT_EQ(root.children[0]->children[0]->kind, Kind::kNot);
}

TEST(FilterParser, KeepsTheTypeOfLiterals) {
  const auto value = [](std::string_view text) {
    return Filter::Parse(text)->expression()->values.at(0);
  };
  EXPECT_TRUE(value("a = 1").Identical(Value(1)));
  EXPECT_TRUE(value("a = 1.0").Identical(Value(1.0)));
  EXPECT_TRUE(value("a = '1'").Identical(Value("1")));
  EXPECT_TRUE(value("a = 18446744073709551616").Identical(Value(18446744073709551616.0)));
  EXPECT_TRUE(value("a = '2026-01-01'").Identical(Value("2026-01-01")));
  EXPECT_TRUE(value("a = TIMESTAMP '2026-01-01'").Identical(Value(*ParseTimestamp("2026-01-01"))));
}

TEST(FilterParser, ErrorsHaveAPositionAndACaret) {
  EXPECT_EQ(Error("year >= 2020 AND"),
            "filter: position 17: expected a field name, got the end\n"
            "  year >= 2020 AND\n"
            "                  ^");
  EXPECT_EQ(Error("a = 1 AND (b = 2 OR (c = 3)"),
            "filter: position 11: this '(' is never closed\n"
            "  a = 1 AND (b = 2 OR (c = 3)\n"
            "            ^");
  // Positions count code points, so that the caret stands where a reader looks.
  EXPECT_EQ(Error("naïve = 'é' ?"),
            "filter: position 13: unexpected '?'; a name with such characters is written in double "
            "quotes\n"
            "  naïve = 'é' ?\n"
            "              ^");
  EXPECT_EQ(Error("a = 1\nAND b ~ 2"),
            "filter: position 13: unexpected '~'; a name with such characters is written in double "
            "quotes\n"
            "  a = 1 AND b ~ 2\n"
            "              ^");
}

TEST(FilterParser, LongTextsAreCutAroundTheCaret) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "year = 2020 AND ";
  const std::string error = Error(text + "year = AND " + text + "a = 1");
  EXPECT_EQ(error,
            "filter: position 1608: expected a value, got 'AND'; strings are written in single "
            "quotes\n"
            "  ...= 2020 AND year = 2020 AND year = AND year = 2020 AND year = 2020 AN...\n"
            "                                       ^");
}

TEST(FilterParser, EachMistakeIsNamed) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"year", "position 5: expected an operator after year, got the end"},
      {"year CONTAIN 'x'",
       "position 6: expected an operator after year, got 'CONTAIN' (did you "
       "mean 'CONTAINS'?)"},
      {"year >= ", "position 9: expected a value, got the end"},
      {"lang = en", "position 8: expected a value, got 'en'; strings are written in single quotes"},
      {"lang = \"en\"", "position 8: expected a value, got a quoted name"},
      {"lang = 'en", "position 8: the quote ' is never closed"},
      {"\"lang = 'en'", "position 1: the quote \" is never closed"},
      {"a = 1)", "position 6: this ')' closes nothing"},
      {"a = 1 b = 2", "position 7: expected AND, OR or the end, got 'b'"},
      {"(a = 1 b = 2)", "position 8: expected AND, OR or ')', got 'b'"},
      {"in = 1",
       "position 1: expected a field name, got the keyword in; a field of that name is "
       "written \"in\""},
      {"2020 < year", "position 1: expected a field name, got '2020'"},
      {"'year' = 1", "position 1: expected a field name, got a string"},
      {"a. = 1", "position 4: expected a name after '.', got '='"},
      {"a IN 1", "position 6: expected '(' and a list after IN, got '1'"},
      {"a IN (1 2)", "position 9: expected ',' or ')', got '2'"},
      {"a IN (1,)", "position 9: expected a value, got ')'"},
      {"a IN (1, 2", "position 6: this list is never closed"},
      {"a IN ([[1]])", "position 8: lists are nested too deeply"},
      {"a BETWEEN 1 OR 2", "position 13: expected AND, got 'OR'"},
      {"a STARTS 'x'", "position 10: expected WITH, got a string"},
      {"a IS 1", "position 6: expected NULL, got '1'"},
      {"a < [1]", "position 5: < takes single values, got a list"},
      {"a LIKE 5", "position 8: LIKE takes a string, got int 5"},
      {"a LIKE 'x\\'", "position 8: the LIKE pattern ends with a single \\"},
      {"a = 2020abc", "position 5: the number that starts here is malformed"},
      {"a = 1.2.3", "position 5: the number that starts here is malformed"},
      {"a = 1e999", "position 5: the number is out of the range of a double"},
      {"a = TIMESTAMP 'noon'", "position 15: timestamp 'noon'"},
      {"a = TIMESTAMP", "position 5: expected a value, got 'TIMESTAMP'"},
      {"\"\" = 1", "position 1: a field name is empty"},
      {"\"$x\" = 1",
       "position 1: '$x' looks like an operator; a field of that name is written "
       "with 'meta.' before it"},
      {"a = 1 \xFF", "position 7: the text is not valid UTF-8"},
      {"a = 1 \x01", "position 7: unexpected control character"},
      {"NOT", "position 4: expected a field name, got the end"},
      {"()", "position 2: expected a field name, got ')'"},
  };
  for (const auto& [text, message] : cases) {
    const std::string error = Error(text);
    EXPECT_EQ(error.find(std::string("filter: ") + message), 0U)
        << text << "\n"
        << error << "\nexpected " << message;
  }
}

TEST(FilterParser, DepthIsBounded) {
  const auto nested = [](std::string_view open, std::string_view inside, std::string_view close,
                         int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += inside;
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  constexpr int kMax = FilterExpression::kMaxDepth;
  EXPECT_EQ(Normalized(nested("(", "a = 1", ")", kMax)), "a = 1");
  EXPECT_EQ(Error(nested("(", "a = 1", ")", kMax + 1))
                .find("filter: position 65: conditions are "
                      "nested deeper than 64 levels"),
            0U);
  EXPECT_TRUE(Filter::Parse(nested("NOT ", "a = 1", "", kMax)).ok());
  EXPECT_NE(Error(nested("NOT ", "a = 1", "", kMax + 1)).find("nested deeper"), std::string::npos);
  // Two levels of the tree for each pair of parentheses.
  EXPECT_TRUE(Filter::Parse(nested("a=1 OR a=2 AND (", "a=3", ")", kMax / 2)).ok());
  EXPECT_NE(Error(nested("a=1 OR a=2 AND (", "a=3", ")", kMax / 2 + 1)).find("nested deeper"),
            std::string::npos);
}

TEST(FilterParser, AMegabyteOfAnythingIsAnErrorAndNotACrash) {
  for (const char* part : {"(", "NOT ", "[", "a=[", "a IN ([", "a.", "'", "\"", "a=1 AND (",
                           "NOT (", "a NOT ", ",", "-", "a=1 OR "}) {
    std::string text;
    while (text.size() < (1U << 20)) text += part;
    EXPECT_FALSE(Filter::Parse(text).ok()) << part;
  }
}

TEST(FilterParser, ManyConditionsOnOneLevelAreFine) {
  std::string text = "a = 0";
  for (int i = 1; i < 20'000; ++i) text += " OR a = " + std::to_string(i);
  const Result<Filter> filter = Filter::Parse(text);
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->expression()->children.size(), 20'000U);
}

TEST(FilterParser, AListHoldsAtMostAHundredThousandValues) {
  std::string values = "0";
  for (std::size_t i = 1; i < FilterExpression::kMaxValues; ++i) values += ",1";
  for (const std::string before :
       {"a IN (", "a NOT IN (", "a CONTAINS ANY (", "a CONTAINS ALL ("}) {
    EXPECT_TRUE(Filter::Parse(before + values + ")").ok()) << before;
    EXPECT_NE(Error(before + values + ",1)").find("more than 100000 values"), std::string::npos)
        << before;
  }
}

TEST(FilterParser, WhatIsPrintedParsesToTheSameExpression) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kAnything);
  for (std::size_t i = TestIterations(5'000); i > 0; --i) {
    const FilterExpressionPtr expression = random.Expression(4);
    const std::string text = PrintFilter(*expression);
    const Result<FilterExpressionPtr> parsed = ParseFilterText(text);
    ASSERT_TRUE(parsed.ok()) << text << "\n" << parsed.status().message();
    ASSERT_TRUE(SameExpression(*expression, **parsed)) << text << "\n" << PrintFilter(**parsed);
  }
}

TEST(FilterParser, MutatedTextsNeverCrashAndParseToWhatTheyPrint) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RandomFilter random(seed, RandomFilter::Profile::kAnything);
  static const std::string kBytes = "()[]',\"`.=<>!-+ eE1aNOT\xC3\xFF\\%";
  for (std::size_t i = TestIterations(5'000); i > 0; --i) {
    std::string text = PrintFilter(*random.Expression(2));
    for (std::size_t edits = 1 + random.Below(3); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random.Below(text.size());
      switch (random.Below(3)) {
        case 0: text.erase(at, 1 + random.Below(4)); break;
        case 1: text.insert(at, 1, kBytes[random.Below(kBytes.size())]); break;
        default: text[at] = kBytes[random.Below(kBytes.size())]; break;
      }
    }
    const Result<FilterExpressionPtr> parsed = ParseFilterText(text);
    if (!parsed.ok() || *parsed == nullptr) continue;
    const Result<FilterExpressionPtr> again = ParseFilterText(PrintFilter(**parsed));
    ASSERT_TRUE(again.ok()) << text << "\n" << again.status().message();
    ASSERT_TRUE(SameExpression(**parsed, **again)) << text;
  }
}

TEST(Filter, KeepsAMistakeUntilItIsUsed) {
  const Filter filter = "year >=";
  EXPECT_FALSE(filter.empty());
  EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(filter.expression(), nullptr);
  EXPECT_FALSE((Filter("a = 1") && filter).status().ok());
  EXPECT_FALSE((filter || Filter("a = 1")).status().ok());
  EXPECT_FALSE((!filter).status().ok());
  const char* null = nullptr;
  EXPECT_FALSE(Filter(null).status().ok());
}

TEST(Filter, NoConditionIsTrueOfEveryChunk) {
  const Filter none;
  const Filter some = "a = 1";
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(Filter("  ").empty());
  EXPECT_EQ((none && some).ToString(), "a = 1");
  EXPECT_EQ((some && none).ToString(), "a = 1");
  EXPECT_TRUE((some || none).empty());
  EXPECT_TRUE((some || none).status().ok());
  EXPECT_EQ((!none).ToString(), "id IN ()");
  EXPECT_EQ(none.ToString(), "");
  EXPECT_EQ(none.ToJson(), "{}");
}

TEST(Filter, OperatorsJoinWithoutDeepening) {
  Filter all = "a = 0";
  Filter any = "a = 0";
  for (int i = 1; i < 200; ++i) {
    all = all && Filter("a = " + std::to_string(i));
    any = any || Filter("a = " + std::to_string(i));
  }
  ASSERT_TRUE(all.status().ok()) << all.status().message();
  EXPECT_EQ(all.expression()->children.size(), 200U);
  EXPECT_EQ(any.expression()->children.size(), 200U);
  Filter deep = "a = 0";
  for (int i = 0; i < FilterExpression::kMaxDepth; ++i) deep = !deep;
  EXPECT_TRUE(deep.status().ok());
  EXPECT_NE((!deep).status().message().find("nested deeper"), std::string::npos);
}

TEST(Field, BuildsWhatTheTextSays) {
  const std::vector<std::pair<Filter, const char*>> cases = {
      {Field("year") == 2020, "year = 2020"},
      {Field("year") != nullptr, "year != null"},
      {Field("year") < 1, "year < 1"},
      {Field("year") <= 1.5, "year <= 1.5"},
      {Field("year") > 1, "year > 1"},
      {Field("year") >= 1, "year >= 1"},
      {Field("lang").In({"en", "nl"}), "lang IN ('en', 'nl')"},
      {Field("lang").NotIn({"en"}), "lang NOT IN ('en')"},
      {Field("year").Between(1, 2), "year BETWEEN 1 AND 2"},
      {Field("tags").Contains("a"), "tags CONTAINS 'a'"},
      {Field("tags").ContainsAny({"a", "b"}), "tags CONTAINS ANY ('a', 'b')"},
      {Field("tags").ContainsAll({"a", "b"}), "tags CONTAINS ALL ('a', 'b')"},
      {Field("name").Like("a%"), "name LIKE 'a%'"},
      {Field("name").StartsWith("a"), "name STARTS WITH 'a'"},
      {Field("author.name").IsNull(), "author.name IS NULL"},
      {Field("odd name").Exists(), "EXISTS \"odd name\""},
      {Field("a") == 1 && (Field("b") == 2 || !(Field("c") == 3)),
       "a = 1 AND (b = 2 OR NOT c = 3)"},
  };
  for (const auto& [built, text] : cases) {
    ASSERT_TRUE(built.status().ok()) << built.status().message();
    EXPECT_EQ(built.ToString(), text);
    EXPECT_TRUE(SameExpression(*built.expression(), *Filter(text).expression())) << text;
  }
}

TEST(Field, RefusesWhatNoTextCouldSay) {
  const auto message = [](const Filter& filter) { return filter.status().message(); };
  EXPECT_NE(message(Field("a") == std::nan("")).find("finite"), std::string::npos);
  EXPECT_NE(message(Field("a") < Value(Value::List{1})).find("got a list"), std::string::npos);
  EXPECT_NE(message(Field("a") == Value(Value::Map{})).find("got a map"), std::string::npos);
  EXPECT_NE(message(Field("a") == "\xFF").find("UTF-8"), std::string::npos);
  EXPECT_NE(message(Field("a\xFF") == 1).find("UTF-8"), std::string::npos);
  EXPECT_NE(message(Field("") == 1).find("empty"), std::string::npos);
  EXPECT_NE(
      message(Field("a") == Timestamp{std::numeric_limits<std::int64_t>::max()}).find("timestamp"),
      std::string::npos);
  EXPECT_NE(message(Field("a").In(std::vector<Value>(FilterExpression::kMaxValues + 1)))
                .find("more than 100000 values"),
            std::string::npos);
}

TEST(Filter, RefusesAMalformedExpression) {
  const auto status = [](FilterExpression expression) {
    return Filter(std::make_shared<const FilterExpression>(std::move(expression))).status();
  };
  const auto leaf =
      std::make_shared<const FilterExpression>(FilterExpression{Kind::kEqual, "a", {Value(1)}, {}});
  EXPECT_TRUE(status({Kind::kAnd, "", {}, {leaf, leaf}}).ok());
  EXPECT_FALSE(status({Kind::kAnd, "", {}, {leaf}}).ok());
  EXPECT_FALSE(status({Kind::kAnd, "", {}, {leaf, nullptr}}).ok());
  EXPECT_FALSE(status({Kind::kNot, "", {}, {}}).ok());
  EXPECT_FALSE(status({Kind::kEqual, "a", {}, {}}).ok());
  EXPECT_FALSE(status({Kind::kBetween, "a", {Value(1)}, {}}).ok());
  EXPECT_FALSE(status({Kind::kLike, "a", {Value(1)}, {}}).ok());
}

}  // namespace
}  // namespace tracevec
