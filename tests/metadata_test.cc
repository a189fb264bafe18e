// UpdateMetadata: merging, removing, precedence, and what survives a put and a reopening.

#include <gtest/gtest.h>

#include "retrieval/chunk_metadata.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

/// Runs with the collection small, and in memory beside as many other rows as the parameter says.
class MetadataTest : public DocumentsTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  void SetUp() override {
    DocumentsTest::SetUp();
    Rows rows = MakeRows(0, GetParam(), kDimension);
    if (!rows.ids.empty()) Upsert(pages(), rows);
  }
  /// A document of three chunks with metadata {area, year}; the second has a year of its own.
  void PutPage() {
    Document page = MakePage("p", {"alpha", "beta", "gamma"});
    page.metadata = {{"area", "x"}, {"year", 2024}};
    page.chunks[1].metadata = {{"year", 2025}};
    Put(page);
  }
  WriteResult Update(const Metadata& patch, std::vector<std::string> ids) {
    return Must(pages().UpdateMetadata(patch, {std::move(ids), {}}));
  }
  WriteResult UpdateWhere(const Metadata& patch, const char* where) {
    return Must(pages().UpdateMetadata(patch, {std::nullopt, where}));
  }
  std::uint64_t Count(const char* where) { return Must(pages().Count(where)); }
  Metadata Of(const std::string& text) {
    const std::string id = "p#" + ToHex(HashBytes(text));
    const Metadata stored = GetOne(pages(), id).metadata;
    SearchRequest request;
    const std::vector<float> query = HashVector(text, kDimension);
    request.vector = query;
    request.where = Field("id") == id;
    EXPECT_EQ(Must(pages().Search(request)).hits.at(0).metadata, stored)
        << "the index and the store disagree about " << text;
    return stored;
  }
  std::string Id(const std::string& text) { return "p#" + ToHex(HashBytes(text)); }
};

INSTANTIATE_TEST_SUITE_P(Sizes, MetadataTest, ::testing::Values(0u, 600u),
                         [](const auto& size) { return size.param == 0 ? "Small" : "InMemory"; });

TEST_P(MetadataTest, APatchMergesAndNullRemoves) {
  Rows rows = MakeRows(9000, 2, kDimension);
  rows.metadata = {{{"a", 1}, {"b", "x"}}, {{"a", 1}}};
  Upsert(pages(), rows);
  const WriteResult result = Update({{"a", 2}, {"b", nullptr}, {"c", true}}, {rows.ids[0], "none"});
  EXPECT_EQ(result.updated, 1u);
  EXPECT_EQ(result.commit, commit());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(GetOne(pages(), rows.ids[0]).metadata, (Metadata{{"a", 2}, {"c", true}}));
    EXPECT_EQ(GetOne(pages(), rows.ids[1]).metadata, (Metadata{{"a", 1}}));
    EXPECT_EQ(GetOne(pages(), rows.ids[0]).version, 1u) << "metadata makes no version";
    EXPECT_EQ(Count("a = 2 AND b IS NULL AND c = TRUE"), 1u);
    EXPECT_EQ(Count("EXISTS b"), 0u);
    Reopen();
  }
  Update({{"b", "back"}}, {rows.ids[0]});
  EXPECT_EQ(GetOne(pages(), rows.ids[0]).metadata,
            (Metadata{{"a", 2}, {"b", "back"}, {"c", true}}));
}

TEST_P(MetadataTest, OwnFieldsComeBeforeTheDocuments) {
  PutPage();
  EXPECT_EQ(Of("alpha"), (Metadata{{"area", "x"}, {"year", 2024}}));
  EXPECT_EQ(Of("beta"), (Metadata{{"area", "x"}, {"year", 2025}}));
  EXPECT_EQ(UpdateWhere({{"year", 2026}, {"seen", true}}, "year = 2025").updated, 1u);
  EXPECT_EQ(Of("beta"), (Metadata{{"area", "x"}, {"seen", true}, {"year", 2026}}));
  EXPECT_EQ(Of("gamma"), (Metadata{{"area", "x"}, {"year", 2024}}));
  EXPECT_EQ(Count("document = 'p' AND year = 2024"), 2u);
  EXPECT_EQ(Count("year = 2026 AND area = 'x'"), 1u);
  EXPECT_EQ(Count("year = 2025"), 0u);
}

TEST_P(MetadataTest, RemovingADocumentsFieldFromOneChunkLeavesItToTheOthers) {
  PutPage();
  Update({{"area", nullptr}, {"year", nullptr}}, {Id("beta")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Of("beta"), Metadata());
    EXPECT_EQ(Of("alpha"), (Metadata{{"area", "x"}, {"year", 2024}}));
    EXPECT_EQ(Count("document = 'p' AND area IS NULL"), 1u);
    EXPECT_EQ(Count("area = 'x'"), 2u);
    Reopen();
  }
  Update({{"area", nullptr}}, {Id("alpha")});
  EXPECT_EQ(Of("alpha"), (Metadata{{"year", 2024}}));
  Update({{"area", "y"}}, {Id("beta")});
  EXPECT_EQ(Of("beta"), (Metadata{{"area", "y"}}));
}

TEST_P(MetadataTest, MergedFieldsSurviveAPutUnlessThePutSaysOtherwise) {
  PutPage();
  Update({{"note", "kept"}, {"year", 1}, {"area", nullptr}}, {Id("alpha"), Id("gamma")});
  Document page = MakePage("p", {"gamma", "alpha, edited", "alpha"});
  page.metadata = {{"year", 2030}};
  page.chunks[2].metadata = {{"own", 7}};
  EXPECT_EQ(Put(page).kept, 2u);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Of("gamma"), (Metadata{{"note", "kept"}, {"year", 2030}}));
    EXPECT_EQ(Of("alpha"), (Metadata{{"note", "kept"}, {"own", 7}, {"year", 2030}}));
    EXPECT_EQ(Of("alpha, edited"), (Metadata{{"year", 2030}}));
    EXPECT_EQ(Count("note = 'kept'"), 2u);
    Reopen();
  }
  page.metadata = {{"area", "again"}, {"note", "put"}};
  Put(page);
  EXPECT_EQ(Of("gamma"), (Metadata{{"area", "again"}, {"note", "put"}}));
  EXPECT_TRUE(Put(page).unchanged);
}

TEST_P(MetadataTest, AnUnchangedPutLeavesMergesAlone) {
  PutPage();
  Update({{"year", 1}}, {Id("alpha")});
  const std::uint64_t before = commit();
  PutPage();
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(Of("alpha"), (Metadata{{"area", "x"}, {"year", 1}}));
}

TEST_P(MetadataTest, AnOldViewKeepsTheMetadataOfItsCommit) {
  PutPage();
  ScanOptions options;
  options.where = "document = 'p'";
  options.batch_size = 1;
  Scanner scanner = Must(pages().Scan(options));
  for (int i = 0; i < 20; ++i) UpdateWhere({{"year", i}, {"area", nullptr}}, "document = 'p'");
  const std::vector<Chunk> chunks = ReadAll(std::move(scanner));
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].metadata, (Metadata{{"area", "x"}, {"year", 2024}}));
  EXPECT_EQ(chunks[1].metadata, (Metadata{{"area", "x"}, {"year", 2025}}));
  EXPECT_EQ(Of("beta"), (Metadata{{"year", 19}}));
}

TEST_P(MetadataTest, WhatSelectsNothingOrChangesNothingIsNoCommit) {
  PutPage();
  const std::uint64_t before = commit();
  EXPECT_EQ(Update({{"a", 1}}, {}).commit, 0u);
  EXPECT_EQ(Update({{"a", 1}}, {"none"}).commit, 0u);
  EXPECT_EQ(Update({}, {Id("alpha")}).commit, 0u);
  EXPECT_EQ(UpdateWhere({{"a", 1}}, "year = 1").commit, 0u);
  EXPECT_EQ(commit(), before);
  EXPECT_TRUE(Fails(pages().Count("a = 1"), StatusCode::kInvalidArgument, {"'a'"}))
      << "a name that was never stored is not known";
}

TEST_P(MetadataTest, BeyondTenThousandNamesEveryNameIsTakenForOne) {
  Rows rows = MakeRows(9000, 11, kDimension);
  rows.metadata.resize(11);
  for (int i = 0; i < 11'000; ++i) rows.metadata[i / 1000]["name" + std::to_string(i)] = i;
  Upsert(pages(), rows);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Count("name0 = 0"), 1u);
    EXPECT_EQ(Count("name10999 = 10999"), 1u);
    EXPECT_EQ(Count("nmae = 1"), 0u);
    Reopen();
  }
}

TEST_P(MetadataTest, VectorsAndTextAreNotTouched) {
  PutPage();
  UpdateWhere({{"a", 1}}, "document = 'p'");
  for (const Chunk& chunk : Read("p").chunks) {
    EXPECT_EQ(chunk.vectors.at("body"), HashVector(chunk.text, kDimension));
    EXPECT_EQ(chunk.metadata.at("a"), Value(1));
  }
  EXPECT_EQ(Read("p").info.version, 1u);
}

TEST_P(MetadataTest, CrossingTheBorderInMemoryAndByReopeningChangesNothing) {
  PutPage();
  Update({{"year", nullptr}, {"note", "a"}}, {Id("alpha")});
  Update({{"note", "b"}}, {Id("beta")});
  const auto check = [&] {
    EXPECT_EQ(Of("alpha"), (Metadata{{"area", "x"}, {"note", "a"}}));
    EXPECT_EQ(Of("beta"), (Metadata{{"area", "x"}, {"note", "b"}, {"year", 2025}}));
    EXPECT_EQ(Of("gamma"), (Metadata{{"area", "x"}, {"year", 2024}}));
    EXPECT_EQ(Count("document = 'p' AND year IS NULL"), 1u);
    EXPECT_EQ(Count("note IN ('a', 'b')"), 2u);
  };
  check();
  Upsert(pages(), MakeRows(10'000, 600, kDimension));
  check();
  Reopen();
  check();
  Must(pages().Delete({std::nullopt, "id LIKE 'id%'"}));
  check();
  Reopen();
  check();
  EXPECT_EQ(Must(pages().Stats()).blocks, 0u);
}

TEST_P(MetadataTest, MergesThatAddUpToTooMuchAreRefused) {
  PutPage();
  Update({{"first", std::string(600'000, 'x')}}, {Id("alpha")});
  const std::uint64_t before = commit();
  EXPECT_TRUE(Fails(pages().UpdateMetadata({{"second", std::string(600'000, 'x')}},
                                           {std::vector{Id("gamma"), Id("alpha")}, {}}),
                    StatusCode::kInvalidArgument, {"'p'", "1048576"}));
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(Of("gamma"), (Metadata{{"area", "x"}, {"year", 2024}}));
}

TEST_P(MetadataTest, ADeclaredTypeHoldsForMerges) {
  CollectionSchema schema = BodySchema(kDimension);
  schema.metadata = {{"year", MetadataType::kInt}, {"tags", MetadataType::kStringList}};
  Collection typed = Must(db_->CreateCollection("typed", schema));
  const Rows rows = MakeRows(0, 1, kDimension);
  Upsert(typed, rows);
  const auto update = [&](const Metadata& patch) {
    return typed.UpdateMetadata(patch, {rows.ids, {}});
  };
  EXPECT_TRUE(Fails(update({{"year", "2024"}}), StatusCode::kInvalidArgument,
                    {"'year'", "expected int, got string"}));
  EXPECT_TRUE(Fails(update({{"tags", Value::List{"a", 1}}}), StatusCode::kInvalidArgument,
                    {"'tags'", "item 1 is int"}));
  EXPECT_TRUE(update({{"year", nullptr}, {"tags", Value::List{}}}).ok());
  EXPECT_EQ(GetOne(typed, "id0").metadata, (Metadata{{"tags", Value::List{}}}));
}

TEST(CombineOwn, RemovedFieldsOfTheDocumentAreNotInherited) {
  const Metadata document = {{"a", 1}, {"b", 2}};
  const OwnMetadata none = CombineOwn(document, {});
  EXPECT_EQ(none.fields, nullptr);
  EXPECT_FALSE(none.complete);
  const OwnMetadata given = CombineOwn(document, {{{"a", nullptr}}, {}});
  EXPECT_FALSE(given.complete);
  EXPECT_EQ(EffectiveMetadata(document, given), (Metadata{{"a", nullptr}, {"b", 2}}))
      << "a null that was given hides the document's value";
  const OwnMetadata removed = CombineOwn(document, {{{"c", 3}}, {{"a", nullptr}, {"c", nullptr}}});
  EXPECT_TRUE(removed.complete);
  EXPECT_EQ(EffectiveMetadata(document, removed), (Metadata{{"b", 2}}));
  const OwnMetadata own_removed = CombineOwn(document, {{{"c", 3}}, {{"c", nullptr}}});
  EXPECT_FALSE(own_removed.complete);
  EXPECT_EQ(EffectiveMetadata(document, own_removed), document);
}

TEST(CarryMetadata, WhatThePutSaysWins) {
  const ChunkMetadataRecord before{{{"own", 1}}, {{"note", "n"}, {"year", 1}, {"gone", nullptr}}};
  const ChunkMetadataRecord after = CarryMetadata(before, {{"year", 2024}}, {{"own", 2}});
  EXPECT_EQ(after.given, (Metadata{{"own", 2}}));
  EXPECT_EQ(after.merged, (Metadata{{"gone", nullptr}, {"note", "n"}}));
}

}  // namespace
}  // namespace tracevec
