// Receipts that are kept: which, for how long, how they are found, and what they never hold.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "retrieval/erasure_evidence.h"
#include "storage/records.h"
#include "storage/store.h"
#include "tests/faulty_database.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

class KeptReceiptTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;

  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema = BodySchema(kDimension);
    schema.text.emplace();
    notes_ = Must(db_->CreateCollection("notes", schema));
    Rows rows = MakeRows(0, 20, kDimension);
    for (int i = 0; i < 20; ++i) {
      rows.texts.push_back("text of row " + std::to_string(i));
      rows.metadata.push_back({{"n", i}});
    }
    Upsert(*notes_, rows);
  }
  SearchRequest Query(ReceiptLevel level = ReceiptLevel::kKeep) const {
    SearchRequest request;
    request.vector = query_;
    request.k = 3;
    request.receipt = level;
    return request;
  }
  Receipt Search(const SearchRequest& request) { return Must(notes_->Search(request)).receipt; }
  std::vector<KeptReceipt> Find(const ReceiptQuery& query = {}) {
    return Must(db_->Receipts(query));
  }
  std::vector<std::string> FindIds(const ReceiptQuery& query = {}) {
    std::vector<std::string> ids;
    for (const KeptReceipt& receipt : Find(query)) ids.push_back(receipt.id);
    return ids;
  }
  void SetPolicy(const ReceiptPolicy& policy) { Must(db_->SetReceiptPolicy(policy)); }

  const std::vector<float> query_ = RandomVectors(1, kDimension, 99);
  std::optional<Collection> notes_;
};

TEST_F(KeptReceiptTest, HasTheQueryTheHitsAndAllThatTheReceiptHas) {
  SearchRequest request = Query();
  request.text = "row";
  request.where = "n < 15";
  request.ef = 77;
  request.label = "helpdesk";
  request.fusion.weights = {1, 0.5};
  const SearchResponse response = Must(notes_->Search(request));
  EXPECT_EQ(response.receipt.kept, "asked");
  for (const bool reopened : {false, true}) {
    if (reopened) {
      notes_.reset();
      Reopen();
    }
    const KeptReceipt kept = Must(db_->GetReceipt(response.receipt.id));
    EXPECT_EQ(static_cast<const Receipt&>(kept).ToJson(), response.receipt.ToJson());
    EXPECT_FALSE(kept.redacted);
    EXPECT_EQ(kept.query.vector, query_);
    EXPECT_EQ(kept.query.text, "row");
    EXPECT_EQ(kept.query.ef, 77u);
    EXPECT_FALSE(kept.query.target_recall || kept.query.deadline_ms);
    EXPECT_EQ(kept.query.fusion.weights, (std::vector<double>{1, 0.5}));
    ASSERT_EQ(kept.hits.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      const Hit& hit = response.hits[i];
      EXPECT_EQ(kept.hits[i], (ReceiptHit{hit.id, hit.score, hit.document, hit.version, hit.span}));
    }
    EXPECT_FALSE(kept.annotation);
    const nlohmann::json json = nlohmann::json::parse(kept.ToJson());
    EXPECT_EQ(json["schema"], "tracevec.receipt/1");
    EXPECT_EQ(json["query"]["text"], "row");
    EXPECT_EQ(json["query"]["ef"], 77);
    EXPECT_EQ(json["hits"][0]["id"], response.hits[0].id);
  }
}

TEST_F(KeptReceiptTest, ASummaryIsNotKeptAndHasNoContent) {
  const Receipt summary = Search(Query(ReceiptLevel::kSummary));
  Search(Query(ReceiptLevel::kOff));
  EXPECT_EQ(summary.kept, "");
  EXPECT_EQ(summary.outcome, "ok");
  EXPECT_TRUE(Find().empty());
  EXPECT_TRUE(Fails(db_->GetReceipt(summary.id), StatusCode::kNotFound, {summary.id}));
  const std::size_t heap = summary.stages.capacity() * sizeof(ReceiptStage) + 4 * 64;
  EXPECT_LE(sizeof(Receipt) + heap, 2048u) << "a summary takes at most 2 KB";
}

TEST_F(KeptReceiptTest, EqualQueriesHaveOneFingerprint) {
  SearchRequest request = Query();
  const Receipt first = Search(request);
  EXPECT_EQ(Search(request).query_hash, first.query_hash);
  request.text = "row";
  EXPECT_NE(Search(request).query_hash, first.query_hash);
  SearchRequest like = Query();
  like.vector = {};
  like.like = "id3";
  EXPECT_NE(Search(like).query_hash, first.query_hash);
}

TEST_F(KeptReceiptTest, TakesLittleSpace) {
  const Receipt receipt = [&] {
    SearchRequest request = Query();
    request.k = 10;
    return Search(request);
  }();
  const KeptReceipt kept = Must(db_->GetReceipt(receipt.id));
  EXPECT_LE(EncodeReceipt(kept).size(), 1536 + kDimension * sizeof(float));
}

TEST_F(KeptReceiptTest, IsFoundByWhatItSays) {
  SearchRequest request = Query();
  request.label = "a";
  const Receipt a = Search(request);
  request.label = "b";
  request.text = "row";
  const Receipt b = Search(request);
  SearchRequest none = Query();
  none.where = "n > 1000";
  const Receipt empty = Search(none);
  EXPECT_EQ(empty.outcome, "empty");
  EXPECT_EQ(FindIds(), (std::vector<std::string>{empty.id, b.id, a.id})) << "newest first";

  ReceiptQuery query;
  query.label = "a";
  EXPECT_EQ(FindIds(query), std::vector<std::string>{a.id});
  query = {};
  query.outcome = "empty";
  EXPECT_EQ(FindIds(query), std::vector<std::string>{empty.id});
  query = {};
  query.stage = "lexical";
  EXPECT_EQ(FindIds(query), std::vector<std::string>{b.id});
  query = {};
  query.document = Must(db_->GetReceipt(a.id)).hits[0].document;
  EXPECT_EQ(FindIds(query).back(), a.id);
  query.document = "no such document";
  EXPECT_TRUE(FindIds(query).empty());
  query = {};
  query.collection = "other";
  EXPECT_TRUE(FindIds(query).empty());
  query = {};
  query.slower_than_ms = 0;
  EXPECT_EQ(FindIds(query).size(), 3u);
  query.slower_than_ms = 1e6;
  EXPECT_TRUE(FindIds(query).empty());
  query = {};
  query.limit = 2;
  EXPECT_EQ(FindIds(query), (std::vector<std::string>{empty.id, b.id}));
  query = {};
  query.since = b.time;
  EXPECT_EQ(FindIds(query), (std::vector<std::string>{empty.id, b.id}));
  query.until = empty.time;
  EXPECT_EQ(FindIds(query), std::vector<std::string>{b.id});
  query = {};
  query.outcome = "fine";
  EXPECT_TRUE(Fails(db_->Receipts(query), StatusCode::kInvalidArgument, {"fine", "degraded"}));
}

TEST_F(KeptReceiptTest, SamplingKeepsOneOfNAndAllThatAreSlowEmptyOrDegraded) {
  ReceiptPolicy policy;
  policy.sample_one_in = 10;
  SetPolicy(policy);
  std::map<std::string, int> kept;
  for (int i = 0; i < 50; ++i) ++kept[Search(Query(ReceiptLevel::kSummary)).kept];
  EXPECT_EQ(kept["sampled"], 5);
  EXPECT_EQ(kept[""], 45);
  SearchRequest request = Query(ReceiptLevel::kSummary);
  request.where = "n > 1000";
  EXPECT_EQ(Search(request).kept, "empty");
  request = Query(ReceiptLevel::kSummary);
  request.deadline_ms = 1e-6;
  EXPECT_EQ(Search(request).kept, "degraded");
  policy.slow_ms = 1e-6;
  SetPolicy(policy);
  EXPECT_EQ(Search(Query(ReceiptLevel::kSummary)).kept, "slow");
  EXPECT_EQ(Search(Query(ReceiptLevel::kOff)).kept, "");
  EXPECT_EQ(Find().size(), 8u);
}

TEST_F(KeptReceiptTest, BatchesAreKeptQueryByQuery) {
  BatchRequest batch;
  const std::vector<float> queries = RandomVectors(3, kDimension, 5);
  batch.vectors = queries;
  batch.k = 2;
  batch.receipt = ReceiptLevel::kKeep;
  const BatchResponse response = Must(notes_->SearchBatch(batch));
  for (std::size_t i = 0; i < 3; ++i) {
    const KeptReceipt kept = Must(db_->GetReceipt(response.receipts[i].id));
    EXPECT_TRUE(std::equal(kept.query.vector.begin(), kept.query.vector.end(),
                           queries.begin() + static_cast<long>(i * kDimension)));
    ASSERT_EQ(kept.hits.size(), 2u);
    EXPECT_EQ(kept.hits[0].id, response.ids[2 * i]);
    EXPECT_EQ(kept.hits[0].document, response.ids[2 * i]);
    EXPECT_EQ(kept.hits[0].version, 1u);
  }
}

TEST_F(KeptReceiptTest, ARedactedOneHasNoContent) {
  ReceiptPolicy policy;
  policy.redact = true;
  SetPolicy(policy);
  SearchRequest request = Query();
  request.text = "secret words";
  request.where = "n < 13";
  const Receipt receipt = Search(request);
  const KeptReceipt kept = Must(db_->GetReceipt(receipt.id));
  EXPECT_TRUE(kept.redacted && kept.query.text.empty() && kept.query.vector.empty());
  EXPECT_TRUE(kept.hits.empty() && kept.ledger.empty() && kept.filter.empty());
  EXPECT_EQ(kept.query_hash, receipt.query_hash);
  EXPECT_EQ(kept.ToJson().find("secret"), std::string::npos);
  AnnotateRequest note;
  note.prompt = "secret words";
  EXPECT_TRUE(Fails(db_->Annotate(receipt.id, note), StatusCode::kInvalidArgument, {"redacted"}));
  note = {};
  note.rating = 1;
  Must(db_->Annotate(receipt.id, note));
  EXPECT_EQ(Must(db_->GetReceipt(receipt.id)).annotation->rating, 1);
}

TEST_F(KeptReceiptTest, AnnotationsAddToWhatWasNotedBefore) {
  const std::string id = Search(Query()).id;
  AnnotateRequest note;
  note.prompt = "the prompt";
  note.usage = Metadata{{"tokens_in", 12}};
  Must(db_->Annotate(id, note));
  note = {};
  note.response = "the response";
  note.rating = -1;
  Must(db_->Annotate(id, note));
  Reopen();
  const KeptReceipt kept = Must(db_->GetReceipt(id));
  ASSERT_TRUE(kept.annotation);
  EXPECT_EQ(kept.annotation->prompt, "the prompt");
  EXPECT_EQ(kept.annotation->response, "the response");
  EXPECT_EQ(kept.annotation->usage, (Metadata{{"tokens_in", 12}}));
  EXPECT_EQ(kept.annotation->rating, -1);
  EXPECT_EQ(Find().at(0).annotation->prompt, "the prompt");

  EXPECT_TRUE(Fails(db_->Annotate(id, {}), StatusCode::kInvalidArgument, {"rating"}));
  note = {};
  note.rating = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(Fails(db_->Annotate(id, note), StatusCode::kInvalidArgument, {"rating"}));
  note = {};
  note.prompt = std::string((1 << 20) + 1, 'x');
  EXPECT_TRUE(Fails(db_->Annotate(id, note), StatusCode::kInvalidArgument, {"1048576"}));
  note.prompt = "\xff";
  EXPECT_TRUE(Fails(db_->Annotate(id, note), StatusCode::kInvalidArgument, {"prompt"}));
  note.prompt = "fine";
  EXPECT_TRUE(Fails(db_->Annotate("xyz", note), StatusCode::kInvalidArgument, {"32"}));
  EXPECT_TRUE(Fails(db_->Annotate(std::string(32, '0'), note), StatusCode::kNotFound));
  EXPECT_EQ(Must(db_->GetReceipt(id)).annotation->prompt, "the prompt");
}

TEST_F(KeptReceiptTest, TheOldestGoBeyondTheLimits) {
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(Search(Query()).id);
  AnnotateRequest note;
  note.prompt = "goes with its receipt";
  Must(db_->Annotate(ids.front(), note));
  ReceiptPolicy policy;
  policy.max_count = 10;
  EXPECT_EQ(FindIds().size(), 40u);
  SetPolicy(policy);
  std::vector<std::string> newest(ids.rbegin(), ids.rbegin() + 9);
  std::vector<std::string> left = FindIds();
  left.resize(9);
  EXPECT_EQ(left, newest);
  for (int i = 0; i < 100; ++i) {
    Search(Query());
    if (i % 7 == 0) {
      EXPECT_LE(FindIds().size(), 10u);
    }
  }
  EXPECT_GE(FindIds().size(), 9u);
  policy.max_count = 0;
  policy.max_bytes = 1500;
  SetPolicy(policy);
  EXPECT_GE(FindIds().size(), 1u);
  EXPECT_LE(FindIds().size(), 4u);
  policy = {};
  policy.max_age_seconds = 3600;
  SetPolicy(policy);
  EXPECT_GE(FindIds().size(), 1u);
  EXPECT_EQ(Must(db_->GetReceiptPolicy()), policy);
  Reopen();
  EXPECT_EQ(Must(db_->GetReceiptPolicy()), policy);
  policy.slow_ms = -1;
  EXPECT_TRUE(Fails(db_->SetReceiptPolicy(policy), StatusCode::kInvalidArgument, {"slow_ms"}));
}

TEST_F(KeptReceiptTest, ReadersSeeThemAndWriteNone) {
  const std::string id = Search(Query()).id;
  Must(db_->Snapshot("then"));
  Must(db_->GetReceipt(id));  // It is in the store now.
  OpenOptions options = SmallStore();
  options.mode = OpenMode::kRead;
  const auto reader = Must(Database::Open(path_, options));
  const Collection notes = Must(reader->GetCollection("notes"));
  EXPECT_EQ(Must(notes.Search(Query())).receipt.kept, "");
  EXPECT_EQ(Must(reader->Receipts()).size(), 1u);
  EXPECT_EQ(Must(reader->GetReceipt(id)).id, id);
  AnnotateRequest note;
  note.rating = 1;
  EXPECT_TRUE(Fails(reader->Annotate(id, note), StatusCode::kReadOnly));
  EXPECT_TRUE(Fails(reader->SetReceiptPolicy({}), StatusCode::kReadOnly));

  const auto then = Must(db_->At("then"));
  EXPECT_EQ(Must(Must(then->GetCollection("notes")).Search(Query())).receipt.kept, "");
  EXPECT_TRUE(Fails(then->Annotate(id, note), StatusCode::kReadOnly));
  EXPECT_EQ(Find().size(), 1u);
}

TEST_F(KeptReceiptTest, ADroppedCollectionLeavesItsReceipts) {
  const std::string id = Search(Query()).id;
  notes_.reset();
  Must(db_->DropCollection("notes"));
  EXPECT_EQ(Must(db_->GetReceipt(id)).collection, "notes");
}

/// What of a file system's content bears a marker.
bool FilesHave(const std::string& path, const std::string& marker) {
  for (const auto& [name, content] : ReadFiles(path)) {
    if (content.find(marker) != std::string::npos) return true;
  }
  return false;
}

TEST_F(KeptReceiptTest, AnErasedDocumentIsGoneFromReceiptsToo) {
  Collection pages = Must(db_->CreateCollection("pages", BodySchema(kDimension)));
  PutOptions options;
  options.embed[""] = HashEmbedder(kDimension);
  Must(pages.PutDocument(MakePage("secret page", {"the marker of a text", "more of it"}), options));
  Must(pages.PutDocument(MakePage("other page", {"of no interest"}), options));
  SearchRequest request = Query();
  const Receipt hit = Must(pages.Search(request)).receipt;
  const std::vector<float> its_own = HashVector("the marker of a text", kDimension);
  request.vector = its_own;
  request.k = 1;
  request.where = "document = 'other page'";
  const Receipt asked = Must(pages.Search(request)).receipt;
  request.where = {};
  request.vector = {};
  request.like = Must(db_->GetReceipt(hit.id)).hits[0].id;
  const Receipt like = Must(pages.Search(request)).receipt;
  AnnotateRequest note;
  note.prompt = "Answer from: the marker of a text";
  note.response = "a summary of the marker";
  note.rating = 1;
  Must(db_->Annotate(hit.id, note));
  const Receipt unrelated = Search(Query());
  note.prompt = "quotes the marker of a text";
  Must(db_->Annotate(unrelated.id, note));

  const ErasureCertificate certificate = Must(pages.EraseDocument("secret page"));
  EXPECT_TRUE(certificate.complete);
  EXPECT_EQ(certificate.receipts, 4u);
  const KeptReceipt kept = Must(db_->GetReceipt(hit.id));
  ASSERT_EQ(kept.hits.size(), 3u);
  EXPECT_EQ(std::count_if(kept.hits.begin(), kept.hits.end(),
                          [](const ReceiptHit& h) { return h.id.starts_with("erased:"); }),
            2);
  EXPECT_EQ(kept.annotation->prompt + kept.annotation->response, "");
  EXPECT_EQ(kept.annotation->rating, 1);
  EXPECT_TRUE(Must(db_->GetReceipt(asked.id)).redacted) << "its query was a vector of it";
  EXPECT_TRUE(Must(db_->GetReceipt(like.id)).redacted ||
              Must(db_->GetReceipt(like.id)).hits[0].id.starts_with("erased:"));
  EXPECT_EQ(Must(db_->GetReceipt(unrelated.id)).annotation->prompt, "");
  EXPECT_EQ(Must(db_->GetReceipt(unrelated.id)).hits.size(), 3u);
  EXPECT_FALSE(FilesHave(path_, "the marker"));
}

TEST_F(KeptReceiptTest, AReceiptThatKeptAnErasedTextIsFoundByTheVerification) {
  Must(db_->Close());
  const auto store = Must(Store::Open(path_, StoreOptions()));
  ErasureEvidence evidence;
  ASSERT_TRUE(evidence.patterns.Add("the marker of a text"));
  evidence.shared_with = {0};
  evidence.is_content = {true};
  ErasureCertificate certificate;
  Must(VerifyErasure(*store, evidence, {}, &certificate));
  EXPECT_TRUE(certificate.findings.empty());
  KeptReceipt planted;
  planted.query.text = "why does the marker of a text stay?";
  StoreBatch batch;
  batch.Put(Table::kRecords, keys::Receipt({1, 2}), EncodeReceipt(planted));
  Must(store->Write(batch, /*sync=*/true));
  Must(store->Compact());
  Must(VerifyErasure(*store, evidence, {}, &certificate));
  EXPECT_TRUE(std::any_of(
      certificate.findings.begin(), certificate.findings.end(),
      [](const std::string& finding) { return finding.ends_with(", a kept receipt"); }));
}

TEST(KeptReceiptFaults, AFullDiskLosesReceiptsNotAnswers) {
  FaultyDatabase database(Durability::kAsync);
  Must(database.Open());
  Collection notes = Must(database->GetOrCreateCollection("notes", 4));
  Upsert(notes, MakeRows(0, 5, 4));
  const std::vector<float> query = RandomVectors(1, 4, 1);
  SearchRequest request;
  request.vector = query;
  request.receipt = ReceiptLevel::kKeep;
  const std::string before = Must(notes.Search(request)).receipt.id;
  EXPECT_EQ(Must(database->Receipts()).size(), 1u);
  database.faults().SetFreeBytes(0);
  const SearchResponse answer = Must(notes.Search(request));
  EXPECT_EQ(answer.hits.size(), 5u);
  database->Receipts().status().IgnoreError("it was refused, now or before");
  database.faults().ClearFaults();
  const std::string after = Must(notes.Search(request)).receipt.id;
  EXPECT_EQ(Must(database->GetReceipt(after)).id, after);
  EXPECT_EQ(Must(database->GetReceipt(before)).id, before);
  EXPECT_TRUE(Fails(database->GetReceipt(answer.receipt.id), StatusCode::kNotFound));
}

}  // namespace
}  // namespace tracevec
