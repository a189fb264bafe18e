#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/test_documents.h"

namespace tracevec {

/// A call that is wrong, the code it must return, and parts of the message.
struct BadCall {
  std::string name;
  std::function<Status()> call;
  std::vector<std::string> parts;
  StatusCode code = StatusCode::kInvalidArgument;
};

/// A collection "notes": fields "body" (cosine, 4, of a declared space) and "title" (l2, 2), with
/// 600 loose vectors and a document "page" of two chunks.
class BadInputTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema = BodySchema(4);
    schema.vectors["body"].space.model = "model-a";
    schema.vectors["title"].dimension = 2;
    schema.vectors["title"].metric = Metric::kL2;
    schema.metadata = {{"year", MetadataType::kInt},
                       {"at", MetadataType::kTimestamp},
                       {"tags", MetadataType::kStringList}};
    notes_ = Must(db_->CreateCollection("notes", schema));
    Rows rows = MakeRows(0, 600, 4);
    rows.metadata.assign(600, {{"year", 2024}, {"free", 1}});
    UpsertRequest request = rows.Request();
    request.vectors = {{"body", rows.vectors}};
    Must(notes_->Upsert(request));
    Must(notes_->PutDocument(MakePage("page", {"alpha", "beta"}), Embedding()));
  }
  static PutOptions Embedding() {
    PutOptions options;
    options.embed["body"] = HashEmbedder(4);
    return options;
  }

  /// Makes each call and compares what is stored before and after.
  void ExpectAllRefused(const std::vector<BadCall>& calls) {
    const std::uint64_t commit_before = commit();
    const auto files_before = ReadFiles(path_);
    for (const BadCall& bad : calls) {
      EXPECT_TRUE(Fails(bad.call(), bad.code, bad.parts)) << bad.name;
      EXPECT_EQ(commit(), commit_before) << bad.name;
      EXPECT_TRUE(ReadFiles(path_) == files_before) << bad.name << ": a file was changed";
    }
    EXPECT_EQ(Must(notes_->Count()), 602u);
    EXPECT_EQ(Must(notes_->GetDocument("page")).info.version, 1u);
  }

  /// An upsert of one row that is right but for an edit.
  BadCall BadRow(const std::string& name, std::vector<std::string> parts,
                 const std::function<void(Rows&)>& edit) {
    return {name,
            [this, edit] {
              Rows rows;
              rows.ids = {"new"};
              rows.vectors = {1, 2, 3, 4};
              edit(rows);
              UpsertRequest request = rows.Request();
              request.vectors = {{"body", rows.vectors}};
              return notes_->Upsert(request).status();
            },
            std::move(parts)};
  }
  BadCall BadQuery(const std::string& name, std::vector<std::string> parts,
                   const std::function<void(SearchRequest&)>& edit,
                   StatusCode code = StatusCode::kInvalidArgument) {
    return {name,
            [this, edit] {
              const std::vector<float> vector = {1, 2, 3, 4};
              SearchRequest request;
              request.vector = vector;
              request.field = "body";
              edit(request);
              return notes_->Search(request).status();
            },
            std::move(parts), code};
  }
  BadCall BadQueryVector(const std::string& name, std::vector<std::string> parts,
                         const std::vector<float>& vector, const std::string& field = "body") {
    return BadQuery(name, std::move(parts), [=](SearchRequest& request) {
      request.vector = vector;
      request.field = field;
    });
  }
  BadCall BadFilter(const std::string& where, std::vector<std::string> parts) {
    return {where, [this, where] { return notes_->Count(where).status(); }, std::move(parts)};
  }
  BadCall BadDocument(const std::string& name, std::vector<std::string> parts,
                      const std::function<void(Document&)>& edit) {
    return {
        name,
        [this, edit] {
          Document page = MakePage("page", {"alpha", "new"});
          edit(page);
          const Status status = notes_->PutDocument(page, Embedding()).status();
          EXPECT_EQ(notes_->PutDocuments({&page, 1}, {Embedding(), {}, {}, {}}).status(), status);
          EXPECT_EQ(notes_->PlanUpdate(page).status(), status);
          return status;
        },
        std::move(parts)};
  }

  std::optional<Collection> notes_;
};

}  // namespace tracevec
