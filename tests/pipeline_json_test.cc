// A pipeline as JSON, and stored under a name.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/test_database.h"
#include "tracevec/tracevec.h"

namespace tracevec {
namespace {

/// Every member of every part, none at its default.
Pipeline Everything() {
  Pipeline pipeline;
  ExpandStep expand;
  expand.most = 4;
  expand.callback_name = "llm";
  DenseSource dense;
  dense.field = "body";
  dense.k = 50;
  dense.weight = 0.25;
  dense.embed_name = "minilm";
  LexicalSource lexical;
  lexical.k = 70;
  lexical.weight = 2;
  Fusion fusion;
  fusion.method = FusionMethod::kWeighted;
  fusion.k = 60;
  fusion.normalization = ScoreNormalization::kZScore;
  RerankStage rerank;
  rerank.top = 20;
  rerank.batch_size = 4;
  rerank.budget_ms = 12.5;
  rerank.callback_name = "cross";
  RerankStage exact;
  exact.method = RerankMethod::kExact;
  exact.field = "body";
  DedupStage dedup;
  dedup.method = DedupMethod::kShingles;
  dedup.similarity = 0.5;
  MmrStage mmr;
  mmr.lambda = 0.25;
  mmr.top = 30;
  mmr.field = "body";
  CombineStage combine;
  combine.method = CombineMethod::kSection;
  combine.window = 2;
  combine.share = 0.75;
  combine.max_chars = 1000;
  return pipeline.Expand(expand)
      .Dense(dense)
      .Lexical(lexical)
      .Where("year >= 2020")
      .Where("lang = 'en'")
      .Fuse(fusion)
      .Rerank(rerank)
      .Rerank(exact)
      .Threshold(0.5, "rerank")
      .Dedup(dedup)
      .Mmr(mmr)
      .GroupByDocument(3)
      .Combine(combine)
      .Summarize(nullptr)
      .Limit(8)
      .Budget(2000,
              [](std::string_view text) -> Result<std::uint32_t> {
                return static_cast<std::uint32_t>(text.size());
              })
      .Order(PassageOrder::kDocument);
}

Status ReadError(const std::string& json) { return Pipeline::FromJson(json).status(); }

TEST(PipelineJson, ReadsBackAsItWasWritten) {
  const Pipeline pipeline = Everything();
  const std::string json = Must(pipeline.ToJson());
  const Pipeline read = Must(Pipeline::FromJson(json));
  EXPECT_EQ(Must(read.ToJson()), json);
  EXPECT_EQ(Must(read.Hash()), Must(pipeline.Hash()));
  for (const char* part :
       {R"("callback":"llm")", R"("most":4)", R"("embed":"minilm")", R"("weight":0.25)",
        R"("normalization":"z_score")", R"("budget_ms":12.5)", R"("method":"exact")",
        R"("similarity":0.5)", R"("lambda":0.25)", R"("per_document":3)", R"("max_chars":1000)",
        R"("callback":"summarize")", R"("count":"count")", R"("by":"document")"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
}

TEST(PipelineJson, WhatIsLeftOutHasItsDefault) {
  const Pipeline read = Must(Pipeline::FromJson(
      R"({"sources": [{"kind": "dense"}, {"kind": "lexical"}], "stages": [{"stage": "mmr"}]})"));
  const Pipeline built = Pipeline().Dense().Lexical().Mmr();
  EXPECT_EQ(Must(read.ToJson()), Must(built.ToJson()));
  EXPECT_TRUE(Must(Pipeline::FromJson("{}")).spec().sources.empty());
}

TEST(PipelineJson, HashChangesWithWhatThePipelineDoesAndNotWithHowItIsWritten) {
  const std::string hash =
      Must(Must(Pipeline::FromJson(R"({"stages":[{"stage":"limit","count":8}]})")).Hash());
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_EQ(hash, Must(Must(Pipeline::FromJson(
                                R"({ "version": 1, "stages": [{"count": 8, "stage": "limit"}] })"))
                           .Hash()));
  EXPECT_NE(hash, Must(Pipeline().Limit(9).Hash()));
  DenseSource with_vector;
  with_vector.vector = {1, 2, 3};
  EXPECT_EQ(Must(Pipeline().Dense(with_vector).Hash()), Must(Pipeline().Dense().Hash()));
}

TEST(PipelineJson, AFilterIsTextOrAnObjectOrSeveral) {
  const auto printed = [](const std::string& where) {
    return Must(Pipeline::FromJson(R"({"where": )" + where + "}")).spec().where.ToString();
  };
  EXPECT_EQ(printed(R"("year >= 2020")"), printed(R"({"year": {"$gte": 2020}})"));
  EXPECT_EQ(printed(R"(["year >= 2020", {"lang": "en"}])"),
            Filter("year >= 2020 AND lang = 'en'").ToString());
  EXPECT_TRUE(
      Fails(ReadError(R"({"where": "year >="})"), StatusCode::kInvalidArgument, {"where: "}));
  EXPECT_TRUE(Fails(ReadError(R"({"where": ["a = 1", 7]})"), StatusCode::kInvalidArgument,
                    {"where[1]: expected filter text or an object"}));
}

TEST(PipelineJson, MistakesAreToldWithTheirPlaceAndTheNearestName) {
  const struct {
    const char* json;
    std::vector<std::string> parts;
  } cases[] = {
      {R"({"stages": [{"stage": "limit"}, )", {"JSON: byte "}},
      {R"([1])", {"expected an object, got an array"}},
      {R"({"stagse": []})", {"stagse: there is no such member", "did you mean 'stages'?"}},
      {R"({"stages": {}})", {"stages: expected an array"}},
      {R"({"stages": [{"stage": "mmr"}, {"stage": "limit"}, 3]})",
       {"stages[2]: expected an object, got 3"}},
      {R"({"stages": [{"stage": "reranck"}]})",
       {"stages[0].stage: 'reranck'", "did you mean 'rerank'?"}},
      {R"({"stages": [{"top": 5}]})", {"stages[0].stage: missing"}},
      {R"({"stages": [{"stage": "mmr"}, {"stage": "dedup"}, {"stage": "rerank", "topp": 5}]})",
       {"stages[2].topp: there is no such member", "did you mean 'top'?"}},
      {R"({"stages": [{"stage": "mmr"}, {"stage": "dedup"}, {"stage": "rerank", "top": "5"}]})",
       {"stages[2].top: expected a whole number from 0 to 4294967295, got \"5\""}},
      {R"({"stages": [{"stage": "rerank", "top": -1}]})", {"stages[0].top", "-1"}},
      {R"({"stages": [{"stage": "rerank", "top": 0}]})", {"stages[0].top"}},
      {R"({"stages": [{"stage": "rerank", "method": "exakt"}]})",
       {"stages[0].method: 'exakt'", "did you mean 'exact'?"}},
      {R"({"stages": [{"stage": "mmr", "lambda": 1.5}]})", {"stages[0].lambda: 1.5"}},
      {R"({"stages": [{"stage": "limit"}, {"stage": "rerank"}]})", {"stages[1]", "rerank"}},
      {R"({"stages": [{"stage": "budget", "tokens": 9}, {"stage": "limit"}]})", {"limit"}},
      {R"({"sources": [{"kind": "dence"}]})", {"sources[0].kind", "did you mean 'dense'?"}},
      {R"({"sources": [{"kind": "lexical", "k": 0}]})", {"sources[0].k: 0"}},
      {R"({"sources": [{"kind": "lexical", "weight": -1}]})", {"sources[0].weight: -1"}},
      {R"({"sources": [{"kind": "lexical", "weight": 1}], "fuse": {"weights": [1]}})",
       {"fuse.weights"}},
      {R"({"fuse": {"method": "rff"}})", {"fuse.method: 'rff'", "did you mean 'rrf'?"}},
      {R"({"fuse": {"weights": [1, "2"]}})", {"fuse.weights[1]: expected a number"}},
      {R"({"expand": {"most": 1}})", {"expand.most: 1, expected 2 to 32"}},
      {R"({"stages": [{"stage": "limit", "count": 1, "count": 2}]})", {"twice"}},
  };
  for (const auto& [json, parts] : cases) {
    EXPECT_TRUE(Fails(ReadError(json), StatusCode::kInvalidArgument, parts)) << json;
  }
  EXPECT_TRUE(Fails(ReadError(R"({"version": 2})"), StatusCode::kUnsupported, {"version: 2"}));
  EXPECT_TRUE(Fails(ReadError(std::string(1000, '[')), StatusCode::kInvalidArgument));
}

TEST(PipelineJson, WhatIsDeclaredAfterAStageIsAMistake) {
  const Pipeline pipeline = Pipeline().Lexical().Limit(3).Dense();
  EXPECT_TRUE(
      Fails(pipeline.Check(), StatusCode::kInvalidArgument, {"dense: declared after a stage"}));
  EXPECT_TRUE(Fails(pipeline.ToJson(), StatusCode::kInvalidArgument));
}

class StoredPipelines : public DatabaseTest {};

TEST_F(StoredPipelines, AreReadBackAlsoAfterAReopen) {
  const std::string hash = Must(db_->PutPipeline("help desk", Everything()));
  EXPECT_EQ(hash, Must(Everything().Hash()));
  Must(db_->PutPipeline("other", Pipeline().Limit(1)));
  Reopen();
  EXPECT_EQ(Must(Must(db_->GetPipeline("help desk")).Hash()), hash);
  const auto stored = Must(db_->ListPipelines());
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].name, "help desk");
  EXPECT_EQ(stored[0].hash, hash);
  EXPECT_GT(stored[0].stored.micros, 0);
}

TEST_F(StoredPipelines, AreReplacedAndDeleted) {
  Must(db_->PutPipeline("p", Pipeline().Limit(1)));
  Must(db_->PutPipeline("p", Pipeline().Limit(2)));
  EXPECT_EQ(Must(Must(db_->GetPipeline("p")).Hash()), Must(Pipeline().Limit(2).Hash()));
  Must(db_->DeletePipeline("p"));
  EXPECT_TRUE(Must(db_->ListPipelines()).empty());
  EXPECT_TRUE(Fails(db_->DeletePipeline("p"), StatusCode::kNotFound));
}

TEST_F(StoredPipelines, MistakesChangeNothing) {
  Must(db_->PutPipeline("helpdesk", Pipeline().Limit(1)));
  EXPECT_TRUE(
      Fails(db_->GetPipeline("helpdesc"), StatusCode::kNotFound, {"did you mean 'helpdesk'?"}));
  EXPECT_TRUE(Fails(db_->PutPipeline("helpdesk", Pipeline().Limit(0)), StatusCode::kInvalidArgument,
                    {"stages[0].count"}));
  EXPECT_TRUE(Fails(db_->PutPipeline("", Pipeline()), StatusCode::kInvalidArgument));
  EXPECT_EQ(Must(Must(db_->GetPipeline("helpdesk")).Hash()), Must(Pipeline().Limit(1).Hash()));
}

TEST_F(StoredPipelines, AreReadOnlyAtASnapshotAndOfAReader) {
  Must(db_->PutPipeline("p", Pipeline().Limit(1)));
  Must(db_->Snapshot("s"));
  const auto then = Must(db_->At("s"));
  EXPECT_TRUE(then->GetPipeline("p").ok());
  EXPECT_TRUE(Fails(then->PutPipeline("q", Pipeline()), StatusCode::kReadOnly));
  EXPECT_TRUE(Fails(then->DeletePipeline("p"), StatusCode::kReadOnly));
  OpenOptions options;
  options.mode = OpenMode::kRead;
  const auto reader = Must(Database::Open(path_, SmallStore(options)));
  EXPECT_TRUE(reader->GetPipeline("p").ok());
  EXPECT_TRUE(Fails(reader->PutPipeline("q", Pipeline()), StatusCode::kReadOnly));
  Must(db_->Close());
  EXPECT_TRUE(Fails(db_->GetPipeline("p"), StatusCode::kClosed));
  EXPECT_TRUE(Fails(db_->ListPipelines(), StatusCode::kClosed));
}

}  // namespace
}  // namespace tracevec
