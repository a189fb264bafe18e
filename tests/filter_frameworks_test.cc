// What two frameworks ask of a store's filters, said in this language.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/evaluate_filter.h"

namespace tracevec {
namespace {

constexpr Truth T = Truth::kTrue;
constexpr Truth F = Truth::kFalse;

// The scenarios of Haystack's DocumentStoreBaseTests (haystack-ai 3.4.1), in this language, over
// its documents: which of the 18 are found.
TEST(FilterFrameworks, HaystacksScenariosAreMet) {
  std::vector<Metadata> documents;
  for (int i = 0; i < 3; ++i) {
    const std::string name = "name_" + std::to_string(i);
    documents.push_back({{"name", name},
                         {"page", "100"},
                         {"chapter", "intro"},
                         {"number", 2},
                         {"date", "1969-07-21T20:17:40"}});
    documents.push_back({{"name", name},
                         {"page", "123"},
                         {"chapter", "abstract"},
                         {"number", -2},
                         {"date", "1972-12-11T19:54:58"}});
    documents.push_back({{"name", name},
                         {"page", "90"},
                         {"chapter", "conclusion"},
                         {"number", -10},
                         {"date", "1989-11-09T17:53:00"}});
    documents.push_back({{"name", name}, {"no_embedding", true}, {"chapter", "conclusion"}});
    documents.push_back({{"name", "zeros_doc"}});
    documents.push_back({{"name", "ones_doc"}});
  }
  const auto found = [&](const Filter& filter) {
    std::string result;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (Evaluate(filter, documents[i]) == T) result += static_cast<char>('a' + i);
    }
    return result;
  };
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "abcdefghijklmnopqr"},
      {"meta.number = 100", ""},
      {"meta.number = null", "defjklpqr"},
      {"meta.number != 100", "abcdefghijklmnopqr"},
      {"meta.number != 2", "bcdefhijklnopqr"},
      {"meta.number != null", "abcghimno"},
      {"meta.number > 0", "agm"},
      {"meta.date > '1972-12-11T19:54:58'", "cio"},
      {"meta.number > null", ""},
      {"meta.number >= 0", "agm"},
      {"meta.date >= '1969-07-21T20:17:40'", "abcghimno"},
      {"meta.number >= null", ""},
      {"meta.number < 0", "bchino"},
      {"meta.date < '1972-12-11T19:54:58'", "agm"},
      {"meta.number < null", ""},
      {"meta.number <= 0", "bchino"},
      {"meta.date <= '1969-07-21T20:17:40'", "agm"},
      {"meta.number <= null", ""},
      {"meta.number IN (10, -10)", "cio"},
      {"meta.number NOT IN (9, 10)", "abcdefghijklmnopqr"},
      {"meta.number NOT IN (2, -2)", "cdefijklopqr"},
      {"meta.number = 100 AND meta.name = 'name_0'", ""},
      {"meta.number = 2 AND meta.name = 'name_0'", "a"},
      {"meta.number = 100 OR meta.name = 'name_0'", "abcd"},
      {"NOT (meta.number = 100 AND meta.name = 'name_0')", "abcdefghijklmnopqr"},
      {"NOT (meta.number = 2 AND meta.name = 'name_0')", "bcdefghijklmnopqr"},
      // Dates also by instant, where either side says that it is one.
      {"meta.date > TIMESTAMP '1972-12-11T19:54:58'", "cio"},
      {"meta.date <= TIMESTAMP '1969-07-21T20:17:40'", "agm"},
      // Of the extended tests: delete and update by filter.
      {"meta.chapter = 'intro' AND meta.number >= 2", "agm"},
      {"meta.chapter IN ('intro', 'abstract')", "abghmn"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(found(Filter(text)), expected) << text;
    const Result<Filter> from_json = Filter::FromJson(Filter(text).ToJson());
    ASSERT_TRUE(from_json.ok()) << from_json.status().message();
    EXPECT_EQ(found(*from_json), expected) << from_json->ToJson();
  }
}

TEST(FilterFrameworks, HaystacksErrorsAreErrors) {
  CollectionSchema schema;
  schema.metadata["number"] = MetadataType::kInt;
  for (const char* operation : {">", ">=", "<", "<="}) {
    const std::string field = std::string("meta.number ") + operation;
    EXPECT_FALSE(FilterProgram::Compile(Filter(field + " '1'"), schema).ok()) << operation;
    EXPECT_FALSE(FilterProgram::Compile(Filter(field + " [1]"), {}).ok()) << operation;
    EXPECT_FALSE(FilterProgram::Compile(Filter(field), {}).ok()) << operation;
  }
  for (const char* text : {"meta.number IN 9", "meta.number NOT IN 9", "meta.name", "= 'test'"}) {
    EXPECT_FALSE(FilterProgram::Compile(Filter(text), {}).ok()) << text;
  }
}

// LlamaIndex's operators. text_match_insensitive has no counterpart.
TEST(FilterFrameworks, LlamaIndexOperatorsHaveACounterpart) {
  const Metadata fields = {{"year", 2020}, {"tags", Value::List{"a", "b"}},
                           {"lang", "en"}, {"title", "Vector search"},
                           {"empty", ""},  {"none", Value::List{}}};
  const std::vector<std::pair<const char*, Truth>> cases = {
      {"year = 2020", T},
      {"year > 2019", T},
      {"year < 2021", T},
      {"year != 2020", F},
      {"year >= 2020", T},
      {"year <= 2020", T},
      {"lang IN ('en', 'nl')", T},
      {"lang NOT IN ('en')", F},
      {"tags CONTAINS ANY ('b', 'z')", T},
      {"tags CONTAINS ALL ('a', 'b')", T},
      {"title CONTAINS 'search'", T},
      {"tags CONTAINS 'a'", T},
      {"empty IS NULL OR empty = '' OR empty = []", T},
      {"none IS NULL OR none = '' OR none = []", T},
      {"gone IS NULL OR gone = '' OR gone = []", T},
      {"tags IS NULL OR tags = '' OR tags = []", F},
      {"NOT (gone CONTAINS 'a' OR gone = 1)", T}};
  for (const auto& [text, truth] : cases) {
    EXPECT_EQ(Evaluate(Filter(text), fields), truth) << text;
  }
}

}  // namespace
}  // namespace tracevec
