// Receipts of searches: what ran, how long it took, and why fewer than k came back.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/test_database.h"

namespace tracevec {
namespace {

class ReceiptTest : public DatabaseTest {
 protected:
  static constexpr std::size_t kDimension = 16;

  SearchRequest Query(std::uint32_t k = 10) const {
    SearchRequest request;
    request.vector = query_;
    request.k = k;
    return request;
  }
  const std::vector<float> query_ = RandomVectors(1, kDimension, 99);
};

TEST_F(ReceiptTest, AReceiptSaysWhatRan) {
  CollectionSchema schema = BodySchema(kDimension, Metric::kIp);
  schema.vectors["body"].space.model = "model";
  Collection notes = Must(db_->CreateCollection("notes", schema));
  Rows rows = MakeRows(0, 1000, kDimension);
  for (int i = 0; i < 1000; ++i) rows.metadata.push_back({{"n", i % 10}});
  Upsert(notes, rows);
  SearchRequest request = Query(5);
  request.where = "n=3";
  request.label = "the label";
  const SearchResponse response = Must(notes.Search(request));
  const Receipt& receipt = response.receipt;
  EXPECT_EQ(receipt.id.size(), 32u);
  EXPECT_EQ(receipt.id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_GT(receipt.time.micros, 0);
  EXPECT_EQ(receipt.label, "the label");
  EXPECT_EQ(receipt.collection, "notes");
  EXPECT_EQ(receipt.field, "body");
  EXPECT_EQ(receipt.plan, "code_scan");
  EXPECT_EQ(receipt.filter, "n = 3");
  EXPECT_EQ(receipt.metric, "ip");
  EXPECT_EQ(receipt.code, "int8");
  EXPECT_FALSE(receipt.exact || receipt.deadline_cut);
  EXPECT_EQ(receipt.k, 5u);
  EXPECT_EQ(receipt.returned, 5u);
  EXPECT_EQ(receipt.rows_scanned, 1000u);
  EXPECT_GE(receipt.filter_passed, 100u) << "all that match are candidates";
  EXPECT_LE(receipt.filter_passed, 100u);
  EXPECT_GT(receipt.filter_tested, receipt.filter_passed);
  EXPECT_LE(receipt.filter_tested, 1000u);
  EXPECT_GT(receipt.distances, 1000u + receipt.k) << "codes, and the best once more";
  EXPECT_LE(receipt.distances, 1000u + receipt.filter_passed);
  EXPECT_EQ(receipt.live, 1000u);
  EXPECT_EQ(receipt.commit, commit());
  EXPECT_EQ(receipt.timeline, 1u);
  EXPECT_EQ(receipt.space.model, "model");
  EXPECT_TRUE(receipt.space_asserted);
  EXPECT_EQ(receipt.kernels, Must(db_->Stats()).kernels);
  EXPECT_EQ(receipt.build, Must(db_->Stats()).build);

  std::vector<std::string> names;
  double sum = 0;
  for (const ReceiptStage& stage : receipt.stages) {
    names.push_back(stage.name);
    EXPECT_GE(stage.micros, 0) << stage.name;
    sum += stage.micros;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"plan", "scan", "rescore", "hydrate"}));
  EXPECT_LE(sum, receipt.total_micros);
  EXPECT_EQ(receipt.stages[1].n_in, 1000u);
  EXPECT_EQ(receipt.stages[2].n_out, 5u);

  request.exact = true;
  request.where = {};
  request.space.model = "model";
  const Receipt exact = Must(notes.Search(request)).receipt;
  EXPECT_EQ(exact.plan, "exact_scan");
  EXPECT_EQ(exact.code, "float32");
  EXPECT_TRUE(exact.exact && exact.filter.empty());
  EXPECT_FALSE(exact.space_asserted);
  EXPECT_EQ(exact.distances, 1000u);
  EXPECT_NE(exact.id, receipt.id);
  request.receipt = ReceiptLevel::kOff;
  const Receipt off = Must(notes.Search(request)).receipt;
  EXPECT_TRUE(off.id.empty() && off.stages.empty() && off.collection.empty());
}

TEST_F(ReceiptTest, AReceiptIsJsonWithoutTheQuery) {
  Collection notes = Must(db_->GetOrCreateCollection("notes", kDimension));
  Rows rows = MakeRows(0, 3, kDimension);
  rows.texts.assign(3, "the secret text");
  Upsert(notes, rows);
  SearchRequest request = Query();
  request.label = "a \"label\"";
  const Receipt receipt = Must(notes.Search(request)).receipt;
  const nlohmann::json json = nlohmann::json::parse(receipt.ToJson());
  EXPECT_EQ(json["id"], receipt.id);
  EXPECT_EQ(json["label"], request.label);
  EXPECT_EQ(json["returned"], 3);
  EXPECT_EQ(json["short_reason"], "matches");
  EXPECT_EQ(json["stages"].size(), receipt.stages.size());
  EXPECT_EQ(json["stages"][0]["name"], "plan");
  EXPECT_EQ(json["time"], FormatTimestamp(receipt.time));
  EXPECT_EQ(receipt.ToJson().find("secret"), std::string::npos);
  EXPECT_FALSE(json.contains("vector"));
}

TEST_F(ReceiptTest, APassedDeadlineGivesWhatWasFoundAndSaysSo) {
  for (const std::size_t count : {100u, 1000u}) {
    Collection notes =
        Must(db_->GetOrCreateCollection("notes" + std::to_string(count), kDimension));
    Upsert(notes, MakeRows(0, count, kDimension));
    SearchRequest request = Query();
    request.deadline_ms = 1e-6;
    const SearchResponse cut = Must(notes.Search(request));
    EXPECT_TRUE(cut.hits.empty());
    EXPECT_TRUE(cut.receipt.deadline_cut);
    EXPECT_EQ(cut.receipt.short_reason, "deadline");
    EXPECT_EQ(cut.receipt.rows_scanned, 0u);
    request.deadline_ms = 1e300;
    const SearchResponse ample = Must(notes.Search(request));
    EXPECT_EQ(ample.hits.size(), 10u);
    EXPECT_FALSE(ample.receipt.deadline_cut);
    EXPECT_EQ(ample.receipt.short_reason, "");
  }
}

}  // namespace
}  // namespace tracevec
