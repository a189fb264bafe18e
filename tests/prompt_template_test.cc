// Templates of prompts: what they may say, what comes out, and what is refused.

#include "core/prompt_template.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tracevec {
namespace {

std::vector<Passage> TwoPassages() {
  std::vector<Passage> passages(2);
  passages[0].text = "{query} stays as it is";
  passages[0].document = "guide";
  passages[0].version = 3;
  passages[0].collection = "pages";
  passages[0].section = "Remarks";
  passages[0].page = 12;
  passages[0].score = 0.5F;
  passages[0].tokens = 6;
  passages[0].span = Span{10, 32};
  passages[0].metadata = {{"area", "stl"}, {"year", 2024}, {"tags", Value::List{"a", 1}}};
  for (const char* id : {"guide#1", "guide#2", "copy#1"}) {
    passages[0].citations.emplace_back().chunk = id;
  }
  passages[0].citations[2].role = CitationRole::kDuplicate;
  passages[1].text = "second";
  return passages;
}

std::string Render(std::string_view text) {
  const Result<PromptTemplate> parsed = PromptTemplate::Parse(text);
  if (!parsed.ok()) return parsed.status().ToString();
  return parsed->Render("why?", TwoPassages());
}

TEST(PromptTemplate, PassagesAreRepeatedAndTheRestIsNot) {
  EXPECT_EQ(Render("Q: {query}\n{#passages}\n{number}. {text}\n{/passages}\nA:"),
            "Q: why?\n1. {query} stays as it is\n2. second\nA:");
  EXPECT_EQ(Render("{#passages}{number} {/passages}|{#passages}{document};{/passages}"),
            "1 2 |guide;;");
}

TEST(PromptTemplate, EveryNameIsAFieldOfThePassage) {
  EXPECT_EQ(Render("{#passages}{document} {version} {collection} {section} {page} {score} {tokens} "
                   "{start} {end} {chunk} [{chunks}] {query}\n{/passages}"),
            "guide 3 pages Remarks 12 0.5000 6 10 32 guide#1 [guide#1, guide#2] why?\n"
            " 0    0.0000 0    [] why?\n");
}

TEST(PromptTemplate, MetadataIsPutInByName) {
  EXPECT_EQ(Render("{#passages}{meta.area} {meta.year} {meta.tags} {meta.none}|{/passages}"),
            "stl 2024 [\"a\",1] |   |");
}

TEST(PromptTemplate, DoubledBracesAreBraces) {
  EXPECT_EQ(Render("{{\"n\": {#passages}{number}{/passages}}}"), "{\"n\": 12}");
}

TEST(PromptTemplate, MistakesAreNamedWithTheirLine) {
  EXPECT_EQ(Render("a\n{#passages}{txet}{/passages}").substr(0, 75),
            "InvalidArgument: template: line 2: no {txet} (did you mean 'text'?); there ");
  EXPECT_EQ(Render("{text}"),
            "InvalidArgument: template: line 1: {text} is of a passage: it stands between "
            "{#passages} and {/passages}");
  EXPECT_NE(Render("{query}").find("it has no {#passages} ... {/passages}"), std::string::npos);
  EXPECT_NE(Render("{#passages}{text}").find("{#passages} is not closed"), std::string::npos);
  EXPECT_NE(Render("{#passages}{#passages}").find("within another"), std::string::npos);
  EXPECT_NE(Render("{/passages}").find("without {#passages}"), std::string::npos);
  EXPECT_NE(Render("\n\n{query\n}").find("line 3: a '{' that is not closed"), std::string::npos);
  EXPECT_NE(Render("a } b").find("a '}' that closes nothing"), std::string::npos);
  EXPECT_NE(Render("\xff").find("template"), std::string::npos);
  EXPECT_NE(Render("{#passages}{meta.}{/passages}").find("no {meta.}"), std::string::npos);
}

TEST(PromptTemplate, TheDefaultStandsForAnEmptyOne) {
  const Result<PromptTemplate> none = PromptTemplate::Parse("");
  const Result<PromptTemplate> written = PromptTemplate::Parse(PromptTemplate::Default());
  ASSERT_TRUE(none.ok());
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(none->hash(), written->hash());
  const std::string prompt = none->Render("why?", TwoPassages());
  EXPECT_NE(prompt.find("[1] guide Remarks\n{query} stays as it is\n"), std::string::npos);
  EXPECT_NE(prompt.find("Question: why?"), std::string::npos);
}

TEST(PromptTemplate, TheHashIsThatOfTheText) {
  const auto hash = [](std::string_view text) { return PromptTemplate::Parse(text)->hash(); };
  EXPECT_EQ(hash("{#passages}{text}{/passages}").size(), 32U);
  EXPECT_NE(hash("{#passages}{text}{/passages}"), hash("{#passages}{text} {/passages}"));
}

}  // namespace
}  // namespace tracevec
