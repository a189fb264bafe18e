// Replays of kept receipts: what differs, and why; and why a chunk was not found.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "retrieval/database_impl.h"
#include "tests/small_index_options.h"
#include "tests/test_documents.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

class ReplayTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;

  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema = BodySchema(kDimension);
    schema.text.emplace();
    notes_ = Must(db_->CreateCollection("notes", schema));
    Rows rows = MakeRows(0, 60, kDimension);
    for (int i = 0; i < 60; ++i) {
      rows.texts.push_back(i % 2 == 0 ? "even words" : "odd words here");
      rows.metadata.push_back({{"n", i}});
    }
    Upsert(*notes_, rows);
  }
  SearchRequest Query(std::uint32_t k = 5) const {
    SearchRequest request;
    request.vector = query_;
    request.k = k;
    request.receipt = ReceiptLevel::kKeep;
    return request;
  }
  SearchResponse Search(const SearchRequest& request) { return Must(notes_->Search(request)); }
  void Put(const std::string& id, const std::vector<float>& vector, Metadata metadata = {}) {
    Rows rows;
    rows.ids = {id};
    rows.vectors = vector;
    rows.texts = {"odd words here"};
    rows.metadata = {std::move(metadata)};
    Upsert(*notes_, rows);
  }
  void Delete(const std::string& id) {
    Selection selection;
    selection.ids = {id};
    Must(notes_->Delete(selection));
  }
  static const ReplayCause& CauseOf(const Replay& replay, const std::string& id) {
    for (const ReplayCause& cause : replay.causes) {
      if (cause.id == id) return cause;
    }
    throw std::runtime_error("no cause for " + id + ": " + replay.ToJson());
  }
  static std::vector<std::string> IdsOfReplayed(const std::vector<ReplayedHit>& hits) {
    std::vector<std::string> ids;
    for (const ReplayedHit& hit : hits) ids.push_back(hit.id);
    return ids;
  }
  std::vector<float> Opposite() const {
    std::vector<float> vector = query_;
    for (float& component : vector) component = -component;
    return vector;
  }

  const std::vector<float> query_ = RandomVectors(1, kDimension, 99);
  std::optional<Collection> notes_;
};

TEST_F(ReplayTest, WithoutAChangeTheAnswerIsEqual) {
  for (const bool by_text : {false, true}) {
    SearchRequest request = Query();
    if (by_text) request.text = "odd here";
    request.where = "n < 50";
    const SearchResponse then = Search(request);
    for (const char* at : {"now", "receipt"}) {
      const Replay replay = Must(db_->Replay(then.receipt.id, at));
      EXPECT_TRUE(replay.equal()) << replay.ToJson();
      EXPECT_EQ(IdsOfReplayed(replay.same), IdsOf(then.hits));
      EXPECT_TRUE(replay.settings.empty());
      EXPECT_EQ(replay.commit, replay.commit_then);
      EXPECT_EQ(nlohmann::json::parse(replay.ToJson())["equal"], true);
    }
  }
  EXPECT_EQ(Must(db_->Receipts()).size(), 2u) << "replays are not kept";
}

TEST_F(ReplayTest, ADeletedHitIsNamedAndLeavesAPlace) {
  const SearchResponse then = Search(Query());
  const std::string deleted = then.hits[1].id;
  Delete(deleted);
  const Replay replay = Must(db_->Replay(then.receipt.id));
  EXPECT_FALSE(replay.equal());
  EXPECT_EQ(IdsOfReplayed(replay.removed), std::vector<std::string>{deleted});
  EXPECT_EQ(CauseOf(replay, deleted).kind, "document_deleted");
  EXPECT_EQ(CauseOf(replay, deleted).version_then, 1u);
  ASSERT_EQ(replay.added.size(), 1u);
  EXPECT_EQ(CauseOf(replay, replay.added[0].id).kind, "displaced");
  ASSERT_EQ(replay.moved.size(), 3u);
  EXPECT_EQ(CauseOf(replay, replay.moved[0].id).kind, "displaced");
  EXPECT_EQ(IdsOfReplayed(replay.same), std::vector<std::string>{then.hits[0].id});
  EXPECT_EQ(replay.causes.size(), 5u);
}

TEST_F(ReplayTest, ANewDocumentIsNamedAndPushesTheLastOut) {
  const SearchResponse then = Search(Query());
  Put("new", query_);
  const Replay replay = Must(db_->Replay(then.receipt.id));
  EXPECT_EQ(IdsOfReplayed(replay.added), std::vector<std::string>{"new"});
  EXPECT_EQ(CauseOf(replay, "new").kind, "document_added");
  EXPECT_EQ(IdsOfReplayed(replay.removed), std::vector<std::string>{then.hits[4].id});
  EXPECT_EQ(CauseOf(replay, then.hits[4].id).kind, "displaced");
  EXPECT_EQ(replay.moved.size(), 4u);
}

TEST_F(ReplayTest, AReplacedDocumentIsNamedWithItsVersions) {
  const SearchResponse then = Search(Query());
  const std::string id = then.hits[0].id;
  Put(id, Opposite());
  const Replay gone = Must(db_->Replay(then.receipt.id));
  EXPECT_EQ(CauseOf(gone, id).kind, "document_replaced");
  EXPECT_EQ(CauseOf(gone, id).version_then, 1u);
  EXPECT_EQ(CauseOf(gone, id).version_now, 2u);
  const SearchResponse later = Search(Query());
  Put(id, query_);
  const Replay back = Must(db_->Replay(later.receipt.id));
  EXPECT_EQ(CauseOf(back, id).change, "added");
  EXPECT_EQ(CauseOf(back, id).kind, "document_replaced");
  EXPECT_EQ(CauseOf(back, id).version_then, 2u);
  EXPECT_EQ(CauseOf(back, id).version_now, 3u);
}

TEST_F(ReplayTest, MetadataThatChangedAgainstTheFilterIsNamed) {
  SearchRequest request = Query();
  request.where = "n < 50";
  const SearchResponse then = Search(request);
  Selection selection;
  selection.ids = {then.hits[0].id};
  Must(notes_->UpdateMetadata({{"n", 99}}, selection));
  const Replay out = Must(db_->Replay(then.receipt.id));
  EXPECT_EQ(CauseOf(out, then.hits[0].id).kind, "metadata_changed");
  EXPECT_EQ(CauseOf(out, then.hits[0].id).change, "removed");
  const SearchResponse later = Search(request);
  Must(notes_->UpdateMetadata({{"n", 1}}, selection));
  const Replay in = Must(db_->Replay(later.receipt.id));
  EXPECT_EQ(CauseOf(in, then.hits[0].id).kind, "metadata_changed");
  EXPECT_EQ(CauseOf(in, then.hits[0].id).change, "added");
}

TEST_F(ReplayTest, AnExpiredAndAnErasedDocumentAreNamed) {
  Collection pages = Must(db_->CreateCollection("pages", BodySchema(kDimension)));
  PutOptions options;
  options.embed[""] = HashEmbedder(kDimension);
  Document page = MakePage("short lived", {"some text that is short lived"});
  page.expires_at = Timestamp{std::int64_t{1} << 60};
  Must(pages.PutDocument(page, options));
  Must(pages.PutDocument(MakePage("erased", {"a text that is to be erased"}), options));
  Must(pages.PutDocument(MakePage("stays", {"a text that is to stay"}), options));
  const SearchResponse then = Must(pages.Search(Query()));
  ASSERT_EQ(then.hits.size(), 3u);
  page.expires_at = Timestamp{1};
  Must(pages.PutDocument(page, options));
  ASSERT_TRUE(Must(pages.EraseDocument("erased")).complete);
  const Replay replay = Must(db_->Replay(then.receipt.id));
  std::vector<std::string> kinds;
  for (const ReplayCause& cause : replay.causes) {
    if (cause.change == "removed") kinds.push_back(cause.kind);
  }
  std::sort(kinds.begin(), kinds.end());
  EXPECT_EQ(kinds, (std::vector<std::string>{"document_erased", "document_expired"}));
}

TEST_F(ReplayTest, TextsThatCameShiftScores) {
  SearchRequest request = Query();
  request.vector = {};
  request.text = "odd";
  const SearchResponse then = Search(request);
  Rows rows = MakeRows(100, 30, kDimension);
  rows.texts.assign(30, "entirely other content of many words");
  Upsert(*notes_, rows);
  const Replay replay = Must(db_->Replay(then.receipt.id));
  EXPECT_EQ(replay.same.size(), 5u);
  ASSERT_EQ(replay.causes.size(), 5u);
  for (const ReplayCause& cause : replay.causes) {
    EXPECT_EQ(cause.change, "score");
    EXPECT_EQ(cause.kind, "statistics_changed");
  }
}

TEST_F(ReplayTest, TheDataOfThenIsThatOfASnapshotOrIsReleased) {
  const SearchResponse then = Search(Query());
  Must(db_->Snapshot("then"));
  Delete(then.hits[0].id);
  const Replay held = Must(db_->Replay(then.receipt.id, "receipt"));
  EXPECT_TRUE(held.equal()) << held.ToJson();
  EXPECT_TRUE(Must(db_->Replay(then.receipt.id, "then")).equal());
  EXPECT_FALSE(Must(db_->Replay(then.receipt.id, "now")).equal());
  Must(db_->ReleaseSnapshot("then"));
  EXPECT_TRUE(Fails(db_->Replay(then.receipt.id, "receipt"), StatusCode::kNotFound,
                    {"data of commit " + std::to_string(then.receipt.commit) + " was released"}));
  EXPECT_TRUE(Fails(db_->Replay(then.receipt.id, "them"), StatusCode::kNotFound));
  EXPECT_TRUE(Fails(db_->Replay(std::string(32, 'a')), StatusCode::kNotFound));
}

TEST_F(ReplayTest, ARedactedReceiptCannotBeReplayed) {
  ReceiptPolicy policy;
  policy.redact = true;
  Must(db_->SetReceiptPolicy(policy));
  const std::string id = Search(Query()).receipt.id;
  EXPECT_TRUE(Fails(db_->Replay(id), StatusCode::kUnsupported, {"redacted", id}));
  EXPECT_TRUE(Fails(db_->Why(id, "id1"), StatusCode::kUnsupported, {"redacted"}));
}

TEST_F(ReplayTest, AnotherSpaceIsNamed) {
  CollectionSchema schema = BodySchema(4);
  schema.vectors["body"].space.model = "old";
  Collection pages = Must(db_->CreateCollection("pages", schema));
  PutOptions options;
  options.embed[""] = HashEmbedder(4);
  for (int i = 0; i < 5; ++i) {
    const std::string name = "page " + std::to_string(i);
    Must(pages.PutDocument(MakePage(name, {"text of " + name}), options));
  }
  const std::vector<float> query = RandomVectors(1, 4, 1);
  SearchRequest request = Query();
  request.vector = query;
  const SearchResponse then = Must(pages.Search(request));
  VectorField to = schema.vectors["body"];
  to.space.model = "new";
  Must(pages.BeginMigration("body", to));
  Must(pages.FillMigration(HashEmbedder(4)));
  Must(pages.CutOver());
  const Replay replay = Must(db_->Replay(then.receipt.id));
  EXPECT_EQ(replay.removed.size(), 5u);
  ASSERT_EQ(replay.causes.size(), 5u);
  EXPECT_EQ(replay.causes[0].kind, "space_changed");
  ASSERT_EQ(replay.settings.size(), 1u);
  EXPECT_EQ(replay.settings[0].name, "space");
  EXPECT_EQ(replay.settings[0].now, "new");
}

/// A collection that is searched along a graph, narrowly enough to miss something.
class ReplayIndexTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kDimension = 16;

  ReplayIndexTest() {
    OpenOptions options;
    options.store_memory_bytes = 8 << 20;
    db_ = Must(OpenForTest(temporary_ / "db", options, nullptr, kSmallIndexOptions));
    notes_ = Must(db_->CreateCollection("notes", BodySchema(kDimension)));
    Upsert(*notes_, MakeRows(0, 4000, kDimension));
    Must(notes_->Rebuild());
  }
  SearchRequest Query(std::span<const float> vector, std::uint32_t ef) const {
    SearchRequest request;
    request.vector = vector;
    request.k = 10;
    request.ef = ef;
    request.receipt = ReceiptLevel::kKeep;
    return request;
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Database> db_;
  std::optional<Collection> notes_;
};

TEST_F(ReplayIndexTest, WhatTheIndexMissedIsJudgedByTheExactAnswer) {
  Must(db_->Snapshot("then"));  // Read at a snapshot, nothing is missed.
  std::size_t missed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::vector<float> query = RandomVectors(1, kDimension, 1000 + seed);
    const SearchResponse then = Must(notes_->Search(Query(query, 10)));
    SearchRequest exact = Query(query, 10);
    exact.receipt = ReceiptLevel::kOff;
    exact.exact = true;
    exact.ef.reset();
    const std::vector<std::string> truth = IdsOf(Must(notes_->Search(exact)).hits);
    EXPECT_TRUE(Must(db_->Replay(then.receipt.id, "now")).equal());
    const Replay replay = Must(db_->Replay(then.receipt.id, "then"));
    for (const ReplayCause& cause : replay.causes) {
      if (cause.change == "moved") {
        EXPECT_EQ(cause.kind, "displaced");
        continue;
      }
      EXPECT_TRUE(cause.kind == "index_differs" || cause.kind == "settings_changed") << cause.kind;
      EXPECT_EQ(cause.closer, "now");
    }
    for (const std::string& id : truth) {
      const std::vector<std::string> found = IdsOf(then.hits);
      if (std::find(found.begin(), found.end(), id) != found.end()) continue;
      ++missed;
      const LostChunk lost = Must(db_->Why(then.receipt.id, id));
      EXPECT_EQ(lost.rule, "not_reached");
      EXPECT_EQ(lost.stage, "search");
      EXPECT_EQ(truth.at(lost.exact_rank - 1), id);
      EXPECT_TRUE(lost.data_of_then);
    }
  }
  EXPECT_GT(missed, 0u) << "the searches are too good for this test";
}

/// What was done to a document since a receipt was kept.
enum class Planted : std::uint8_t { kNothing, kAdded, kReplaced, kDeleted, kMetadata };

TEST_F(ReplayTest, PlantedChangesAreNamedWhateverIsAsked) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  std::size_t differences = 0;
  for (std::size_t round = TestIterations(20); round > 0; --round) {
    std::vector<KeptReceipt> kept;
    for (int i = 0; i < 10; ++i) {
      const std::vector<float> query = RandomVectors(1, kDimension, random());
      SearchRequest request = Query(static_cast<std::uint32_t>(1 + random() % 10));
      request.vector = query;
      if (random() % 3 == 0) request.text = "odd here";
      if (request.text.empty() || random() % 2 == 0) request.where = "n < 50";
      kept.push_back(Must(db_->GetReceipt(Search(request).receipt.id)));
    }
    std::map<std::string, Planted> planted;
    for (int i = 0; i < 6; ++i) {
      const std::string id = "id" + std::to_string(random() % 70);
      if (planted.contains(id)) continue;
      const bool exists = !Must(notes_->Get({&id, 1})).empty();
      const std::vector<float> vector = RandomVectors(1, kDimension, random());
      Selection selection;
      selection.ids = {id};
      if (!exists || random() % 3 == 0) {
        Put(id, vector, {{"n", static_cast<int>(random() % 60)}});
        planted[id] = exists ? Planted::kReplaced : Planted::kAdded;
      } else if (random() % 2 == 0) {
        Delete(id);
        planted[id] = Planted::kDeleted;
      } else {
        const auto n = static_cast<int>(random() % 2 * 99);
        Must(notes_->UpdateMetadata({{"n", n}}, selection));
        planted[id] = Planted::kMetadata;
      }
    }
    for (const KeptReceipt& receipt : kept) {
      const Replay replay = Must(db_->Replay(receipt.id));
      for (const ReplayCause& cause : replay.causes) {
        ++differences;
        SCOPED_TRACE(cause.id + " " + cause.change + " " + cause.kind + ": " + cause.detail);
        const auto found = planted.find(cause.id);
        const Planted what = found == planted.end() ? Planted::kNothing : found->second;
        const bool came_or_went = cause.change == "added" || cause.change == "removed";
        EXPECT_NE(cause.kind, "unexplained");
        EXPECT_NE(cause.kind, "index_differs") << "this collection is scanned";
        if (what == Planted::kDeleted) {
          EXPECT_EQ(cause.kind, "document_deleted");
        } else if (what == Planted::kReplaced) {
          EXPECT_EQ(cause.kind, "document_replaced");
        } else if (what == Planted::kAdded && came_or_went) {
          // An id that was deleted before has versions of then: it was put again.
          EXPECT_TRUE(cause.kind == "document_added" || cause.kind == "document_replaced");
        } else if (what == Planted::kNothing) {
          EXPECT_TRUE(cause.kind == "displaced" || cause.kind == "statistics_changed");
        } else if (what == Planted::kMetadata && came_or_went && receipt.filter.empty()) {
          EXPECT_TRUE(cause.kind == "displaced" || cause.kind == "statistics_changed");
        }
      }
      const std::size_t changed = replay.added.size() + replay.removed.size() + replay.moved.size();
      EXPECT_GE(replay.causes.size(), changed);
    }
  }
  EXPECT_GT(differences, 0u);
}

class WhyTest : public ReplayTest {};

TEST_F(WhyTest, EachStageThatLosesAChunkIsNamed) {
  SearchRequest request = Query();
  request.where = "n < 50";
  const SearchResponse then = Search(request);
  const std::string id = then.receipt.id;
  const LostChunk first = Must(db_->Why(id, then.hits[0].id));
  EXPECT_EQ(first.rule, "returned");
  EXPECT_EQ(first.rank, 1u);
  EXPECT_EQ(Must(db_->Why(id, "id55")).rule, "filtered");
  EXPECT_EQ(Must(db_->Why(id, "id55")).stage, "plan");
  EXPECT_EQ(Must(db_->Why(id, "nothing")).rule, "not_stored");
  SearchRequest deep = request;
  deep.k = 50;
  const std::vector<std::string> all = IdsOf(Search(deep).hits);
  const LostChunk below = Must(db_->Why(id, all.at(7)));
  EXPECT_EQ(below.rule, "ranked_below");
  EXPECT_EQ(below.exact_rank, 8u);
  EXPECT_EQ(nlohmann::json::parse(below.ToJson())["exact_rank"], 8);

  SearchRequest like = Query();
  like.vector = {};
  like.like = "id3";
  EXPECT_EQ(Must(db_->Why(Search(like).receipt.id, "id3")).rule, "excluded");

  SearchRequest text = Query();
  text.vector = {};
  text.text = "odd";
  const LostChunk even = Must(db_->Why(Search(text).receipt.id, "id2"));
  EXPECT_EQ(even.rule, "no_term");
  EXPECT_EQ(even.stage, "lexical");

  SearchRequest both = Query();
  both.text = "odd";
  const SearchResponse fused = Search(both);
  std::size_t fused_out = 0;
  for (const std::string& chunk : all) {
    const LostChunk lost = Must(db_->Why(fused.receipt.id, chunk));
    if (lost.rule != "fused_out") continue;
    ++fused_out;
    EXPECT_GT(lost.dense_rank, 0u);
    EXPECT_GT(lost.exact_rank, both.k);
  }
  EXPECT_GT(fused_out, 0u);

  SearchRequest cut = Query();
  cut.deadline_ms = 1e-6;
  const SearchResponse nothing = Search(cut);
  EXPECT_EQ(Must(db_->Why(nothing.receipt.id, Search(Query()).hits[0].id)).rule, "deadline");
}

}  // namespace
}  // namespace tracevec
