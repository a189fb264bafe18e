// Versions of documents in time: history, deletion, expiry, and the sweeping of what is superseded.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "retrieval/clock.h"
#include "storage/keys.h"
#include "storage/store.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

class VersionsTest : public DocumentsTest {
 protected:
  /// Stored keys of the collection by kind, read beside the writer.
  std::map<char, std::size_t> StoredKeys() {
    StoreOptions options;
    options.read_only = true;
    const auto store = Must(Store::Open(path_, options));
    std::map<char, std::size_t> counts;
    for (const char kind : keys::CollectionKinds()) {
      StoreCursor cursor = store->NewCursor(
          keys::TableOf(kind), keys::KindAndCollectionPrefix(kind, CollectionNumber{1}));
      for (; cursor.Valid(); cursor.Next()) ++counts[kind];
      Must(cursor.status());
    }
    return counts;
  }
  std::size_t AllStoredKeys() {
    std::size_t total = 0;
    for (const auto& [kind, count] : StoredKeys()) total += count;
    return total;
  }
  /// Versions `first` to `last` of a document: one chunk stays, two are always new.
  void PutVersions(const std::string& id, int first, int last) {
    for (int i = first; i <= last; ++i) {
      const std::string n = std::to_string(i);
      Put(MakePage(id, {"stays", "of version " + n, "also of " + n}));
    }
  }
  void AddFillers(std::size_t count) { Upsert(pages(), MakeRows(0, count, kDimension)); }
};

TEST_F(VersionsTest, TheHistoryHasTheNewestAndOneOldVersion) {
  PutOptions options = Embedding();
  options.label = "importer";
  Document page = MakePage("p", {"alpha", "beta"});
  const std::uint64_t first = Must(pages().PutDocument(page, options)).commit;
  std::vector<DocumentVersion> history = Must(pages().History("p"));
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].version, 1u);
  EXPECT_EQ(history[0].commit, first);
  EXPECT_EQ(history[0].label, "importer");
  EXPECT_EQ(history[0].chunk_count, 2u);
  EXPECT_LE(history[0].created, Now());

  page.title = "Second";
  Put(page);
  const std::string second_hash = Read("p").info.content_hash;
  Put(MakePage("p", {"alpha", "gamma", "delta"}));
  for (int round = 0; round < 2; ++round) {
    history = Must(pages().History("p"));
    ASSERT_EQ(history.size(), 2u);
    EXPECT_EQ(history[0].version, 3u);
    EXPECT_EQ(history[0].kept, 1u);
    EXPECT_EQ(history[0].added, 2u);
    EXPECT_EQ(history[0].removed, 1u);
    EXPECT_EQ(history[1].version, 2u);
    EXPECT_EQ(history[1].title, "Second");
    EXPECT_EQ(history[1].kept, 2u);
    EXPECT_EQ(history[1].content_hash, second_hash);
    EXPECT_GT(history[0].commit, history[1].commit);
    Reopen();
  }
  EXPECT_TRUE(Fails(pages().History("none"), StatusCode::kNotFound, {"'none'"}));
}

TEST_F(VersionsTest, ADeletedDocumentIsGoneAndMayComeBackAsItsNextVersion) {
  for (const std::size_t fillers : {0u, 600u}) {
    AddFillers(fillers);
    const std::string id = "p" + std::to_string(fillers);
    const Document page = MakePage(id, {"alpha", "beta"});
    Put(page);
    const std::vector<std::string> ids = ChunkIds(id);
    const WriteResult result = Must(pages().DeleteDocument(id));
    EXPECT_EQ(result.deleted, 2u);
    EXPECT_EQ(result.commit, commit());
    EXPECT_TRUE(Fails(pages().GetDocument(id), StatusCode::kNotFound, {"'" + id + "'"}));
    EXPECT_TRUE(Must(pages().Get(ids)).empty());
    EXPECT_EQ(Must(pages().Count()), fillers);
    const auto history = Must(pages().History(id));
    EXPECT_TRUE(history[0].deleted);
    EXPECT_EQ(history[0].version, 2u);
    EXPECT_EQ(history[0].removed, 2u);
    EXPECT_EQ(Must(pages().DeleteDocument(id)).commit, 0u) << "deleting twice writes nothing";

    const PutResult again = Put(page);
    EXPECT_EQ(again.version, 3u);
    EXPECT_EQ(again.added, 2u);
    EXPECT_EQ(again.embedded, 2u);
    EXPECT_EQ(ChunkIds(id), ids);
    Must(pages().DeleteDocument(id));
    Must(pages().Delete({std::nullopt, "id LIKE '%'"}));
  }
  EXPECT_EQ(Must(pages().DeleteDocument("none")).commit, 0u);
}

TEST_F(VersionsTest, DeletingALooseVectorAsADocumentWorks) {
  AddFillers(3);
  EXPECT_EQ(Must(pages().DeleteDocument("id1")).deleted, 1u);
  EXPECT_EQ(IdsOf(ReadAll(Must(pages().Scan()))), (std::vector<std::string>{"id0", "id2"}));
}

TEST_F(VersionsTest, AnExpiredDocumentIsNotServed) {
  for (const std::size_t fillers : {0u, 600u}) {
    AddFillers(fillers);
    Document page = MakePage("old", {"alpha"});
    page.expires_at = Timestamp{Now().micros - 1};
    Put(page);
    Document fresh = MakePage("fresh", {"alpha", "beta"});
    fresh.expires_at = Timestamp{Now().micros + 3'600'000'000};
    Put(fresh);
    const std::string old_id = "old#" + ToHex(HashBytes("alpha"));
    for (int round = 0; round < 2; ++round) {
      EXPECT_TRUE(Fails(pages().GetDocument("old"), StatusCode::kNotFound));
      EXPECT_TRUE(Must(pages().Get({&old_id, 1})).empty());
      EXPECT_EQ(Must(pages().Count()), fillers + 2);
      EXPECT_EQ(Must(pages().Count("document = 'old'")), 0u);
      EXPECT_EQ(ReadAll(Must(pages().Scan())).size(), fillers + 2);
      SearchRequest request;
      const std::vector<float> query = HashVector("alpha", kDimension);
      request.vector = query;
      request.k = 1000;
      for (const bool exact : {false, true}) {
        request.exact = exact;
        const auto hits = Must(pages().Search(request)).hits;
        EXPECT_EQ(hits.size(), fillers + 2);
        EXPECT_EQ(hits[0].document, "fresh");
      }
      request = {};
      request.like = old_id;
      EXPECT_TRUE(Fails(pages().Search(request), StatusCode::kNotFound, {old_id}));
      EXPECT_EQ(Must(pages().UpdateMetadata({{"a", 1}}, {std::vector{old_id}, {}})).updated, 0u);
      EXPECT_EQ(Must(pages().GetDocument("fresh")).info.expires_at, fresh.expires_at);
      Reopen();
    }
    page.expires_at.reset();
    EXPECT_EQ(Put(page).kept, 1u) << "the chunk is still there";
    EXPECT_EQ(Must(pages().Count()), fillers + 3);
    Must(pages().DeleteDocument("old"));
  }
}

TEST_F(VersionsTest, WhatWaitsToBeSweptIsNotServed) {
  CreateOptions create;
  create.keep_versions = 5;
  Collection kept = Must(db_->CreateCollection("kept", BodySchema(kDimension), create));
  const auto versions_of = [&](const std::string& id) {
    std::vector<std::uint32_t> versions;
    for (const DocumentVersion& each : Must(kept.History(id))) versions.push_back(each.version);
    return versions;
  };
  const auto fails_at = [&](const std::string& id, std::uint32_t version) {
    GetOptions options;
    options.version = version;
    return Fails(kept.GetDocument(id, options), StatusCode::kNotFound);
  };
  const auto put = [&](Document page) { Must(kept.PutDocument(page, Embedding())); };

  put(MakePage("p", {"first"}));
  put(MakePage("p", {"second"}));
  Must(kept.DeleteDocument("p"));
  EXPECT_EQ(versions_of("p"), (std::vector<std::uint32_t>{3}));
  EXPECT_TRUE(fails_at("p", 2));
  put(MakePage("p", {"fourth"}));
  EXPECT_EQ(versions_of("p"), (std::vector<std::uint32_t>{4, 3}));
  EXPECT_TRUE(fails_at("p", 1));
  EXPECT_TRUE(fails_at("p", 2));

  for (std::uint64_t seed = 0; seed < 3; ++seed) Upsert(kept, MakeRows(0, 1, kDimension, seed));
  EXPECT_EQ(versions_of("id0"), (std::vector<std::uint32_t>{3}));
  EXPECT_TRUE(fails_at("id0", 2));

  put(MakePage("old", {"first"}));
  Document expired = MakePage("old", {"second"});
  expired.expires_at = Timestamp{Now().micros - 1};
  put(expired);
  EXPECT_TRUE(Fails(kept.History("old"), StatusCode::kNotFound));
  EXPECT_TRUE(fails_at("old", 1));
  EXPECT_TRUE(fails_at("old", 2));
}

TEST_F(VersionsTest, AKeptVersionKeepsTheMetadataOfItsChunks) {
  CreateOptions create;
  create.keep_versions = 2;
  Collection kept = Must(db_->CreateCollection("kept", BodySchema(kDimension), create));
  Document page = MakePage("p", {"stays"});
  for (int round = 1; round <= 6; ++round) {
    page.title = "Round " + std::to_string(round);
    page.chunks[0].metadata["round"] = round;
    Must(kept.PutDocument(page, Embedding()));
    Must(kept.UpdateMetadata({{"seen", round}}, {std::nullopt, "document = 'p'"}));
    for (int version = std::max(1, round - 2); version <= round; ++version) {
      GetOptions options;
      options.version = version;
      const Chunk chunk = Must(kept.GetDocument("p", options)).chunks[0];
      EXPECT_EQ(chunk.metadata.at("round"), Value(version)) << "in round " << round;
      EXPECT_EQ(chunk.metadata.at("seen"), Value(version)) << "in round " << round;
    }
  }
}

TEST_F(VersionsTest, AnOldViewReadsItsVersionHoweverManyFollow) {
  for (const std::size_t fillers : {0u, 600u}) {
    AddFillers(fillers);
    const std::string id = "p" + std::to_string(fillers);
    PutVersions(id, 1, 2);
    ScanOptions options;
    options.where = Field("document") == id;
    options.with_vectors = true;
    options.batch_size = 1;
    Scanner scanner = Must(pages().Scan(options));
    PutVersions(id, 3, 700);  // Sweeps twice and more.
    const std::vector<Chunk> chunks = ReadAll(std::move(scanner));
    ASSERT_EQ(chunks.size(), 3u);
    const std::vector<std::string> texts = {"stays", "of version 2", "also of 2"};
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(chunks[i].version, 2u);
      EXPECT_EQ(chunks[i].text, texts[i]);
      EXPECT_EQ(chunks[i].vectors.at("body"), HashVector(texts[i], kDimension));
    }
    EXPECT_EQ(Read(id).chunks[1].text, "of version 700");
  }
}

TEST_F(VersionsTest, SupersededVersionsAreSwept) {
  PutVersions("p", 1, 600);
  const std::map<char, std::size_t> before = StoredKeys();
  PutVersions("p", 601, 2000);
  const std::map<char, std::size_t> after = StoredKeys();
  // A version is at most seven keys: list, source, two bodies, two ids, two vectors; the garbage
  // of at most 256 versions waits.
  for (const auto& [kind, count] : after) EXPECT_LE(count, 3 * 260u) << kind;
  for (const auto& [kind, count] : before) EXPECT_LE(count, 3 * 260u) << kind;
  Reopen();
  PutVersions("p", 2001, 2300);
  EXPECT_LE(StoredKeys()['v'], 260u) << "what waited at closing is swept after opening";
  EXPECT_EQ(Read("p").chunks[2].text, "also of 2300");
}

TEST_F(VersionsTest, LongPagesAreSweptAFewAtATime) {
  std::vector<std::string> paragraphs;
  for (int i = 0; i < 40; ++i) paragraphs.push_back("paragraph " + std::to_string(i));
  for (int version = 1; version <= 20; ++version) {
    paragraphs.back() = "of version " + std::to_string(version);
    Put(MakePage("p", paragraphs));
    EXPECT_LE(StoredKeys()['v'], 4u) << "no put has to sweep many of them";
  }
}

TEST_F(VersionsTest, AViewHoldsTheSweepUpAndLetsItGoOn) {
  PutVersions("p", 1, 2);
  {
    Scanner scanner = Must(pages().Scan());
    PutVersions("p", 3, 700);
    EXPECT_GT(StoredKeys()['v'], 690u);
    EXPECT_EQ(ReadAll(std::move(scanner))[1].text, "of version 2");
  }
  PutVersions("p", 701, 1400);
  EXPECT_LE(StoredKeys()['v'], 260u);
}

TEST_F(VersionsTest, DeletedAndReplacedRowsLeaveNothingBehind) {
  const std::size_t empty = AllStoredKeys();
  for (int round = 0; round < 6; ++round) {
    Rows rows = MakeRows(0, 300, kDimension, static_cast<std::uint64_t>(round));
    rows.texts.assign(300, "round " + std::to_string(round));
    Upsert(pages(), rows);
    Must(pages().UpdateMetadata({{"round", round}}, {std::nullopt, "id LIKE 'id1%'"}));
    Must(pages().UpdateMetadata({{"round", round + 1}}, {std::nullopt, "id LIKE 'id1%'"}));
    if (round % 2 == 1) Must(pages().Delete({rows.ids, {}}));
  }
  EXPECT_EQ(Must(pages().Count()), 0u);
  for (int i = 0; i < 300; ++i) PutVersions("p", i, i);
  Must(pages().DeleteDocument("p"));
  // Of the garbage at most what one sweep is not started for is left: 256 records with their
  // versions.
  EXPECT_LE(AllStoredKeys(), empty + 256 * 8);
  std::map<char, std::size_t> counts = StoredKeys();
  EXPECT_LE(counts['d'], 2u) << "documents that were deleted are forgotten";
}

}  // namespace
}  // namespace tracevec
