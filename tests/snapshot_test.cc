// Snapshots: the data of a commit, over writes, merges, compaction and restarts.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "retrieval/clock.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

/// Everything that reads of a collection give, to be compared with what they give later.
struct Contents {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<float>> vectors;
  std::map<std::string, Metadata> metadata;
  std::map<std::string, std::uint32_t> versions;
  std::vector<std::string> hits;
  std::uint64_t count = 0;
  friend bool operator==(const Contents&, const Contents&) = default;
};

Contents ReadContents(const Collection& collection, const std::vector<float>& query) {
  Contents contents;
  ScanOptions options;
  options.with_vectors = true;
  for (const Chunk& chunk : ReadAll(Must(collection.Scan(options)))) {
    contents.texts[chunk.id] = chunk.text;
    contents.vectors[chunk.id] = chunk.vectors.at("body");
    contents.metadata[chunk.id] = chunk.metadata;
    contents.versions[chunk.id] = chunk.version;
  }
  for (const auto& [id, text] : contents.texts) {
    EXPECT_EQ(GetOne(collection, id).text, text);
  }
  SearchRequest request;
  request.vector = query;
  request.k = 20;
  request.exact = true;
  contents.hits = IdsOf(Must(collection.Search(request)).hits);
  contents.count = Must(collection.Count());
  return contents;
}

class SnapshotTest : public DocumentsTest {
 protected:
  Contents Now() { return ReadContents(pages(), query_); }
  Contents At(const std::string& name) {
    const auto database = Must(db_->At(name));
    return ReadContents(Must(database->GetCollection("pages")), query_);
  }
  void Change(int round) {
    const std::string n = std::to_string(round);
    Document page = MakePage("p", {"stays", "of round " + n, "also of " + n});
    page.metadata["round"] = round;
    Put(page);
    Put(MakePage("only in " + n, {"alone in " + n}));
    Must(pages().DeleteDocument("only in " + std::to_string(round - 1)));
    Must(pages().UpdateMetadata({{"seen", round}}, {std::nullopt, "id LIKE 'id1%'"}));
    Rows rows = MakeRows(0, 40, kDimension, static_cast<std::uint64_t>(round));
    rows.texts.assign(40, "row of round " + n);
    Upsert(pages(), rows);
  }

  const std::vector<float> query_ = HashVector("query", kDimension);
};

TEST_F(SnapshotTest, ReadsTheDataOfThenWhateverHappensSince) {
  for (const std::size_t fillers : {0u, 600u}) {
    Upsert(pages(), MakeRows(1000, fillers, kDimension));
    Change(1);
    Change(2);
    const Contents then = Now();
    const std::string name = "with " + std::to_string(fillers);
    EXPECT_EQ(Must(db_->Snapshot(name)).commit, commit());
    // Enough to start the sweeper, and to build the index anew.
    for (int round = 3; round < 40; ++round) Change(round);
    Must(pages().Delete({std::nullopt, "id LIKE 'id3%'"}));
    EXPECT_NE(Now(), then);
    EXPECT_EQ(At(name), then);
    Must(db_->Compact());
    EXPECT_EQ(At(name), then);
    Reopen();
    EXPECT_EQ(At(name), then);
    Must(pages().DeleteDocument("p"));
    for (int round = 40; round < 60; ++round) Change(round);
    Reopen();
    EXPECT_EQ(At(name), then);
  }
  EXPECT_EQ(Must(db_->ListSnapshots()).size(), 2u);
}

TEST_F(SnapshotTest, ADocumentIsReadAsOfASnapshotWithItsHistory) {
  Put(MakePage("p", {"one"}));
  Put(MakePage("p", {"one", "two"}));
  Must(db_->Snapshot("second"));
  for (int i = 0; i < 600; ++i) Put(MakePage("p", {"one", "round " + std::to_string(i)}));
  Must(pages().DeleteDocument("p"));
  Must(db_->Compact());
  const auto database = Must(db_->At("second"));
  const Collection then = Must(database->GetCollection("pages"));
  const StoredDocument document = Must(then.GetDocument("p"));
  EXPECT_EQ(document.text, "one\n\ntwo");
  EXPECT_EQ(document.info.version, 2u);
  EXPECT_EQ(document.chunks[1].text, "two");
  EXPECT_EQ(Must(database->Journal()).back().commit, document.info.commit);
  const auto history = Must(then.History("p"));
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].version, 1u);
  EXPECT_TRUE(Fails(pages().GetDocument("p"), StatusCode::kNotFound));
}

TEST_F(SnapshotTest, ReleasingGivesTheSpaceBackOnceNobodyReads) {
  Put(MakePage("p", {"first"}));
  Must(db_->Snapshot("held"));
  for (int i = 0; i < 5; ++i) Put(MakePage("p", {"round " + std::to_string(i)}));
  auto database = Must(db_->At("held"));
  const Collection then = Must(database->GetCollection("pages"));
  Must(db_->ReleaseSnapshot("held"));
  Must(db_->Compact());
  EXPECT_EQ(Must(then.GetDocument("p")).text, "first") << "the handle still holds it";
  Must(database->Close());
  EXPECT_TRUE(Fails(then.GetDocument("p"), StatusCode::kClosed, {"'held'"}));
  Must(db_->Compact());
  EXPECT_TRUE(Fails(db_->At("held"), StatusCode::kNotFound, {"'held'"}));
  GetOptions first;
  first.version = 1;
  EXPECT_TRUE(Fails(pages().GetDocument("p", first), StatusCode::kNotFound, {"5 to 6"}));
}

TEST_F(SnapshotTest, HandlesShareWhatTheyLoaded) {
  std::map<std::string, Contents> then;
  for (int round = 0; round < 3; ++round) {
    Change(round);
    for (int i = 0; i < 15; ++i) {  // Past 512 chunks in the end.
      Rows rows = MakeRows(1000 * static_cast<std::size_t>(round) + 100, 200, kDimension);
      Upsert(pages(), rows);
    }
    const std::string name = "round " + std::to_string(round);
    Must(db_->Snapshot(name));
    then[name] = Now();
  }
  Change(3);
  for (int i = 0; i < 2; ++i) {
    for (const auto& [name, contents] : then) {
      const auto first = Must(db_->At(name));
      Collection of_first = Must(first->GetCollection("pages"));
      const auto second = Must(db_->At(name));
      Collection of_second = Must(second->GetCollection("pages"));
      EXPECT_EQ(ReadContents(of_first, query_), contents);
      Must(first->Close());
      EXPECT_TRUE(Fails(of_first.Count(), StatusCode::kClosed));
      EXPECT_EQ(ReadContents(of_second, query_), contents);
    }
  }
  const auto held = Must(db_->At("round 1"));
  Must(db_->ReleaseSnapshot("round 1"));
  EXPECT_EQ(ReadContents(Must(held->GetCollection("pages")), query_), then["round 1"]);
  EXPECT_EQ(At("round 0"), then["round 0"]);
}

TEST_F(SnapshotTest, AClosedHandleSaysSoWhateverWasSweptSince) {
  for (int i = 0; i < 30; ++i) Put(MakePage("p" + std::to_string(i), {"one", "two"}));
  Must(db_->Snapshot("held"));
  const auto database = Must(db_->At("held"));
  const Collection then = Must(database->GetCollection("pages"));
  ScanOptions options;
  options.batch_size = 1;
  Scanner scanner = Must(then.Scan(options));
  EXPECT_TRUE(Must(scanner.Next()).has_value());
  Must(database->Close());
  Must(db_->ReleaseSnapshot("held"));
  Must(pages().Delete({std::nullopt, "id LIKE '%'"}));
  Must(db_->Compact());
  EXPECT_TRUE(Fails(scanner.Next(), StatusCode::kClosed, {"'held'"}));
  EXPECT_TRUE(Fails(database->Journal(), StatusCode::kClosed, {"'held'"}));
}

TEST_F(SnapshotTest, RefusesWrites) {
  Put(MakePage("p", {"first"}));
  Must(db_->Snapshot("s"));
  const auto database = Must(db_->At("s"));
  Collection then = Must(database->GetCollection("pages"));
  const std::vector<std::string> parts = {"'s'"};
  EXPECT_TRUE(Fails(then.PutDocument(MakePage("q", {"x"})), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(then.PlanUpdate(MakePage("q", {"x"})), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(then.DeleteDocument("p"), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(then.Rebuild(), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(database->CreateCollection("c", {}), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(database->DropCollection("pages"), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(database->Snapshot("t"), StatusCode::kReadOnly, parts));
  EXPECT_TRUE(Fails(database->Compact(), StatusCode::kReadOnly, parts));
}

TEST_F(SnapshotTest, BadNamesAndCollectionsOfOtherTimes) {
  Must(db_->Snapshot("monday"));
  EXPECT_TRUE(Fails(db_->Snapshot("monday"), StatusCode::kAlreadyExists, {"'monday'"}));
  EXPECT_TRUE(Fails(db_->Snapshot(""), StatusCode::kInvalidArgument));
  EXPECT_TRUE(Fails(db_->At("mondau"), StatusCode::kNotFound, {"'monday'"}));
  EXPECT_TRUE(Fails(db_->ReleaseSnapshot("mondau"), StatusCode::kNotFound, {"'monday'"}));
  Must(db_->CreateCollection("later", BodySchema(kDimension)));
  const auto database = Must(db_->At("monday"));
  EXPECT_TRUE(Fails(database->GetCollection("later"), StatusCode::kNotFound, {"'monday'"}));
  EXPECT_EQ(Must(database->ListCollections()), std::vector<std::string>{"pages"});
  EXPECT_TRUE(Fails(db_->DropCollection("pages"), StatusCode::kConflict, {"'monday'"}));
  Must(db_->DropCollection("later"));
  Must(db_->ReleaseSnapshot("monday"));
  EXPECT_TRUE(Fails(db_->DropCollection("pages"), StatusCode::kConflict, {"handle"}));
  Must(database->Close());
  Must(db_->DropCollection("pages"));
}

TEST_F(SnapshotTest, AnExpiredDocumentIsServedFromNowhereAndLeavesTheDisk) {
  Document page = MakePage("old", {"alpha"});
  page.expires_at = Timestamp{tracevec::Now().micros + 300'000};
  Put(page);
  Must(db_->Snapshot("s"));
  while (tracevec::Now() <= *page.expires_at) {}
  const auto database = Must(db_->At("s"));
  EXPECT_TRUE(
      Fails(Must(database->GetCollection("pages")).GetDocument("old"), StatusCode::kNotFound));
  Must(database->Close());
  Must(db_->ReleaseSnapshot("s"));
  Must(db_->Compact());
  EXPECT_TRUE(Fails(pages().History("old"), StatusCode::kNotFound)) << "nothing of it is stored";
  JournalQuery query;
  query.document = "old";
  const auto entries = Must(db_->Journal(query));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].kind, "expire");
  EXPECT_EQ(entries[1].removed, 1u);
}

}  // namespace
}  // namespace tracevec
