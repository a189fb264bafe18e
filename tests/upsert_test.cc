// Loose vectors: writing, replacing, reading, deleting and scanning them.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/test_database.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

class UpsertTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    notes_ = Must(db_->GetOrCreateCollection("notes", 4));
  }
  void Reopen() {
    DatabaseTest::Reopen();
    notes_ = Must(db_->GetCollection("notes"));
  }
  Collection& notes() { return *notes_; }
  WriteResult Delete(std::vector<std::string> ids) {
    return Must(notes().Delete({std::move(ids), {}}));
  }

  std::optional<Collection> notes_;
};

TEST_F(UpsertTest, ARowIsReadBackAsGiven) {
  Rows rows = MakeRows(0, 2, 4);
  rows.vectors = {3, -4, 0.1F, 1e-30F, 1, 2, 3, 4};
  rows.texts = {"one", ""};
  rows.metadata = {{{"year", 2024}, {"tags", Value::List{"a", "b"}}}, {}};
  const WriteResult result = Upsert(notes(), rows);
  EXPECT_EQ(result.inserted, 2u);
  EXPECT_EQ(result.updated, 0u);
  EXPECT_EQ(result.commit, commit());
  GetOptions options;
  options.with_vectors = true;
  for (int round = 0; round < 2; ++round) {
    const Chunk chunk = GetOne(notes(), "id0", options);
    EXPECT_EQ(chunk.id, "id0");
    EXPECT_EQ(chunk.document, "id0");
    EXPECT_EQ(chunk.version, 1u);
    EXPECT_EQ(chunk.ordinal, 0u);
    EXPECT_FALSE(chunk.span);
    EXPECT_EQ(chunk.text, "one");
    EXPECT_EQ(chunk.metadata, rows.metadata[0]);
    EXPECT_EQ(chunk.vectors.at("vector"), (std::vector<float>{3, -4, 0.1F, 1e-30F}))
        << "as given, not normalised";
    EXPECT_EQ(GetOne(notes(), "id1").text, "");
    EXPECT_TRUE(GetOne(notes(), "id1").vectors.empty()) << "only when asked for";
    Reopen();
  }
}

TEST_F(UpsertTest, AnIdThatExistsIsReplacedWhole) {
  Rows rows = MakeRows(0, 2, 4);
  rows.texts = {"one", "two"};
  rows.metadata = {{{"year", 2024}}, {{"year", 2025}}};
  Upsert(notes(), rows);
  const WriteResult result = Upsert(notes(), MakeRows(1, 2, 4, /*seed=*/5));
  EXPECT_EQ(result.inserted, 1u);
  EXPECT_EQ(result.updated, 1u);
  const Chunk replaced = GetOne(notes(), "id1");
  EXPECT_EQ(replaced.version, 2u);
  EXPECT_EQ(replaced.text, "");
  EXPECT_TRUE(replaced.metadata.empty());
  EXPECT_EQ(GetOne(notes(), "id0").text, "one");
  EXPECT_EQ(Must(notes().Count()), 3u);
}

TEST_F(UpsertTest, TheSameRowsTwiceWriteNothing) {
  Rows rows = MakeRows(0, 3, 4);
  rows.metadata.assign(3, {{"year", 2024}});
  Upsert(notes(), rows);
  const auto files = ReadFiles(path_);
  const WriteResult again = Upsert(notes(), rows);
  EXPECT_EQ(again.commit, 0u);
  EXPECT_EQ(again.updated, 3u);
  EXPECT_EQ(ReadFiles(path_), files);
  // A merge since then is undone: an upsert replaces whole.
  Must(notes().UpdateMetadata({{"year", 1999}}, {std::vector<std::string>{"id1"}, {}}));
  EXPECT_NE(Upsert(notes(), rows).commit, 0u);
  EXPECT_EQ(GetOne(notes(), "id1").metadata, rows.metadata[1]);
  EXPECT_EQ(GetOne(notes(), "id0").version, 1u) << "the others were not written";
}

TEST_F(UpsertTest, NothingToWriteIsNoCommit) {
  const std::uint64_t before = commit();
  EXPECT_EQ(Must(notes().Upsert({})).commit, 0u);
  EXPECT_EQ(Delete({"missing"}).commit, 0u);
  EXPECT_EQ(commit(), before);
}

TEST_F(UpsertTest, GetKeepsTheOrderAskedAndLeavesOutWhatIsMissing) {
  Upsert(notes(), MakeRows(0, 5, 4));
  const std::vector<std::string> asked = {"id3", "none", "id0", "", "id3", std::string(2000, 'x')};
  EXPECT_EQ(IdsOf(Must(notes().Get(asked))), (std::vector<std::string>{"id3", "id0", "id3"}));
}

TEST_F(UpsertTest, DeletedRowsAreGoneAndTheirIdsCanComeBack) {
  Upsert(notes(), MakeRows(0, 5, 4));
  const WriteResult result = Delete({"id1", "missing", "id3", "id1"});
  EXPECT_EQ(result.deleted, 2u);
  EXPECT_EQ(result.commit, commit());
  EXPECT_EQ(Must(notes().Count()), 3u);
  EXPECT_EQ(Must(notes().Delete({std::nullopt, "id = 'id0'"})).deleted, 1u);
  EXPECT_EQ(Upsert(notes(), MakeRows(1, 1, 4)).inserted, 1u);
  EXPECT_EQ(GetOne(notes(), "id1").version, 3u) << "the deletion was version 2";
  Reopen();
  EXPECT_EQ(IdsOf(ReadAll(Must(notes().Scan()))), (std::vector<std::string>{"id1", "id2", "id4"}));
}

TEST_F(UpsertTest, ManyRowsAreWrittenInSeveralCommits) {
  const std::uint64_t before = commit();
  const WriteResult result = Upsert(notes(), MakeRows(0, 9000, 4));
  EXPECT_EQ(result.inserted, 9000u);
  EXPECT_EQ(result.commit, before + 3);
  EXPECT_EQ(commit(), before + 3);
  EXPECT_EQ(Must(notes().Count()), 9000u);
  EXPECT_EQ(Must(notes().Stats()).documents, 9000u);
}

TEST_F(UpsertTest, AMistakeInOneOfManyRowsWritesNone) {
  Document document;
  document.id = "id8999";
  document.text = "a document";
  PutOptions options;
  options.embed[""] = HashEmbedder(4);
  Must(notes().PutDocument(document, options));
  const std::uint64_t before = commit();
  EXPECT_TRUE(Fails(notes().Upsert(MakeRows(0, 9000, 4).Request()), StatusCode::kInvalidArgument,
                    {"'id8999'", "is a document with chunks"}));
  EXPECT_EQ(commit(), before);
  EXPECT_EQ(Must(notes().Count()), 1u);
}

TEST_F(UpsertTest, DocumentsAndRowsKeepApart) {
  Document document;
  document.id = "page";
  document.text = "# A\n\nfirst\n\n# B\n\nsecond";
  document.chunks.resize(2);
  document.chunks[0].span = Span{5, 10};
  document.chunks[1].id = "named";
  document.chunks[1].text = "second";
  PutOptions options;
  options.embed[""] = HashEmbedder(4);
  Must(notes().PutDocument(document, options));
  Rows rows = MakeRows(0, 1, 4);
  rows.ids = {"named"};
  EXPECT_TRUE(
      Fails(notes().Upsert(rows.Request()), StatusCode::kAlreadyExists, {"'named'", "'page'"}));
  EXPECT_TRUE(Fails(notes().Delete({std::vector<std::string>{"named"}, {}}),
                    StatusCode::kInvalidArgument, {"1 of the 2 chunks", "'page'"}));
  const std::string first = Must(notes().GetDocument("page")).chunks[0].id;
  EXPECT_EQ(Delete({first, "named"}).deleted, 2u);
  EXPECT_TRUE(Fails(notes().GetDocument("page"), StatusCode::kNotFound));
  EXPECT_EQ(Upsert(notes(), rows).inserted, 1u) << "the id is free again";
  EXPECT_TRUE(
      Fails(notes().PutDocument(document, options), StatusCode::kAlreadyExists, {"'named'"}));
}

TEST_F(UpsertTest, NothingShowsTheBorderBetweenSmallAndLarge) {
  for (std::size_t count = 505; count <= 520; ++count) {
    Upsert(notes(), MakeRows(0, count, 4, /*seed=*/1));
    const Rows last = MakeRows(count - 1, 1, 4, /*seed=*/count);
    Upsert(notes(), last);
    SearchRequest request;
    request.vector = last.vectors;
    request.k = 600;
    const auto hits = Must(notes().Search(request)).hits;
    ASSERT_EQ(hits.size(), count);
    EXPECT_EQ(hits[0].id, last.ids[0]);
    EXPECT_EQ(Must(notes().Count()), count);
    EXPECT_EQ(Must(notes().Stats()).blocks, count < 512 ? 0u : 1u);
  }
  Must(notes().Delete({std::nullopt, "id LIKE 'id1%'"}));
  const std::uint64_t left = Must(notes().Count());
  EXPECT_EQ(left, 409u);
  Reopen();
  EXPECT_EQ(Must(notes().Count()), left);
  EXPECT_EQ(Must(notes().Stats()).blocks, 0u);
}

TEST_F(UpsertTest, ScansInInsertionOrderByIdAndByField) {
  Rows rows = MakeRows(0, 6, 4);
  rows.ids = {"c", "a", "f", "b", "e", "d"};
  rows.metadata = {{{"n", 2}}, {{"n", 1.5}}, {}, {{"n", nullptr}}, {{"n", "text"}}, {{"n", 2}}};
  Upsert(notes(), rows);
  const auto scan = [&](const std::string& order, const std::string& where = "") {
    ScanOptions options;
    options.order_by = order;
    options.where = where;
    options.batch_size = 2;
    std::string ids;
    for (const Chunk& chunk : ReadAll(Must(notes().Scan(options)))) ids += chunk.id;
    return ids;
  };
  EXPECT_EQ(scan(""), "cafbed");
  EXPECT_EQ(scan("id"), "abcdef");
  EXPECT_EQ(scan("-id"), "fedcba");
  EXPECT_EQ(scan("n"), "acdebf") << "numbers, then strings, then what lacks the field; ties by id";
  EXPECT_EQ(scan("-n"), "ecdabf");
  EXPECT_EQ(scan("n", "n >= 1.5"), "acd");
  Reopen();
  EXPECT_EQ(scan(""), "cafbed");
}

TEST_F(UpsertTest, AScanReadsTheViewItStartedWith) {
  for (const std::size_t count : {20u, 700u}) {
    Upsert(notes(), MakeRows(0, count, 4));
    ScanOptions options;
    options.batch_size = 3;
    options.with_vectors = true;
    Scanner scanner = Must(notes().Scan(options));
    std::vector<Chunk> chunks = {*Must(scanner.Next())};
    Upsert(notes(), MakeRows(0, count, 4, /*seed=*/77));
    Must(notes().UpdateMetadata({{"late", true}}, {std::nullopt, "id LIKE '%'"}));
    Delete({"id1", "id5"});
    Upsert(notes(), MakeRows(count, 4, 4));
    for (Chunk& chunk : ReadAll(std::move(scanner))) chunks.push_back(std::move(chunk));
    ASSERT_EQ(chunks.size(), count);
    const Rows rows = MakeRows(0, count, 4);
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = std::span(rows.vectors).subspan(4 * i, 4);
      EXPECT_EQ(chunks[i].id, rows.ids[i]);
      EXPECT_TRUE(chunks[i].metadata.empty());
      ASSERT_TRUE(std::equal(row.begin(), row.end(), chunks[i].vectors.at("vector").begin()));
    }
    Must(notes().Delete({std::nullopt, "id LIKE '%'"}));
  }
}

/// What the model knows of a row.
struct ModelRow {
  std::vector<float> vector;
  Metadata metadata;
};

class UpsertModelTest : public UpsertTest {
 protected:
  static constexpr std::size_t kIds = 900;

  std::string RandomId() { return "id" + std::to_string(random_() % kIds); }

  void UpsertSome() {
    std::map<std::string, ModelRow> written;
    for (std::size_t i = random_() % 120; i > 0; --i) {
      written[RandomId()] = {RandomVectors(1, 4, random_()),
                             {{"n", static_cast<std::int64_t>(random_() % 10)}}};
    }
    Rows rows;
    for (const auto& [id, row] : written) {
      rows.ids.push_back(id);
      rows.vectors.insert(rows.vectors.end(), row.vector.begin(), row.vector.end());
      rows.metadata.push_back(row.metadata);
      model_[id] = row;
    }
    Upsert(notes(), rows);
  }
  void DeleteSome() {
    std::vector<std::string> ids;
    for (std::size_t i = random_() % 60; i > 0; --i) ids.push_back(RandomId());
    std::uint64_t deleted = 0;
    for (const std::string& id : ids) deleted += model_.erase(id);
    EXPECT_EQ(Delete(ids).deleted, deleted);
  }
  void MergeSome() {
    if (model_.empty()) return;
    const auto n = static_cast<std::int64_t>(random_() % 10);
    std::uint64_t updated = 0;
    for (auto& [id, row] : model_) {
      if (*row.metadata.at("n").AsInt() != n) continue;
      row.metadata["merged"] = n;
      ++updated;
    }
    const auto result = notes().UpdateMetadata({{"merged", n}}, {std::nullopt, Field("n") == n});
    EXPECT_EQ(Must(result).updated, updated);
  }
  void CompareAll() {
    ASSERT_EQ(Must(notes().Count()), model_.size());
    ScanOptions options;
    options.order_by = "id";
    options.with_vectors = true;
    const std::vector<Chunk> chunks = ReadAll(Must(notes().Scan(options)));
    ASSERT_EQ(chunks.size(), model_.size());
    auto expected = model_.begin();
    for (const Chunk& chunk : chunks) {
      ASSERT_EQ(chunk.id, expected->first);
      ASSERT_EQ(chunk.metadata, expected->second.metadata) << chunk.id;
      ASSERT_EQ(chunk.vectors.at("vector"), expected->second.vector) << chunk.id;
      ++expected;
    }
    if (model_.empty()) return;
    SearchRequest request;
    request.vector = model_.begin()->second.vector;
    request.where = Field("n") < std::int64_t{5};
    request.k = 2000;
    std::uint64_t matching = 0;
    for (const auto& [id, row] : model_) matching += *row.metadata.at("n").AsInt() < 5 ? 1 : 0;
    ASSERT_EQ(Must(notes().Search(request)).hits.size(), matching);
  }

  const std::uint64_t seed_ = TestSeed();
  std::mt19937_64 random_{seed_};
  std::map<std::string, ModelRow> model_;
};

TEST_F(UpsertModelTest, RandomWritesAgreeWithAMap) {
  SCOPED_TRACE(SeedMessage(seed_));
  const std::size_t steps = TestIterations(100);
  UpsertSome();
  for (std::size_t step = 0; step < steps; ++step) {
    switch (random_() % 8) {
      case 0: DeleteSome(); break;
      case 1: MergeSome(); break;
      case 2: Reopen(); break;
      default: UpsertSome(); break;
    }
    if (step % 10 == 9) CompareAll();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace tracevec
