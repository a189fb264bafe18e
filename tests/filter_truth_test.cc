// What conditions mean: the tables of docs/filters.md.

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/like_pattern.h"
#include "tests/evaluate_filter.h"

namespace tracevec {
namespace {

constexpr Truth T = Truth::kTrue;
constexpr Truth F = Truth::kFalse;
constexpr Truth U = Truth::kUnknown;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;

Value At(std::string_view text) { return Value(*ParseTimestamp(text)); }

struct TruthCase {
  const char* filter;
  Truth truth;
};

void ExpectTruths(const Metadata& fields, const std::vector<TruthCase>& cases) {
  for (const TruthCase& each : cases) {
    EXPECT_EQ(Evaluate(Filter(each.filter), fields), each.truth) << each.filter;
  }
}

TEST(FilterTruth, MissingAndNullEqualOnlyNullAndHaveNoOrder) {
  const std::vector<TruthCase> cases = {
      {"x = 1", F},
      {"x != 1", T},
      {"NOT x = 1", T},
      {"x IN (1, 2)", F},
      {"x NOT IN (1, 2)", T},
      {"x = null", T},
      {"x != null", F},
      {"x IN (1, null)", T},
      {"x NOT IN (1, null)", F},
      {"x < 1", U},
      {"x <= 1", U},
      {"x > 1", U},
      {"x >= 1", U},
      {"NOT x > 1", U},
      {"x > null", U},
      {"x BETWEEN 1 AND 2", U},
      {"x NOT BETWEEN 1 AND 2", U},
      {"x LIKE '%'", U},
      {"x NOT LIKE '%'", U},
      {"x STARTS WITH ''", U},
      {"x CONTAINS 'a'", F},
      {"NOT x CONTAINS 'a'", T},
      {"x CONTAINS null", F},
      {"x CONTAINS ALL ()", F},
      {"x IS NULL", T},
      {"x IS NOT NULL", F},
      {"x = []", F},
  };
  ExpectTruths({}, cases);
  ExpectTruths({{"x", nullptr}}, cases);
  ExpectTruths({}, {{"EXISTS x", F}, {"NOT EXISTS x", T}});
  ExpectTruths({{"x", nullptr}}, {{"EXISTS x", T}, {"NOT EXISTS x", F}});
}

TEST(FilterTruth, ComparingWithNullIsAskingForNull) {
  ExpectTruths({{"x", 1}}, {{"x = null", F},
                            {"x != null", T},
                            {"x > null", U},
                            {"x BETWEEN null AND 0", F},
                            {"x BETWEEN null AND 2", U}});
}

TEST(FilterTruth, LogicIsThreeValued) {
  // t is true, f is false, and an order with a missing field is unknown.
  const std::vector<std::pair<const char*, Truth>> operands = {
      {"a = 1", T}, {"a = 2", F}, {"missing > 0", U}};
  const Truth conjunction[3][3] = {{T, F, U}, {F, F, F}, {U, F, U}};
  const Truth disjunction[3][3] = {{T, T, T}, {T, F, U}, {T, U, U}};
  const Metadata fields = {{"a", 1}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::string left = operands[i].first;
      const std::string right = operands[j].first;
      EXPECT_EQ(Evaluate(Filter(left + " AND " + right), fields), conjunction[i][j]) << i << j;
      EXPECT_EQ(Evaluate(Filter(left + " OR " + right), fields), disjunction[i][j]) << i << j;
    }
  }
  ExpectTruths(fields, {{"NOT a = 1", F}, {"NOT a = 2", T}, {"NOT missing > 0", U}});
}

TEST(FilterTruth, IntegersAndFloatsCompareExactly) {
  ExpectTruths({{"x", kTwoTo53 + 1}}, {{"x = 9007199254740993", T},
                                       {"x = 9007199254740992.0", F},
                                       {"x > 9007199254740992.0", T},
                                       {"x IN (9007199254740992.0)", F},
                                       {"x < 9007199254740994.0", T}});
  ExpectTruths({{"x", 9007199254740992.0}}, {{"x = 9007199254740992", T},
                                             {"x = 9007199254740993", F},
                                             {"x < 9007199254740993", T},
                                             {"x IN (9007199254740993, 9007199254740992)", T}});
  ExpectTruths({{"x", std::numeric_limits<std::int64_t>::max()}},
               {{"x = 9223372036854775808", F},
                {"x < 9223372036854775808", T},
                {"x IN (9223372036854775808)", F},
                {"x > 9223372036854774784.0", T}});
  ExpectTruths({{"x", std::numeric_limits<std::int64_t>::min()}},
               {{"x = -9223372036854775808.0", T},
                {"x > -9223372036854777856.0", T},
                {"x IN (-9223372036854775808.0)", T}});
  ExpectTruths({{"x", 1}}, {{"x = 1.0", T},
                            {"x < 1.5", T},
                            {"x > 0.5", T},
                            {"x > -1.5", T},
                            {"x IN (1.0)", T},
                            {"x IN (1.5)", F},
                            {"x BETWEEN 0.5 AND 1.0", T}});
  ExpectTruths({{"x", 1.5}}, {{"x > 1", T}, {"x < 2", T}, {"x IN (1, 1.5)", T}});
  ExpectTruths({{"x", -1.5}}, {{"x < -1", T}, {"x > -2", T}});
  ExpectTruths({{"x", std::numeric_limits<double>::infinity()}},
               {{"x > 9223372036854775807", T}, {"x > 1e308", T}, {"x = 1", F}});
}

TEST(FilterTruth, ZeroHasNoSign) {
  ExpectTruths({{"x", -0.0}}, {{"x = 0.0", T},
                               {"x = 0", T},
                               {"x >= 0", T},
                               {"x < 0", F},
                               {"x IN (0)", T},
                               {"x IN (0.0)", T}});
  ExpectTruths({{"x", 0}}, {{"x = -0.0", T}, {"x IN (-0.0)", T}});
}

TEST(FilterTruth, NaNEqualsNothingAndHasNoOrder) {
  ExpectTruths({{"x", kNaN}}, {{"x = 1", F},
                               {"x != 1", T},
                               {"x = 1.5", F},
                               {"x < 1", U},
                               {"x >= 1.5", U},
                               {"x IN (1, 1.5, 'a')", F},
                               {"x NOT IN (1)", T},
                               {"x IS NULL", F},
                               {"x BETWEEN 0 AND 1", U}});
  ExpectTruths({{"x", Value::List{kNaN, 1}}}, {{"x CONTAINS 1", T}, {"x CONTAINS 2", F}});
}

TEST(FilterTruth, KindsDoNotMix) {
  ExpectTruths({{"x", 1}}, {{"x = '1'", F},
                            {"x != '1'", T},
                            {"x < '2'", U},
                            {"x = true", F},
                            {"x LIKE '1'", U},
                            {"x STARTS WITH '1'", U},
                            {"x CONTAINS 1", F},
                            {"x CONTAINS ALL ()", F},
                            {"x = [1]", F}});
  ExpectTruths({{"x", true}}, {{"x = true", T},
                               {"x = 1", F},
                               {"x != false", T},
                               {"x > false", T},
                               {"x < 1", U},
                               {"x IN (true)", T},
                               {"x IN (1)", F}});
  ExpectTruths({{"x", Value::Map{{"y", 1}}}}, {{"x = 1", F},
                                               {"x != 1", T},
                                               {"x > 1", U},
                                               {"x IS NULL", F},
                                               {"EXISTS x", T},
                                               {"x IN (1)", F},
                                               {"x CONTAINS 'y'", F}});
}

TEST(FilterTruth, StringsCompareByBytes) {
  ExpectTruths({{"x", "b"}}, {{"x > 'a'", T},
                              {"x > 'B'", T},
                              {"x < 'é'", T},
                              {"x = 'B'", F},
                              {"x > 'aaa'", T},
                              {"x < 'ba'", T},
                              {"x BETWEEN 'a' AND 'b'", T}});
  ExpectTruths({{"x", "hello world"}}, {{"x CONTAINS 'lo w'", T},
                                        {"x CONTAINS 'Lo'", F},
                                        {"x CONTAINS ''", T},
                                        {"x CONTAINS 5", F},
                                        {"x CONTAINS ANY ('zz', 'wor')", T},
                                        {"x CONTAINS ALL ('hello', 'world')", T},
                                        {"x CONTAINS ALL ('hello', 'zz')", F},
                                        {"x CONTAINS ANY ()", F},
                                        {"x CONTAINS ALL ()", T},
                                        {"x STARTS WITH 'hell'", T},
                                        {"x STARTS WITH 'world'", F},
                                        {"x LIKE 'hello%'", T},
                                        {"x NOT LIKE '%o'", T}});
}

TEST(FilterTruth, ListsAreComparedWholeAndSearchedByContains) {
  ExpectTruths({{"x", Value::List{"a", 1, nullptr}}}, {{"x = 'a'", F},
                                                       {"x != 'a'", T},
                                                       {"x IN ('a')", F},
                                                       {"x = ['a', 1, null]", T},
                                                       {"x = ['a', 1.0, null]", T},
                                                       {"x = ['a', 1]", F},
                                                       {"x = [1, 'a', null]", F},
                                                       {"x IN (['a', 1, null], 2)", T},
                                                       {"x != ['a', 1, null]", F},
                                                       {"x NOT IN (['b'])", T},
                                                       {"x < 5", U},
                                                       {"x LIKE 'a'", U},
                                                       {"x CONTAINS 'a'", T},
                                                       {"x CONTAINS 1.0", T},
                                                       {"x CONTAINS null", T},
                                                       {"x CONTAINS 'b'", F},
                                                       {"x CONTAINS ANY ('b', 1)", T},
                                                       {"x CONTAINS ANY ()", F},
                                                       {"x CONTAINS ALL ('a', 1)", T},
                                                       {"x CONTAINS ALL ('a', 2)", F},
                                                       {"x CONTAINS ALL ()", T},
                                                       {"x IS NULL", F}});
  ExpectTruths({{"x", Value::List{}}}, {{"x CONTAINS 'a'", F},
                                        {"NOT x CONTAINS 'a'", T},
                                        {"x CONTAINS ANY ()", F},
                                        {"x CONTAINS ALL ()", T},
                                        {"x CONTAINS ALL ('a')", F},
                                        {"x = []", T},
                                        {"x IS NULL", F},
                                        {"EXISTS x", T},
                                        {"x = null", F}});
}

TEST(FilterTruth, TimestampsCompareByInstant) {
  ExpectTruths({{"x", At("2026-01-01T00:00:00Z")}},
               {{"x = TIMESTAMP '2026-01-01T02:00:00+02:00'", T},
                {"x = '2026-01-01T02:00:00+02:00'", T},
                {"x = '2026-01-01'", T},
                {"x < '2026-01-02'", T},
                {"x >= '2026-01-01T00:00:00.000001Z'", F},
                {"x = 'noon'", F},
                {"x < 'noon'", U},
                {"x = 1767225600000000", F},
                {"x > 1767225600", U},
                {"x IN ('2026-01-01')", T},
                {"x NOT IN ('noon')", T},
                {"x BETWEEN '2025-12-31T23:00:00-01:00' AND '2026-01-01'", T}});
  // A stored string meets a timestamp as one, and a string as a string.
  ExpectTruths({{"x", "2026-01-01T02:00:00+02:00"}}, {{"x = TIMESTAMP '2026-01-01'", T},
                                                      {"x IN (TIMESTAMP '2026-01-01')", T},
                                                      {"x < TIMESTAMP '2026-01-02'", T},
                                                      {"x = '2026-01-01'", F},
                                                      {"x IN ('2026-01-01')", F}});
  ExpectTruths({{"x", "soon"}},
               {{"x < TIMESTAMP '2026-01-01'", U}, {"x != TIMESTAMP '2026-01-01'", T}});
  ExpectTruths({{"x", Value::List{At("2026-01-01")}}},
               {{"x CONTAINS '2026-01-01T00:00:00Z'", T}, {"x = ['2026-01-01']", T}});
}

TEST(FilterTruth, PathsReachIntoMaps) {
  const Metadata fields = {
      {"author", Value::Map{{"name", "Ann"}, {"x.y", 1}, {"x", Value::Map{{"z", 2}}}}},
      {"a.b", 3},
      {"a", Value::Map{{"b", 4}, {"c", 5}}},
      {"list", Value::List{Value::Map{{"name", "in a list"}}}},
      {"id", "mine"},
      {"meta", Value::Map{{"k", 6}}},
  };
  ExpectTruths(fields, {{"author.name = 'Ann'", T},
                        {"author.x.y = 1", T},
                        {"author.x.z = 2", T},
                        {"author.none IS NULL", T},
                        {"EXISTS author.none", F},
                        {"author.name.deeper IS NULL", T},
                        {"a.b = 3", T},
                        {"\"a.b\" = 3", T},
                        {"a.c = 5", T},
                        {"EXISTS list.name", F},
                        {"meta.author.name = 'Ann'", T},
                        {"meta.id = 'mine'", T},
                        {"meta.meta.k = 6", T},
                        {"meta.k IS NULL", T},
                        {"EXISTS meta", T}});
}

TEST(FilterTruth, ReservedNamesComeFromTheChunk) {
  const Metadata fields = {{"id", "mine"}, {"version", 9}, {"text", "my text"}};
  const std::string text = "the chunk's text";
  FilterSubject subject;
  subject.id = "doc#1";
  subject.document = "doc";
  subject.version = 3;
  subject.own = &fields;
  subject.text_context = const_cast<std::string*>(&text);
  subject.load_text = [](void* context) { return static_cast<const std::string*>(context); };
  for (const char* filter :
       {"id = 'doc#1'", "id IN ('x', 'doc#1')", "document = 'doc'", "version >= 3",
        "text CONTAINS 'chunk'", "meta.id = 'mine'", "meta.version = 9", "meta.text = 'my text'",
        "EXISTS text", "id STARTS WITH 'doc#'"}) {
    EXPECT_EQ(Evaluate(Filter(filter), subject), T) << filter;
  }
  subject.load_text = nullptr;
  EXPECT_EQ(Evaluate(Filter("EXISTS text"), subject), F);
  EXPECT_EQ(Evaluate(Filter("text LIKE '%'"), subject), U);
}

TEST(FilterTruth, OwnFieldsHideInheritedOnes) {
  const Metadata own = {{"a", 1}, {"gone", nullptr}, {"author", Value::Map{{"name", "own"}}}};
  const Metadata inherited = {
      {"a", 2}, {"b", 3}, {"gone", 4}, {"author", Value::Map{{"name", "doc"}, {"city", "Ghent"}}}};
  FilterSubject subject;
  subject.own = &own;
  subject.inherited = &inherited;
  for (const char* filter : {"a = 1", "b = 3", "gone IS NULL", "EXISTS gone", "author.name = 'own'",
                             "author.city IS NULL"}) {
    EXPECT_EQ(Evaluate(Filter(filter), subject), T) << filter;
  }
  subject.own = nullptr;
  EXPECT_EQ(Evaluate(Filter("a = 2 AND author.city = 'Ghent'"), subject), T);
}

TEST(LikePattern, MatchesAsDefined) {
  const std::vector<std::tuple<const char*, const char*, bool>> cases = {
      {"", "", true},         {"", "a", false},          {"%", "", true},
      {"%", "abc", true},     {"%%", "x", true},         {"abc", "abc", true},
      {"abc", "abcd", false}, {"abc", "ABC", false},     {"a%", "abc", true},
      {"a%", "ba", false},    {"%c", "abc", true},       {"%c", "cb", false},
      {"%b%", "abc", true},   {"%b%", "ac", false},      {"a%c", "abbbc", true},
      {"a%c", "abbb", false}, {"a%b%c", "aXbYc", true},  {"a_c", "abc", true},
      {"a_c", "ac", false},   {"a_c", "aéc", true},      {"_", "é", true},
      {"__", "é", false},     {"_%", "", false},         {"%_", "日", true},
      {"%é", "caé", true},    {"100\\%", "100%", true},  {"100\\%", "100x", false},
      {"a\\_b", "a_b", true}, {"a\\_b", "axb", false},   {"\\\\", "\\", true},
      {"\\a", "a", true},     {"%ab%ab%", "abab", true}, {"%ab%ab", "abxab", true},
      {"%aab", "aaab", true}, {"%a_b", "aaxb", true},    {"_a%", "ba", true},
  };
  for (const auto& [pattern, text, matches] : cases) {
    EXPECT_EQ(LikePattern::Compile(pattern)->Matches(text), matches) << pattern << " " << text;
  }
}

TEST(LikePattern, AManyWildcardPatternStaysFast) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "%a";
  const LikePattern compiled = *LikePattern::Compile(pattern + "b");
  EXPECT_FALSE(compiled.Matches(std::string(100'000, 'a')));  // Exponential, it would never end.
}

}  // namespace
}  // namespace tracevec
