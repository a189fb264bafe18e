// Documents and their chunks: ids, what an edit keeps, and what is read back.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

TEST_F(DocumentsTest, AChunksIdIsItsDocumentsAndTheHashOfItsText) {
  Put(MakePage("docs/page.md", {"alpha", "beta"}));
  EXPECT_EQ(ChunkIds("docs/page.md"),
            (std::vector<std::string>{"docs/page.md#" + ToHex(HashBytes("alpha")),
                                      "docs/page.md#" + ToHex(HashBytes("beta"))}));
}

TEST_F(DocumentsTest, EqualTextsAreNumberedFromTheSecondOn) {
  Put(MakePage("p", {"same", "other", "same", "same"}));
  const std::string same = "p#" + ToHex(HashBytes("same"));
  EXPECT_EQ(ChunkIds("p"), (std::vector<std::string>{same, "p#" + ToHex(HashBytes("other")),
                                                     same + "-2", same + "-3"}));
}

TEST_F(DocumentsTest, AnEditTouchesTheEditedChunkAlone) {
  Put(MakePage("p", {"alpha", "beta", "gamma"}));
  const StoredDocument before = Read("p");
  seen_.clear();
  const PutResult result = Put(MakePage("p", {"alpha", "beta and more", "gamma"}));
  EXPECT_EQ(result.version, 2u);
  EXPECT_FALSE(result.unchanged);
  EXPECT_EQ(result.kept, 2u);
  EXPECT_EQ(result.added, 1u);
  EXPECT_EQ(result.removed, 1u);
  EXPECT_EQ(result.embedded, 1u);
  EXPECT_EQ(result.commit, commit());
  EXPECT_EQ(seen_, std::vector<std::string>{"beta and more"});

  const StoredDocument after = Read("p");
  for (const std::size_t kept : {0u, 2u}) {
    EXPECT_EQ(after.chunks[kept].id, before.chunks[kept].id);
    EXPECT_EQ(after.chunks[kept].vectors, before.chunks[kept].vectors);
    EXPECT_EQ(after.chunks[kept].embed_micros, before.chunks[kept].embed_micros);
    EXPECT_EQ(after.chunks[kept].version, 2u);
  }
  EXPECT_EQ(after.chunks[1].text, "beta and more");
  EXPECT_EQ(*after.chunks[2].span, (Span{22, 27})) << "the span moved with the text";
  EXPECT_TRUE(Must(pages().Get({&before.chunks[1].id, 1})).empty());
  EXPECT_EQ(Must(pages().Count()), 3u);
}

TEST_F(DocumentsTest, MovedParagraphsKeepTheirChunks) {
  Put(MakePage("p", {"alpha", "beta", "gamma"}));
  std::vector<std::string> ids = ChunkIds("p");
  seen_.clear();
  const PutResult result = Put(MakePage("p", {"gamma", "alpha", "beta"}));
  EXPECT_EQ(result.kept, 3u);
  EXPECT_EQ(result.added + result.removed + result.embedded, 0u);
  EXPECT_TRUE(seen_.empty());
  std::rotate(ids.begin(), ids.begin() + 2, ids.end());
  EXPECT_EQ(ChunkIds("p"), ids);
  EXPECT_EQ(GetOne(pages(), ids[0]).ordinal, 0u);
}

TEST_F(DocumentsTest, RepeatedParagraphsKeepTheirNumbers) {
  const std::string same = "p#" + ToHex(HashBytes("same"));
  const std::string other = "p#" + ToHex(HashBytes("other"));
  Put(MakePage("p", {"same", "same", "same"}));
  PutResult result = Put(MakePage("p", {"same", "other", "same"}));
  EXPECT_EQ(result.kept, 2u);
  EXPECT_EQ(ChunkIds("p"), (std::vector<std::string>{same, other, same + "-2"}));
  result = Put(MakePage("p", {"other", "same", "same", "same", "same"}));
  EXPECT_EQ(result.kept, 3u);
  EXPECT_EQ(result.added, 2u);
  EXPECT_EQ(ChunkIds("p"),
            (std::vector<std::string>{other, same, same + "-2", same + "-3", same + "-4"}));
}

TEST_F(DocumentsTest, TheSameDocumentTwiceWritesNothing) {
  const Document page = MakePage("p", {"alpha", "beta"});
  const PutResult first = Put(page);
  const std::uint64_t before = commit();
  const auto files = ReadFiles(path_);
  seen_.clear();
  const PutResult again = Put(page);
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.version, 1u);
  EXPECT_EQ(again.commit, first.commit);
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(ReadFiles(path_), files);
  Reopen();
  EXPECT_TRUE(Put(page).unchanged);
}

TEST_F(DocumentsTest, WhateverWasPutOtherwiseMakesAVersionWithoutEmbedding) {
  Document page = MakePage("p", {"alpha", "beta"});
  Put(page);
  seen_.clear();
  std::uint32_t version = 1;
  const auto change = [&](const auto& edit) {
    edit();
    const PutResult result = Put(page);
    EXPECT_EQ(result.version, ++version);
    EXPECT_EQ(result.kept, 2u);
    EXPECT_EQ(result.added + result.removed, 0u);
  };
  change([&] { page.title = "Title"; });
  change([&] { page.uri = "https://example.org/p"; });
  change([&] { page.parser = "markdown 3.7"; });
  change([&] { page.metadata = {{"area", "x"}}; });
  change([&] { page.metadata = {{"area", nullptr}}; });
  change([&] { page.chunker.size = 100; });
  change([&] { page.expires_at = Timestamp{4'000'000'000'000'000}; });
  change([&] { page.chunks[1].metadata = {{"own", 1}}; });
  change([&] { page.chunks[1].section = "A > B"; });
  change([&] { page.chunks[1].page = 7; });
  change([&] { page.chunks[1].parent = 0; });
  change([&] { page.text += "\n\na tail that no chunk covers"; });
  EXPECT_TRUE(seen_.empty());
  const StoredDocument stored = Read("p");
  EXPECT_EQ(stored.info.title, "Title");
  EXPECT_EQ(stored.info.uri, "https://example.org/p");
  EXPECT_EQ(stored.info.parser, "markdown 3.7");
  EXPECT_EQ(stored.info.metadata, page.metadata);
  EXPECT_EQ(stored.info.chunker, page.chunker);
  EXPECT_EQ(stored.info.expires_at, page.expires_at);
  EXPECT_EQ(stored.text, page.text);
  EXPECT_EQ(stored.chunks[1].metadata, (Metadata{{"area", nullptr}, {"own", 1}}));
  EXPECT_EQ(stored.chunks[1].section, "A > B");
  EXPECT_EQ(stored.chunks[1].page, 7u);
  EXPECT_EQ(stored.chunks[1].parent, stored.chunks[0].id);
}

TEST_F(DocumentsTest, ATokenCountGivenAnewIsStored) {
  Document page = MakePage("p", {"alpha"});
  page.chunks[0].token_count = 5;
  Put(page);
  EXPECT_EQ(Read("p").chunks[0].token_count, 5u);
  page.chunks[0].token_count = 6;
  Put(page);
  EXPECT_EQ(Read("p").chunks[0].token_count, 6u);
}

TEST_F(DocumentsTest, TheBuiltInChunkerCutsAndSpansSliceTheSource) {
  Document page;
  page.id = "p";
  page.text = "# Häuser\n\nEin Haus – groß.\n\n## Türen\n\nEine Tür ☕ und noch eine.\n";
  page.chunker.size = 40;
  Put(page);
  const StoredDocument stored = Read("p");
  ASSERT_EQ(stored.chunks.size(), 2u);
  EXPECT_EQ(stored.chunks[0].section, "Häuser");
  EXPECT_EQ(stored.chunks[1].section, "Häuser > Türen");
  for (const Chunk& chunk : stored.chunks) {
    EXPECT_EQ(SliceCodePoints(stored.text, *chunk.span), chunk.text);
    EXPECT_FALSE(chunk.text.empty());
  }
  EXPECT_EQ(stored.info.chunker, page.chunker);
  EXPECT_EQ(stored.info.chunk_count, 2u);
  EXPECT_EQ(stored.info.added, 2u);
}

TEST_F(DocumentsTest, GivenChunksAreReadBackWithAllTheyHad) {
  Document page;
  page.id = "p";
  page.title = "Title";
  page.text = "Häuser: the source text";
  page.metadata = {{"area", "x"}, {"year", 2024}};
  page.chunks.resize(3);
  page.chunks[0].span = Span{0, 7};
  page.chunks[0].section = "Häuser";
  page.chunks[0].page = 0;
  page.chunks[0].token_count = 3;
  page.chunks[1].id = "own/id";
  page.chunks[1].span = Span{8, 12};
  page.chunks[1].text = "not the slice";
  page.chunks[1].parent = 0;
  page.chunks[1].metadata = {{"year", 2025}, {"list", Value::List{1, 2}}};
  page.chunks[2].text = "of no place";
  PutOptions options = Embedding();
  options.label = "importer";
  Must(pages().PutDocument(page, options));
  for (int round = 0; round < 2; ++round) {
    const StoredDocument stored = Read("p");
    EXPECT_EQ(stored.text, page.text);
    EXPECT_EQ(stored.info.label, "importer");
    ASSERT_EQ(stored.chunks.size(), 3u);
    EXPECT_EQ(stored.chunks[0].text, "Häuser:");
    EXPECT_EQ(stored.chunks[0].section, "Häuser");
    EXPECT_EQ(stored.chunks[0].page, 0u);
    EXPECT_EQ(stored.chunks[0].token_count, 3u);
    EXPECT_EQ(stored.chunks[0].parent, "");
    EXPECT_EQ(stored.chunks[0].metadata, page.metadata);
    EXPECT_EQ(stored.chunks[1].id, "own/id");
    EXPECT_EQ(stored.chunks[1].span, (Span{8, 12}));
    EXPECT_EQ(stored.chunks[1].text, "not the slice");
    EXPECT_EQ(stored.chunks[1].parent, stored.chunks[0].id);
    EXPECT_EQ(stored.chunks[1].metadata,
              (Metadata{{"area", "x"}, {"year", 2025}, {"list", Value::List{1, 2}}}));
    EXPECT_EQ(stored.chunks[2].text, "of no place");
    EXPECT_FALSE(stored.chunks[2].span);
    EXPECT_FALSE(stored.chunks[2].page);
    EXPECT_EQ(stored.chunks[2].vectors.at("body"), HashVector("of no place", kDimension));
    Reopen();
  }
}

TEST_F(DocumentsTest, AnOwnIdNamesTheNewTextAfterAnEdit) {
  Document page = MakePage("p", {"alpha", "beta"});
  page.chunks[1].id = "summary";
  Put(page);
  page = MakePage("p", {"alpha", "beta, edited"});
  page.chunks[1].id = "summary";
  const PutResult result = Put(page);
  EXPECT_EQ(result.kept, 1u);
  EXPECT_EQ(result.added, 1u);
  EXPECT_EQ(GetOne(pages(), "summary").text, "beta, edited");
  page.chunks[1].id = "other name";
  EXPECT_EQ(Put(page).added, 1u) << "another id is another chunk";
  EXPECT_TRUE(Must(pages().Get(std::vector<std::string>{"summary"})).empty());
}

TEST_F(DocumentsTest, AnIdBelongsToOneDocument) {
  Document page = MakePage("p", {"alpha"});
  page.chunks[0].id = "shared";
  Put(page);
  Document thief = MakePage("thief", {"beta", "gamma"});
  thief.chunks[1].id = "shared";
  const std::uint64_t before = commit();
  EXPECT_TRUE(Fails(pages().PutDocument(thief, Embedding()), StatusCode::kAlreadyExists,
                    {"'shared'", "'p'"}));
  EXPECT_EQ(commit(), before);
  EXPECT_TRUE(Fails(pages().GetDocument("thief"), StatusCode::kNotFound));
  page.chunks[0].id = "";
  Put(page);
  Put(thief);
  EXPECT_EQ(GetOne(pages(), "shared").document, "thief");
}

TEST_F(DocumentsTest, TheTemplateSaysWhatIsEmbeddedAndDecidesWhatIsKept) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.vectors["body"].embed_template = "{title} | {section} | {text}";
  Collection titled = Must(db_->CreateCollection("titled", schema));
  Document page = MakePage("p", {"alpha", "beta"});
  page.title = "T";
  page.chunks[0].section = "S";
  Must(titled.PutDocument(page, Embedding()));
  EXPECT_EQ(seen_, (std::vector<std::string>{"T | S | alpha", "T |  | beta"}));
  seen_.clear();
  page.chunks[1].section = "S2";
  EXPECT_EQ(Must(titled.PutDocument(page, Embedding())).kept, 1u);
  EXPECT_EQ(seen_, std::vector<std::string>{"T | S2 | beta"});
  page.title = "T2";
  const PutResult result = Must(titled.PutDocument(page, Embedding()));
  EXPECT_EQ(result.kept, 0u);
  EXPECT_EQ(result.embedded, 2u);
  const std::string id = "p#" + ToHex(HashBytes("alpha"));
  EXPECT_EQ(GetOne(titled, id).text, "alpha") << "ids are of the text alone";
}

TEST_F(DocumentsTest, AKeptChunkMayLoseOrGainItsPlaceInTheSource) {
  for (const bool gains : {false, true}) {
    const std::string id = gains ? "gains" : "loses";
    const Document placed = MakePage(id, {"alpha", "beta"});
    Document apart = placed;
    apart.text = "";
    for (std::size_t i = 0; i < 2; ++i) {
      apart.chunks[i].span.reset();
      apart.chunks[i].text = i == 0 ? "alpha" : "beta";
    }
    Put(gains ? apart : placed);
    ScanOptions options;
    options.where = Field("document") == id;
    Scanner scanner = Must(pages().Scan(options));
    EXPECT_EQ(Put(gains ? placed : apart).kept, 2u);
    for (const Chunk& chunk : ReadAll(std::move(scanner))) {
      EXPECT_EQ(chunk.version, 1u);
      EXPECT_EQ(chunk.text, chunk.ordinal == 0 ? "alpha" : "beta");
    }
    const StoredDocument now = Read(id);
    EXPECT_EQ(now.chunks[0].text, "alpha");
    EXPECT_EQ(now.chunks[1].text, "beta");
    EXPECT_EQ(now.chunks[1].span.has_value(), gains);
  }
}

TEST_F(DocumentsTest, ADocumentMayHaveNoChunksAndMayReplaceALooseVector) {
  Document empty;
  empty.id = "empty";
  EXPECT_EQ(Put(empty).version, 1u);
  EXPECT_EQ(Read("empty").chunks.size(), 0u);
  EXPECT_EQ(Must(pages().Count()), 0u);
  EXPECT_EQ(Must(pages().Stats()).documents, 1u);

  Rows rows = MakeRows(0, 1, kDimension);
  rows.texts = {"loose"};
  Upsert(pages(), rows);
  const PutResult result = Put(MakePage("id0", {"alpha", "beta"}));
  EXPECT_EQ(result.version, 2u);
  EXPECT_EQ(result.added, 2u);
  EXPECT_EQ(result.removed, 1u);
  EXPECT_TRUE(Must(pages().Get(rows.ids)).empty());
  EXPECT_EQ(Must(pages().Count()), 2u);
}

TEST_F(DocumentsTest, ALargeDocumentCrossesTheBorderInOneStep) {
  std::vector<std::string> paragraphs;
  for (int i = 0; i < 700; ++i) paragraphs.push_back("paragraph " + std::to_string(i));
  Put(MakePage("p", paragraphs));
  EXPECT_EQ(Must(pages().Stats()).blocks, 1u);
  paragraphs[350] = "edited";
  paragraphs.erase(paragraphs.begin() + 10, paragraphs.begin() + 20);
  const PutResult result = Put(MakePage("p", paragraphs));
  EXPECT_EQ(result.kept, 689u);
  EXPECT_EQ(result.added, 1u);
  EXPECT_EQ(result.removed, 11u);
  for (int round = 0; round < 2; ++round) {
    const StoredDocument stored = Read("p");
    ASSERT_EQ(stored.chunks.size(), paragraphs.size());
    for (std::size_t i = 0; i < paragraphs.size(); ++i) {
      ASSERT_EQ(stored.chunks[i].text, paragraphs[i]);
    }
    SearchRequest request;
    const std::vector<float> query = HashVector("edited", kDimension);
    request.vector = query;
    request.k = 1000;
    const auto hits = Must(pages().Search(request)).hits;
    ASSERT_EQ(hits.size(), 690u);
    EXPECT_EQ(hits[0].text, "edited");
    EXPECT_EQ(hits[0].ordinal, 340u);
    EXPECT_EQ(hits[0].version, 2u);
    Reopen();
  }
}

TEST_F(DocumentsTest, AreListedByIdInPages) {
  Upsert(pages(), MakeRows(0, 3, kDimension));
  for (const char* id : {"b/2", "a/1", "b/1", "b", "c"}) Put(MakePage(id, {"text of a page"}));
  Must(pages().DeleteDocument("c"));
  const auto list = [&](ListOptions options) {
    std::vector<std::string> ids;
    for (const DocumentVersion& version : Must(pages().ListDocuments(options))) {
      ids.push_back(version.id);
    }
    return ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(list({}), (Ids{"a/1", "b", "b/1", "b/2"}));
  EXPECT_EQ(list({"b/", "", 0}), (Ids{"b/1", "b/2"}));
  EXPECT_EQ(list({"", "a/1", 2}), (Ids{"b", "b/1"}));
  EXPECT_EQ(list({"b", "b/1", 5}), Ids{"b/2"});
  EXPECT_EQ(list({"b/", "a", 0}), (Ids{"b/1", "b/2"}));
  EXPECT_EQ(list({"b", "c", 0}), Ids{});
}

}  // namespace
}  // namespace tracevec
