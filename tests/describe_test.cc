// What a collection says of itself is what was put into it.

#include <gtest/gtest.h>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

class DescribeTest : public DatabaseTest {};

TEST_F(DescribeTest, AnswersWhichModelWhichParserWhichCutsAndWhichUpdates) {
  CollectionSchema schema = BodySchema(6);
  schema.vectors["body"].space = {"minilm", "8199be6f", "l2", "", "query: "};
  schema.metadata["year"] = MetadataType::kInt;
  Collection pages = Must(db_->CreateCollection("pages", schema));
  PutOptions options;
  options.embed[""] = HashEmbedder(6);
  options.space = schema.vectors["body"].space;
  options.label = "importer";
  options.call_info = [] { return std::optional(CallInfo{"minilm", "8199be6f", 5, 0, 0.5, 1}); };
  Document page = MakePage("a", {"12345", "1234567", "123456789"});
  page.parser = "markdown 3.7";
  page.uri = "https://example.org/a";
  page.metadata = {{"year", 2024}, {"area", "stl"}};
  page.chunker = {"by hand", 100, 0};
  page.chunks[0].section = "Intro";
  page.chunks[1].page = 3;
  page.chunks[1].parent = 0;
  page.chunks[2].token_count = 4;
  Must(pages.PutDocument(page, options));
  page.id = "b";
  page.parser = "";
  Must(pages.PutDocument(page, options));
  options.label = "editor";
  page.chunks.pop_back();
  Must(pages.PutDocument(page, options));
  Rows rows = MakeRows(0, 2, 6);
  rows.texts = {"loose", "vectors"};
  Upsert(pages, rows);
  for (const std::size_t fillers : {0u, 600u}) {
    if (fillers > 0) Upsert(pages, MakeRows(10, fillers, 6));
    const CollectionDescription d = Must(pages.Describe());
    EXPECT_EQ(d.documents, 4 + fillers);
    EXPECT_EQ(d.loose, 2 + fillers);
    EXPECT_EQ(d.chunks, 7 + fillers);
    ASSERT_EQ(d.fields.size(), 1u);
    EXPECT_EQ(d.fields[0].space, schema.vectors["body"].space);
    EXPECT_EQ(d.fields[0].vectors, 7 + fillers);
    EXPECT_EQ(d.fields[0].asserted, 2 + fillers);
    EXPECT_EQ(d.embed_micros.count, 5u);
    ASSERT_EQ(d.models.size(), 1u);
    EXPECT_EQ(d.models[0].model, "minilm");
    EXPECT_EQ(d.models[0].calls, 2u) << "the third put embedded nothing";
    EXPECT_EQ(d.models[0].texts, 6u);
    EXPECT_EQ(d.models[0].tokens_in, 10u);
    EXPECT_EQ(d.models[0].cost, 1.0);
    ASSERT_EQ(d.parsers.size(), 2u);
    EXPECT_EQ(d.parsers[1].name, "markdown 3.7");
    EXPECT_EQ(d.parsers[1].chunks, 3u);
    ASSERT_EQ(d.chunkers.size(), 1u);
    EXPECT_EQ(d.chunkers[0].name, "by hand, size 100, overlap 0");
    EXPECT_EQ(d.chunk_code_points.count, 7u) << "rows without text have no length";
    EXPECT_EQ(d.chunk_code_points.min, 5);
    EXPECT_EQ(d.chunk_code_points.max, 9);
    EXPECT_EQ(d.chunk_tokens.count, 1u);
    EXPECT_EQ(d.chunk_tokens.p50, 4);
    EXPECT_EQ(d.with_uri, 2u);
    EXPECT_EQ(d.with_source, 2u);
    EXPECT_EQ(d.with_section, 2u);
    EXPECT_EQ(d.with_page, 2u);
    EXPECT_EQ(d.with_parent, 2u);
    EXPECT_EQ(d.declared.at("year"), "int");
    EXPECT_EQ(d.undeclared, std::vector<std::string>{"area"});
    ASSERT_EQ(d.writers.size(), 4u);
    EXPECT_EQ(d.writers[1].label, "editor");
    EXPECT_EQ(d.writers[1].kept, 2u);
    EXPECT_EQ(d.writers[1].removed, 1u);
    EXPECT_EQ(d.writers[2].embedded, 6u);
    const std::string text = d.ToText();
    for (const char* part : {"model 'minilm', revision '8199be6f'", "query prompt 'query: '",
                             "parsed by markdown 3.7: 1 documents, 3 chunks", "put by editor",
                             "year: int", "area: undeclared", "min 5, p50 "}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << " in:\n" << text;
    }
  }
}

TEST_F(DescribeTest, AnEmptyCollectionKnowsNothing) {
  const CollectionDescription d = Must(Must(db_->CreateCollection("empty", {})).Describe());
  EXPECT_EQ(d.documents, 0u);
  EXPECT_EQ(d.chunk_code_points.count, 0u);
  EXPECT_NE(d.ToText().find("not known"), std::string::npos);
}

}  // namespace
}  // namespace tracevec
