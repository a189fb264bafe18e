// A document that takes the place of another, in one commit.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

class MovedDocumentTest : public DocumentsTest {
 protected:
  PutResult Move(const Document& document, const std::string& from) {
    PutOptions options = Embedding();
    options.moved_from = from;
    options.label = "mover";
    return Must(pages().PutDocument(document, options));
  }
  /// Among others: below and above the size from which a collection has an index.
  void PutOthers(int count) {
    for (int i = 0; i < count; ++i) {
      Put(MakePage("other " + std::to_string(i), {"one " + std::to_string(i), "two", "three"}));
    }
    seen_.clear();
  }
  /// Every chunk has the vector of its text, and a search by it finds it.
  void ExpectFound(const std::string& id) {
    for (const Chunk& chunk : Read(id).chunks) {
      EXPECT_EQ(chunk.vectors.at("body"), HashVector(chunk.text, kDimension));
      const std::vector<float> query = HashVector(chunk.text, kDimension);
      SearchRequest request;
      request.vector = query;
      request.where = "document = '" + id + "'";
      EXPECT_EQ(Must(pages().Search(request)).hits.at(0).text, chunk.text);
    }
  }
};

TEST_F(MovedDocumentTest, TakesVectorsAndMetadataWhereTheTextIsTheSame) {
  for (const int others : {3, 200}) {
    PutOthers(others);
    const std::string n = std::to_string(others);
    Put(MakePage("old " + n, {"alpha", "beta", "alpha", "gamma"}));
    Must(pages().UpdateMetadata({{"seen", 7}}, {std::nullopt, "document = 'old " + n + "'"}));
    const std::uint64_t count = Must(pages().Count());
    const std::uint64_t before = commit();
    seen_.clear();
    const PutResult moved =
        Move(MakePage("new " + n, {"alpha", "alpha", "alpha", "delta", "beta"}), "old " + n);
    EXPECT_EQ(seen_, std::vector<std::string>{"delta"});
    EXPECT_EQ(moved.commit, before + 1);
    EXPECT_EQ(commit(), before + 1) << "one atomic step";
    EXPECT_EQ(moved.added, 5u);
    EXPECT_EQ(moved.moved, 4u);
    EXPECT_EQ(moved.embedded, 1u);
    const JournalEntry entry = Must(db_->Journal()).back();
    EXPECT_EQ(entry.kind, "rename");
    EXPECT_EQ(entry.document, "new " + n);
    EXPECT_EQ(entry.label, "mover");
    EXPECT_EQ(entry.documents, 2u);
    EXPECT_EQ(entry.kept, 4u);
    EXPECT_EQ(entry.added, 1u);
    for (int round = 0; round < 2; ++round) {
      EXPECT_TRUE(Fails(pages().GetDocument("old " + n), StatusCode::kNotFound));
      EXPECT_EQ(Must(pages().Count()), count + 1);
      EXPECT_EQ(Must(pages().Count("seen = 7 AND document = 'new " + n + "'")), 4u);
      ExpectFound("new " + n);
      Reopen();
    }
  }
}

TEST_F(MovedDocumentTest, GivenChunkIdsGoWithIt) {
  Document page = MakePage("old", {"alpha", "beta"});
  page.chunks[0].id = "first";
  page.chunks[1].id = "second";
  Put(page);
  page.id = "new";
  EXPECT_TRUE(Fails(pages().PutDocument(page, Embedding()), StatusCode::kAlreadyExists));
  EXPECT_EQ(Move(page, "old").moved, 2u);
  EXPECT_EQ(GetOne(pages(), "first").document, "new");
  EXPECT_EQ(Must(pages().Count()), 2u);
}

TEST_F(MovedDocumentTest, OntoADocumentThatIsThere) {
  Put(MakePage("old", {"alpha", "beta"}));
  Put(MakePage("new", {"beta", "gamma"}));
  seen_.clear();
  const PutResult moved = Move(MakePage("new", {"alpha", "gamma"}), "old");
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(moved.version, 2u);
  EXPECT_EQ(moved.kept, 1u);
  EXPECT_EQ(moved.moved, 1u);
  EXPECT_EQ(Must(pages().Count()), 2u);
  Put(MakePage("old", {"delta"}));
  EXPECT_TRUE(Move(MakePage("new", {"alpha", "gamma"}), "old").unchanged);
  EXPECT_EQ(Must(pages().Count()), 2u) << "what it takes the place of goes even so";
  EXPECT_EQ(Must(db_->Journal()).back().document, "old");
}

TEST_F(MovedDocumentTest, KeepsWhatIsKnownOfTheVectors) {
  PutOptions options = Embedding();
  options.space = {"model", "1", "", "", ""};
  Must(pages().PutDocument(MakePage("old", {"alpha"}), options));
  const double micros = Read("old").chunks[0].embed_micros;
  EXPECT_GT(micros, 0);
  Move(MakePage("new", {"alpha"}), "old");  // The space of these options is not declared.
  EXPECT_EQ(Read("new").chunks[0].embed_micros, micros);
  EXPECT_EQ(Must(pages().Describe()).fields[0].asserted, 0u);
}

TEST_F(MovedDocumentTest, WhatMovesMeanwhileIsReadAgain) {
  Put(MakePage("old", {"alpha", "beta"}));
  PutOptions options;
  int calls = 0;
  options.moved_from = "old";
  options.embed[""] = [&](std::span<const std::string> texts) {
    if (calls++ == 0) Put(MakePage("old", {"alpha", "gamma"}));
    return HashEmbedder(kDimension)(texts);
  };
  EXPECT_EQ(Must(pages().PutDocument(MakePage("new", {"gamma", "delta"}), options)).moved, 1u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Must(pages().Count()), 2u);
  ExpectFound("new");
}

TEST_F(MovedDocumentTest, BadArgumentsChangeNothing) {
  Put(MakePage("old", {"alpha"}));
  Upsert(pages(), MakeRows(0, 1, kDimension));
  const std::uint64_t before = commit();
  const Document page = MakePage("new", {"alpha"});
  PutOptions options = Embedding();
  options.moved_from = "none";
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kNotFound, {"'none'"}));
  options.moved_from = "id0";
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kInvalidArgument, {"'id0'"}));
  options.moved_from = "new";
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kInvalidArgument));
  options.moved_from = "old";
  const UpdatePlan plan = Must(pages().PlanUpdate(page));
  options.plan = &plan;
  EXPECT_TRUE(Fails(pages().PutDocument(page, options), StatusCode::kInvalidArgument, {"plan"}));
  Collection::PutManyOptions many;
  many.put.moved_from = "old";
  EXPECT_TRUE(Fails(pages().PutDocuments(std::vector{page}, many), StatusCode::kInvalidArgument));
  EXPECT_EQ(commit(), before);
}

}  // namespace
}  // namespace tracevec
