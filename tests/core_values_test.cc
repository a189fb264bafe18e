#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/content_hash.h"
#include "core/nearest_name.h"
#include "core/return_if_error.h"
#include "tests/test_seed.h"
#include "tracevec/status.h"
#include "tracevec/value.h"

namespace tracevec {
namespace {

TEST(Status, TextIsCodeAndMessage) {
  EXPECT_EQ(Status::Ok().ToString(), "OK");
  EXPECT_EQ(Status::InvalidArgument("dimension: expected 384, got 768").ToString(),
            "InvalidArgument: dimension: expected 384, got 768");
  EXPECT_EQ(Status::Closed("").ToString(), "Closed");
}

TEST(Status, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    names.insert(StatusCodeName(static_cast<StatusCode>(code)));
  }
  EXPECT_EQ(names.size(), 16u);
  EXPECT_FALSE(names.contains(StatusCodeName(static_cast<StatusCode>(200))));
}

TEST(Result, NeverOkWithoutAValue) {
  const Result<int> result = Status::Ok();
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kInternal);
}

TEST(Result, MacrosPassTheStatusOn) {
  const auto half = [](int number) -> Result<int> {
    if (number % 2 != 0) return Status::InvalidArgument("odd");
    return number / 2;
  };
  const auto quarter = [&half](int number) -> Result<int> {
    TRACEVEC_ASSIGN_OR_RETURN(const int result, half(number));
    return half(result);
  };
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(7).status(), Status::InvalidArgument("odd"));
}

const std::vector<std::string> kNames = {"year", "language", "tags", "ip"};

TEST(NearestName, FindsTyposAndWrongCase) {
  EXPECT_EQ(NearestName("yaer", kNames), "year");
  EXPECT_EQ(NearestName("langage", kNames), "language");
  EXPECT_EQ(NearestName("TAGS", kNames), "tags");
  EXPECT_EQ(DidYouMean("yer", kNames), " (did you mean 'year'?)");
}

TEST(NearestName, IsEmptyWhenNoneIsNear) {
  EXPECT_EQ(NearestName("publisher", kNames), "");
  EXPECT_EQ(NearestName("xy", kNames), "") << "a name that shares no letter is not near";
  EXPECT_EQ(NearestName("", kNames), "");
  EXPECT_EQ(NearestName("year", {}), "");
  EXPECT_EQ(NearestName(std::string(1 << 20, 'y'), kNames), "");
  EXPECT_EQ(DidYouMean("publisher", kNames), "");
}

TEST(ContentHash, IsXxh3) {
  // The published vectors of XXH3 for empty input and seed 0.
  EXPECT_EQ(HashContent("").ToHex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(ToHex(HashBytes("")), "2d06800538d394c2");
}

TEST(ContentHash, HexHasSixteenLowerCaseDigits) {
  EXPECT_EQ(ToHex(0), "0000000000000000");
  EXPECT_EQ(ToHex(0xABCDEF), "0000000000abcdef");
}

ContentHash HashFields(std::initializer_list<std::string_view> fields) {
  ContentHasher hasher;
  for (const std::string_view field : fields) hasher.Add(field);
  return hasher.Finish();
}

TEST(ContentHasher, FieldBoundariesCount) {
  EXPECT_EQ(HashFields({"ab", "c"}), HashFields({"ab", "c"}));
  EXPECT_NE(HashFields({"ab", "c"}), HashFields({"a", "bc"}));
  EXPECT_NE(HashFields({"abc"}), HashFields({"abc", ""}));
  EXPECT_NE(HashFields({}), HashFields({""}));
}

TEST(ContentHasher, NumbersCount) {
  ContentHasher one;
  one.Add(std::uint64_t{1});
  ContentHasher two;
  two.Add(std::uint64_t{2});
  EXPECT_NE(one.Finish(), two.Finish());
  EXPECT_EQ(one.Finish(), one.Finish()) << "Finish does not change the hasher";
}

TEST(Value, TypesAreNamed) {
  const std::vector<std::pair<Value, std::string_view>> values = {
      {nullptr, "null"},       {true, "bool"},       {1, "int"},
      {1.5, "float"},          {"a", "string"},      {Timestamp{1}, "timestamp"},
      {Value::List{}, "list"}, {Value::Map{}, "map"}};
  for (const auto& [value, name] : values) EXPECT_EQ(ValueTypeName(value.type()), name);
}

TEST(Value, IdentityIsOfTypeAndContent) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Value(nan), Value(-nan));
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_NE(Value(Timestamp{1}), Value(1));
  EXPECT_EQ(Value(), Value(nullptr));
  EXPECT_EQ(Value(Value::List{nan, Value::Map{{"a", nan}}}),
            Value(Value::List{nan, Value::Map{{"a", nan}}}));
  EXPECT_NE(Value(Value::List{1}), Value(Value::List{1, 2}));
  EXPECT_NE(Value(Value::Map{{"a", 1}}), Value(Value::Map{{"b", 1}}));
}

Value ParseJson(std::string_view json) {
  Result<Value> value = Value::FromJson(json);
  EXPECT_TRUE(value.ok()) << json << ": " << value.status().ToString();
  return value.ok() ? *std::move(value) : Value("failed");
}

TEST(ValueJson, ReadsEveryType) {
  EXPECT_EQ(ParseJson("null"), Value());
  EXPECT_EQ(ParseJson(" true "), Value(true));
  EXPECT_EQ(ParseJson("-12"), Value(-12));
  EXPECT_EQ(ParseJson("1.0"), Value(1.0));
  EXPECT_EQ(ParseJson("1e2"), Value(100.0));
  EXPECT_EQ(ParseJson(R"("a\u00e9\ud83d\ude00\n")"), Value("a\xC3\xA9\xF0\x9F\x98\x80\n"));
  EXPECT_EQ(ParseJson(R"({"a": [1, {"b": []}], "c": {}})"),
            Value(Value::Map{{"a", Value::List{1, Value::Map{{"b", Value::List{}}}}},
                             {"c", Value::Map{}}}));
}

TEST(ValueJson, IntegersThatDoNotFitBecomeFloats) {
  EXPECT_EQ(ParseJson("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(ParseJson("-9223372036854775808"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(ParseJson("9223372036854775808"), Value(9223372036854775808.0));
  EXPECT_EQ(ParseJson("-9223372036854775809"), Value(-9223372036854775809.0));
  EXPECT_EQ(ParseJson("123456789012345678901234567890"), Value(123456789012345678901234567890.0));
}

TEST(ValueJson, LastOfEqualNamesWins) {
  EXPECT_EQ(ParseJson(R"({"a": 1, "b": 2, "a": 3})"), Value(Value::Map{{"a", 3}, {"b", 2}}));
}

std::string Nested(std::size_t depth, std::string_view open, std::string_view close) {
  std::string json;
  for (std::size_t i = 0; i < depth; ++i) json += open;
  json += "1";
  for (std::size_t i = 0; i < depth; ++i) json += close;
  return json;
}

TEST(ValueJson, DepthIsLimited) {
  EXPECT_TRUE(Value::FromJson(Nested(64, "[", "]")).ok());
  EXPECT_TRUE(Value::FromJson(Nested(64, "{\"a\":", "}")).ok());
  const Status status = Value::FromJson(Nested(65, "[", "]")).status();
  EXPECT_EQ(status.message(), "JSON: nested deeper than 64 levels");
  EXPECT_FALSE(Value::FromJson(Nested(65, "{\"a\":", "}")).ok());
  EXPECT_FALSE(Value::FromJson(std::string(1 << 20, '[')).ok());
}

TEST(ValueJson, ErrorsSayWhere) {
  const Status status = Value::FromJson("{\"a\": 1,\n \"b\" 2}").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("JSON: parse error at line 2, column 6"), std::string::npos)
      << status.message();
  EXPECT_EQ(Value::FromJson("\"\xFF\"").status().message(), "JSON: invalid UTF-8 at byte 1 of 3");
  EXPECT_NE(Value::FromJson("1e999").status().message().find("out of range"), std::string::npos);
}

TEST(ValueJson, RefusesWhatIsNotJson) {
  for (const char* json : {"", " ", "[", "]", "[1,]", "{\"a\"}", "{1:2}", "01", "+1", "NaN", "'a'",
                           "\"a", "\"\\x\"", "1 2", "tru", "// c\n1", "\"\x01\""}) {
    EXPECT_EQ(Value::FromJson(json).status().code(), StatusCode::kInvalidArgument) << json;
  }
  const std::string long_token = "[" + std::string(100'000, 'a') + "]";
  EXPECT_LT(Value::FromJson(long_token).status().message().size(), 200u);
}

TEST(ValueJson, WritesWhatJsonHasNoWordFor) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Value(Timestamp{0}).ToJson(), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Value(Value::List{infinity, std::nan("")}).ToJson(), "[null,null]");
  EXPECT_EQ(Value("\xFF").ToJson(), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(Value(Value::Map{{"b", 1.0}, {"a", "\"\n"}}).ToJson(), R"({"a":"\"\n","b":1.0})");
}

Value RandomValue(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random());
    case 3:
      return static_cast<double>(static_cast<std::int64_t>(random())) *
             std::pow(10.0, static_cast<int>(random() % 40) - 20);
    case 4: return static_cast<std::int64_t>(random() % 10);
    case 5:
      return std::string(random() % 4, static_cast<char>('a' + random() % 26)) + "\xC3\xA9\"\\";
    case 6: {
      Value::List list(random() % 4);
      for (Value& item : list) item = RandomValue(random, depth - 1);
      return list;
    }
    default: {
      Value::Map map;
      for (std::size_t i = random() % 4; i > 0; --i)
        map[std::to_string(random() % 10)] = RandomValue(random, depth - 1);
      return map;
    }
  }
}

TEST(ValueJson, RoundTripsEverythingButTimestamps) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < TestIterations(2'000); ++i) {
    const Value value = RandomValue(random, 5);
    ASSERT_EQ(ParseJson(value.ToJson()), value) << value.ToJson();
  }
}

std::int64_t Micros(std::string_view text) {
  const Result<Timestamp> timestamp = ParseTimestamp(text);
  EXPECT_TRUE(timestamp.ok()) << timestamp.status().ToString();
  return timestamp.ok() ? timestamp->micros : -1;
}

TEST(Timestamp, ReadsEveryForm) {
  constexpr std::int64_t kNoon = 1'785'412'800'000'000;  // 2026-07-30T12:00:00Z
  EXPECT_EQ(Micros("2026-07-30"), kNoon - 43'200'000'000);
  for (const char* text :
       {"2026-07-30T12:00:00Z", "2026-07-30T12:00:00", "2026-07-30 12:00", "2026-07-30t12:00:00z",
        "2026-07-30T14:00:00+02:00", "2026-07-30T14:00+0200", "2026-07-30T06:30:00.000-05:30"}) {
    EXPECT_EQ(Micros(text), kNoon) << text;
  }
  EXPECT_EQ(Micros("2026-07-30T12:00:00.5Z"), kNoon + 500'000);
  EXPECT_EQ(Micros("2026-07-30T12:00:00.123456789Z"), kNoon + 123'456);
  EXPECT_EQ(Micros("1969-12-31T23:59:59.9999999Z"), -1);
}

TEST(Timestamp, KnowsLeapYears) {
  EXPECT_EQ(Micros("2024-02-29"), 1'709'164'800'000'000);
  EXPECT_EQ(Micros("2000-02-29"), 951'782'400'000'000);
  EXPECT_FALSE(ParseTimestamp("2023-02-29").ok());
  EXPECT_FALSE(ParseTimestamp("1900-02-29").ok());
}

TEST(Timestamp, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-07",
                           "2026-7-30",
                           "0000-01-01",
                           "10000-01-01",
                           "-001-01-01",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-00",
                           "2026-04-31",
                           "2026-07-30T",
                           "2026-07-30T12",
                           "2026-07-30T24:00",
                           "2026-07-30T12:60",
                           "2026-07-30T12:00:60",
                           "2026-07-30T12:00:00.",
                           "2026-07-30Z",
                           "2026-07-30T12:00:00.1234567890Z",
                           "2026-07-30T12:00+24:00",
                           "2026-07-30T12:00+02:60",
                           "2026-07-30T12:00+2",
                           "2026-07-30T12:00ZZ",
                           " 2026-07-30",
                           "2026-07-30 ",
                           "2026/07/30",
                           "2026-07-30T12:00 Z",
                           "2026-07-30X12:00",
                           "20260730",
                           "0001-01-01T00:00+00:01",
                           "9999-12-31T23:59-00:01"}) {
    EXPECT_EQ(ParseTimestamp(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(Timestamp, WritesAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(FormatTimestamp({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp({1}), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(FormatTimestamp({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp({Micros("0001-01-01")}), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp({Micros("9999-12-31T23:59:59.999999Z")}),
            "9999-12-31T23:59:59.999999Z");
}

TEST(Timestamp, WritesEveryInt64) {
  EXPECT_EQ(FormatTimestamp({std::numeric_limits<std::int64_t>::max()}),
            "+294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(FormatTimestamp({std::numeric_limits<std::int64_t>::min()}),
            "-290308-12-21T19:59:05.224192Z");
}

TEST(Timestamp, RoundTripsInTheYearsThatCanBeWritten) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> micros(Micros("0001-01-01"), Micros("9999-12-31"));
  for (std::size_t i = 0; i < TestIterations(5'000); ++i) {
    std::int64_t value = micros(random);
    if (i % 2 == 0) value -= value % 1'000'000;
    ASSERT_EQ(Micros(FormatTimestamp({value})), value) << value;
  }
}

TEST(ByteHasher, PartsHashAsTheirWhole) {
  const std::string whole(1000, 'x');
  ByteHasher hasher;
  for (int round = 0; round < 2; ++round) {
    hasher.Add(std::string_view(whole).substr(0, 300));
    hasher.Add("");
    hasher.Add(std::string_view(whole).substr(300));
    EXPECT_EQ(hasher.Finish(), HashBytes(whole));
    hasher.Reset();
  }
  EXPECT_EQ(hasher.Finish(), HashBytes(""));
}

}  // namespace
}  // namespace tracevec
