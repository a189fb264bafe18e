// What stages read of stored collections, small and indexed: ids, versions, texts, metadata,
// vectors.

#include "retrieval/view_stage_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/vector_math.h"
#include "retrieval/engine.h"
#include "retrieval/row_loader.h"
#include "tests/test_database.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

class ViewStageReaderTest : public DocumentsTest {
 protected:
  /// Closes the database, and reads "pages" through its engine. `parts`: see RowsOf.
  void Read(const RowParts& parts = RowParts::All()) {
    pages_.reset();
    Must(db_->Close());
    db_.reset();
    engine_ = Must(Engine::Open(path_, SmallStore(), nullptr));
    state_ = Must(engine_->FindCollection("pages"));
    view_ = state_->views.Current();
    rows_ = Must(RowsOf(engine_->store(), *state_, *view_, parts));
    reader_ = std::make_unique<ViewStageReader>(engine_->store());
    const std::uint32_t place = reader_->Add(*state_, *view_, rows_);
    for (std::uint32_t set = 0; set < rows_.sets.size(); ++set) {
      for (std::uint32_t row = 0; row < rows_.sizes[set]; ++row) {
        if (!rows_.sets[set]->VisibleAt(row, rows_.commit)) continue;
        CandidateKey key;
        key.collection = place;
        key.document = rows_.sets[set]->document(row);
        key.chunk = rows_.sets[set]->chunk(row);
        key.row = {set, row};
        keys_[reader_->ChunkIdOf(key)] = key;
      }
    }
  }
  void TearDown() override {
    reader_.reset();
    rows_ = {};
    view_.reset();
    state_.reset();
    if (engine_ != nullptr) Must(engine_->Close());
  }

  std::string TextOfChunk(const CandidateKey& key) {
    StageDocument* document = Must(reader_->Document(key));
    return Must(document->ChunkText(document->OrdinalOf(key.chunk).value()));
  }

  void CheckVectors(std::size_t chunks) {
    Upsert(pages(), MakeRows(0, chunks, kDimension));
    Must(pages().PutDocument(MakePage("none", {"text"}), {}));
    const std::string without = ChunkIds("none").front();
    const std::vector<float> given = RandomVectors(chunks, kDimension, 1);
    Read(RowParts::NoVectors());
    const std::vector<CandidateKey> keys = {keys_.at("id2"), keys_.at(without), keys_.at("id0")};
    for (const char* field : {"", "body"}) {
      const std::vector<StageVector> vectors = Must(reader_->Vectors(field, keys));
      ASSERT_EQ(vectors.size(), 3U);
      EXPECT_EQ(vectors[1].data, nullptr);
      ASSERT_NE(vectors[0].data, nullptr);
      EXPECT_EQ(vectors[0].dimension, kDimension);
      const double scale = std::sqrt(SquaredNorm(&given[2 * kDimension], kDimension));
      for (std::size_t i = 0; i < kDimension; ++i) {
        EXPECT_NEAR(vectors[0].data[i], given[2 * kDimension + i] / scale, 1e-5);
      }
    }
    EXPECT_TRUE(Fails(reader_->Vectors("bdoy", keys).status(), StatusCode::kInvalidArgument,
                      {"did you mean 'body'?"}));
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<CollectionState> state_;
  std::shared_ptr<const CollectionView> view_;
  IndexView rows_;
  std::unique_ptr<ViewStageReader> reader_;
  std::map<std::string, CandidateKey> keys_;
};

TEST_F(ViewStageReaderTest, DocumentsAreReadAsOfTheView) {
  Document page = MakePage("guide", {"one", "two"});
  page.metadata["year"] = 2023;
  Put(page);
  page = MakePage("guide", {"zero", "one", "three"});
  page.metadata["year"] = 2024;
  page.chunks[1].metadata["own"] = true;
  Put(page);
  const std::vector<std::string> ids = ChunkIds("guide");
  Read();
  ASSERT_EQ(keys_.size(), 3U);
  EXPECT_EQ(TextOfChunk(keys_.at(ids[1])), "one");
  StageDocument* document = Must(reader_->Document(keys_.at(ids[2])));
  EXPECT_EQ(document, Must(reader_->Document(keys_.at(ids[0]))));  // Read once.
  EXPECT_EQ(document->version().version, 2U);
  EXPECT_EQ(Must(document->Source()), page.text);
  EXPECT_EQ(reader_->CollectionName(0), "pages");
  EXPECT_EQ(Must(reader_->MetadataOf(keys_.at(ids[1]))), (Metadata{{"own", true}, {"year", 2024}}));
  EXPECT_EQ(Must(reader_->MetadataOf(keys_.at(ids[0]))), (Metadata{{"year", 2024}}));
}

TEST_F(ViewStageReaderTest, LooseVectorsAreDocumentsOfOneChunk) {
  Rows rows = MakeRows(0, 2, kDimension);
  rows.texts = {"a text", ""};
  rows.metadata = {{{"n", 1}}, {}};
  Upsert(pages(), rows);
  Read();
  EXPECT_EQ(TextOfChunk(keys_.at("id0")), "a text");
  EXPECT_EQ(TextOfChunk(keys_.at("id1")), "");
  StageDocument* document = Must(reader_->Document(keys_.at("id0")));
  EXPECT_EQ(ChunkId(document->version(), document->version().entries.at(0)), "id0");
  EXPECT_EQ(document->version().version, 1U);
  EXPECT_EQ(Must(reader_->MetadataOf(keys_.at("id0"))), (Metadata{{"n", 1}}));
}

TEST_F(ViewStageReaderTest, VectorsOfASmallCollectionAreReadFromTheStore) {
  CheckVectors(/*chunks=*/5);
  EXPECT_FALSE(view_->in_memory);
}

TEST_F(ViewStageReaderTest, VectorsOfAnIndexAreThoseItHas) {
  CheckVectors(/*chunks=*/700);
  EXPECT_TRUE(view_->in_memory);
}

TEST_F(ViewStageReaderTest, StagesRunOverAStoredCollection) {
  Put(MakePage("guide", {"one", "two", "three", "four"}));
  Put(MakePage("copy", {"TWO", "other"}));
  const std::vector<std::string> ids = ChunkIds("guide");
  const std::string copy = ChunkIds("copy").front();
  Read();
  StageContext context;
  context.reader = reader_.get();
  context.kernels = &engine_->kernels();
  std::vector<PassageCandidate> candidates(2);
  candidates[0].key = keys_.at(ids[1]);
  candidates[0].score = 2;
  candidates[1].key = keys_.at(copy);
  candidates[1].score = 1;
  DedupStage dedup;
  dedup.method = DedupMethod::kHash;
  std::vector<StageReport> reports;
  Must(RunStages(std::vector<PipelineStage>{dedup, CombineStage(), LimitStage{1}}, context,
                 &candidates, &reports));
  ASSERT_EQ(candidates.size(), 1U);
  const Passage& passage = candidates[0].passage;
  EXPECT_EQ(passage.text, "one\n\ntwo\n\nthree");
  ASSERT_EQ(passage.citations.size(), 4U);
  EXPECT_EQ(passage.citations[0].chunk, ids[1]);
  EXPECT_EQ(passage.citations[1].chunk, ids[0]);
  EXPECT_EQ(passage.citations[2].chunk, ids[2]);
  EXPECT_EQ(passage.citations[3].chunk, copy);
  EXPECT_EQ(passage.citations[3].document, "copy");
  EXPECT_EQ(passage.citations[3].role, CitationRole::kDuplicate);
}

}  // namespace
}  // namespace tracevec
