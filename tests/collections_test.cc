// The collections of a database: their names, life and death.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "storage/keys.h"
#include "storage/store.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

class CollectionsTest : public DatabaseTest {
 protected:
  /// Stored keys of a collection, after the database was closed.
  std::size_t StoredKeys(CollectionNumber number) {
    StoreOptions options;
    options.read_only = true;
    const auto store = Must(Store::Open(path_, options));
    std::size_t count = 0;
    for (const char kind : keys::CollectionKinds()) {
      StoreCursor cursor =
          store->NewCursor(keys::TableOf(kind), keys::KindAndCollectionPrefix(kind, number));
      for (; cursor.Valid(); cursor.Next()) ++count;
      Must(cursor.status());
    }
    return count;
  }
};

TEST_F(CollectionsTest, AreListedByNameAndFoundAgain) {
  for (const char* name : {"notes", "a", "Notes", "zebra"}) {
    Must(db_->CreateCollection(name, BodySchema(4)));
  }
  const std::vector<std::string> names = {"Notes", "a", "notes", "zebra"};
  EXPECT_EQ(Must(db_->ListCollections()), names);
  Reopen();
  EXPECT_EQ(Must(db_->ListCollections()), names);
  EXPECT_EQ(Must(db_->GetCollection("Notes")).name(), "Notes");
}

TEST_F(CollectionsTest, ANameIsTakenOnce) {
  Must(db_->CreateCollection("notes", BodySchema(4)));
  const std::uint64_t before = commit();
  EXPECT_TRUE(Fails(db_->CreateCollection("notes", BodySchema(4)), StatusCode::kAlreadyExists,
                    {"'notes'"}));
  EXPECT_EQ(commit(), before);
}

TEST_F(CollectionsTest, AMissingOneIsNotFoundAndTheNearestNameIsSaid) {
  Must(db_->CreateCollection("notes", BodySchema(4)));
  EXPECT_TRUE(Fails(db_->GetCollection("note"), StatusCode::kNotFound,
                    {"'note'", "did you mean 'notes'?"}));
  EXPECT_TRUE(
      Fails(db_->DropCollection("Notes"), StatusCode::kNotFound, {"did you mean 'notes'?"}));
  const auto unlike = db_->GetCollection("invoices");
  EXPECT_TRUE(Fails(unlike, StatusCode::kNotFound, {"'invoices'"}));
  EXPECT_EQ(unlike.status().message().find("did you mean"), std::string::npos);
}

TEST_F(CollectionsTest, AnyUtf8NameIsANameAndNeverAPath) {
  const std::vector<std::string> names = {".",
                                          "..",
                                          "a/b",
                                          "../../escape",
                                          std::string("nul\0inside", 10),
                                          " ",
                                          "\n",
                                          "naïve café ☕",
                                          std::string(1, '\0'),
                                          "\x7f",
                                          "C:\\temp\\*",
                                          "%s%n",
                                          std::string(255, 'x'),
                                          "n",
                                          "TRACEVEC"};
  for (const std::string& name : names) {
    Collection collection = Must(db_->CreateCollection(name, BodySchema(4)));
    Rows rows = MakeRows(0, 1, 4);
    rows.ids = {name};
    Upsert(collection, rows);
  }
  Reopen();
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(Must(db_->ListCollections()), sorted);
  for (const std::string& name : names) {
    const Collection collection = Must(db_->GetCollection(name));
    EXPECT_EQ(collection.name(), name);
    EXPECT_EQ(GetOne(collection, name).id, name);
  }
  std::size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(temporary_.path())) {
    EXPECT_EQ(entry.path().string(), path_);
    ++entries;
  }
  EXPECT_EQ(entries, 1u);
}

TEST_F(CollectionsTest, OtherNamesAreRefused) {
  EXPECT_TRUE(Fails(db_->CreateCollection("", BodySchema(4)), StatusCode::kInvalidArgument,
                    {"0 bytes, expected 1 to 255"}));
  EXPECT_TRUE(Fails(db_->CreateCollection(std::string(256, 'x'), BodySchema(4)),
                    StatusCode::kInvalidArgument, {"256 bytes, expected 1 to 255"}));
  EXPECT_TRUE(Fails(db_->CreateCollection("a\xff", BodySchema(4)), StatusCode::kInvalidArgument,
                    {"collection name", "1"}));
  EXPECT_TRUE(Fails(db_->GetCollection(std::string(256, 'x')), StatusCode::kInvalidArgument,
                    {"256 bytes"}));
  EXPECT_TRUE(Fails(db_->GetOrCreateCollection("\xc3", 4), StatusCode::kInvalidArgument));
  EXPECT_EQ(commit(), 0u);
}

TEST_F(CollectionsTest, ASchemaThatCannotBeIsRefused) {
  const auto refused = [&](const CollectionSchema& schema, const std::vector<std::string>& parts) {
    return Fails(db_->CreateCollection("notes", schema), StatusCode::kInvalidArgument, parts);
  };
  EXPECT_TRUE(refused(BodySchema(0), {"'body'", "expected 1 to 65536, got 0"}));
  EXPECT_TRUE(refused(BodySchema(65'537), {"expected 1 to 65536, got 65537"}));
  CollectionSchema many;
  for (int i = 0; i < 17; ++i) many.vectors["field" + std::to_string(i)].dimension = 2;
  EXPECT_TRUE(refused(many, {"16", "17"}));
  CollectionSchema reserved;
  reserved.vectors["id"].dimension = 2;
  EXPECT_TRUE(refused(reserved, {"'id'"}));
  CollectionSchema bad_name;
  bad_name.metadata["a\xff"] = MetadataType::kInt;
  EXPECT_TRUE(refused(bad_name, {}));
  CollectionSchema bad_template = BodySchema(4);
  bad_template.vectors["body"].embed_template = "{titel}: {text}";
  EXPECT_TRUE(refused(bad_template, {"'body'", "titel"}));
  EXPECT_EQ(commit(), 0u);
  EXPECT_TRUE(Must(db_->ListCollections()).empty());
}

TEST_F(CollectionsTest, GetOrCreateMakesOneCosineFieldAndHoldsToItsDimension) {
  const Collection made = Must(db_->GetOrCreateCollection("notes", 4));
  CollectionSchema expected;
  expected.vectors["vector"].dimension = 4;
  EXPECT_EQ(made.schema(), expected);
  const std::uint64_t before = commit();
  EXPECT_EQ(Must(db_->GetOrCreateCollection("notes", 4)).schema(), expected);
  EXPECT_TRUE(Fails(db_->GetOrCreateCollection("notes", 5), StatusCode::kInvalidArgument,
                    {"'notes'", "dimension 4, not 5"}));
  EXPECT_EQ(commit(), before);
}

TEST_F(CollectionsTest, DroppingTakesAllDataAndTheNumberIsNotUsedAgain) {
  Collection notes = Must(db_->GetOrCreateCollection("notes", 4));
  Collection other = Must(db_->GetOrCreateCollection("other", 4));
  Upsert(other, MakeRows(0, 20, 4));
  Rows rows = MakeRows(0, 600, 4);
  rows.texts.assign(600, "text");
  rows.metadata.assign(600, {{"a", 1}});
  Upsert(notes, rows);
  Upsert(notes, MakeRows(0, 10, 4, /*seed=*/9));
  Must(notes.UpdateMetadata({{"a", 2}}, {rows.ids, {}}));
  Document document;
  document.id = "document";
  document.text = "some text";
  PutOptions options;
  options.embed[""] = HashEmbedder(4);
  Must(notes.PutDocument(document, options));
  const std::uint64_t before = commit();

  Must(db_->DropCollection("notes"));
  EXPECT_EQ(commit(), before + 1);
  EXPECT_EQ(Must(db_->ListCollections()), std::vector<std::string>{"other"});
  EXPECT_TRUE(Fails(notes.Count(), StatusCode::kNotFound, {"'notes'", "dropped"}));
  EXPECT_TRUE(Fails(notes.Upsert(rows.Request()), StatusCode::kNotFound, {"dropped"}));
  EXPECT_TRUE(Fails(db_->GetCollection("notes"), StatusCode::kNotFound));
  EXPECT_TRUE(Fails(db_->DropCollection("notes"), StatusCode::kNotFound));

  Collection again = Must(db_->GetOrCreateCollection("notes", 4));
  EXPECT_EQ(Must(again.Count()), 0u);
  EXPECT_TRUE(Must(again.Get(rows.ids)).empty());
  EXPECT_TRUE(Fails(notes.Count(), StatusCode::kNotFound)) << "the old handle is of the old one";
  Upsert(again, MakeRows(0, 1, 4));
  EXPECT_EQ(Must(other.Count()), 20u);

  Must(db_->Close());
  EXPECT_EQ(StoredKeys(CollectionNumber{1}), 0u);
  EXPECT_GT(StoredKeys(CollectionNumber{2}), 20u);
  EXPECT_GT(StoredKeys(CollectionNumber{3}), 3u);
  Open();
  EXPECT_EQ(Must(Must(db_->GetCollection("notes")).Count()), 1u);
}

TEST_F(CollectionsTest, AScanOfADroppedCollectionSaysSo) {
  Collection notes = Must(db_->GetOrCreateCollection("notes", 4));
  Upsert(notes, MakeRows(0, 20, 4));
  ScanOptions options;
  options.batch_size = 5;
  Scanner scanner = Must(notes.Scan(options));
  ASSERT_TRUE(Must(scanner.Next()).has_value());
  Must(db_->DropCollection("notes"));
  Status status;
  for (int i = 0; i < 20 && status.ok(); ++i) status = scanner.Next().status();
  EXPECT_TRUE(Fails(status, StatusCode::kNotFound, {"'notes'", "dropped"}));
}

TEST_F(CollectionsTest, TwoThousandSmallOnesCostNoFilesAndKeepTheirData) {
  constexpr std::uint32_t kCount = 2000;
  const auto name = [](std::uint32_t i) { return "tenant/" + std::to_string(i); };
  for (std::uint32_t i = 0; i < kCount; ++i) {
    Collection tenant = Must(db_->GetOrCreateCollection(name(i), 4));
    Rows rows = MakeRows(i, 1, 4);
    rows.texts = {"of tenant " + std::to_string(i)};
    Upsert(tenant, rows);
  }
  Reopen();
  EXPECT_EQ(Must(db_->Stats()).collections, kCount);
  for (std::uint32_t i = 0; i < kCount; i += 7) {
    const Collection tenant = Must(db_->GetCollection(name(i)));
    const Rows rows = MakeRows(i, 1, 4);
    SearchRequest request;
    request.vector = rows.vectors;
    const auto hits = Must(tenant.Search(request)).hits;
    ASSERT_EQ(hits.size(), 1u);
    EXPECT_EQ(hits[0].id, "id" + std::to_string(i));
    EXPECT_EQ(hits[0].text, "of tenant " + std::to_string(i));
    EXPECT_EQ(Must(tenant.Stats()).index_bytes, 0u);
  }
  EXPECT_LT(ReadFiles(path_).size(), 40u);
}

}  // namespace
}  // namespace tracevec
