// What a caller can get wrong: each mistake has its code, its message the numbers, and nothing is
// changed by it.

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/test_documents.h"

namespace tracevec {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

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
    return {name,
            [this, edit] {
              Document page = MakePage("page", {"alpha", "new"});
              edit(page);
              const Status status = notes_->PutDocument(page, Embedding()).status();
              EXPECT_EQ(notes_->PutDocuments({&page, 1}, {Embedding(), {}, {}}).status(), status);
              EXPECT_EQ(notes_->PlanUpdate(page).status(), status);
              return status;
            },
            std::move(parts)};
  }

  std::optional<Collection> notes_;
};

TEST_F(BadInputTest, Vectors) {
  ExpectAllRefused({
      BadRow("NaN", {"'body'", "row 0", "component 2 is nan"},
             [](Rows& rows) { rows.vectors[2] = kNan; }),
      BadRow("infinity in the second row", {"row 1", "component 0 is inf"},
             [](Rows& rows) {
               rows.ids = {"a", "b"};
               rows.vectors = {1, 2, 3, 4, kInfinity, 2, 3, 4};
             }),
      BadRow("zero under cosine", {"row 0", "all 4 components are zero"},
             [](Rows& rows) {
               rows.vectors = {0, 0, -0.0F, 0};
             }),
      BadRow("dimension", {"dimension: expected 4, got 3"},
             [](Rows& rows) { rows.vectors.resize(3); }),
      BadRow("floats", {"2 x 4 = 8 floats, got 7"},
             [](Rows& rows) {
               rows.ids = {"a", "b"};
               rows.vectors.resize(7);
             }),
      BadRow("no vectors", {"expected 4, got 0"}, [](Rows& rows) { rows.vectors.clear(); }),
      BadRow("vectors of nothing", {"0 x 4 = 0 floats, got 4"},
             [](Rows& rows) { rows.ids.clear(); }),
      {"a norm that overflows float32",
       [&] {
         const Rows rows = {{"new"}, {2e19F, 0}, {}, {}};
         UpsertRequest request = rows.Request();
         request.vectors = {{"title", rows.vectors}};
         return notes_->Upsert(request).status();
       },
       {"'title'", "row 0", "squared norm 4e+38"}},
      {"an unknown field",
       [&] {
         const Rows rows = MakeRows(0, 1, 4);
         UpsertRequest request = rows.Request();
         request.vectors = {{"bdoy", rows.vectors}};
         return notes_->Upsert(request).status();
       },
       {"'bdoy'", "did you mean 'body'?"}},
      {"no name where there are two fields",
       [&] { return notes_->Upsert(MakeRows(0, 1, 4).Request()).status(); },
       {"2 vector fields"}},
      {"another space",
       [&] {
         const Rows rows = MakeRows(0, 1, 4);
         UpsertRequest request = rows.Request();
         request.vectors = {{"body", rows.vectors}};
         request.space.model = "model-b";
         return notes_->Upsert(request).status();
       },
       {"'body'", "'model-a'", "'model-b'"},
       StatusCode::kEmbeddingSpaceMismatch},
  });
}

TEST_F(BadInputTest, RowsAndTheirMetadata) {
  const auto with = [](Metadata metadata) {
    return [metadata](Rows& rows) { rows.metadata = {metadata}; };
  };
  Value deep(1);
  for (int i = 0; i < 20; ++i) deep = Value(Value::List{deep});
  ExpectAllRefused({
      BadRow("empty id", {"row 0", "0 bytes, expected 1 to 900"},
             [](Rows& rows) { rows.ids[0] = ""; }),
      BadRow("long id", {"row 0", "901 bytes, expected 1 to 900"},
             [](Rows& rows) { rows.ids[0].assign(901, 'x'); }),
      BadRow("id in Latin-1", {"id of row 0", "3"}, [](Rows& rows) { rows.ids[0] = "caf\xe9"; }),
      BadRow("an id twice", {"'a'", "row 2"},
             [](Rows& rows) {
               rows.ids = {"a", "b", "a"};
               rows.vectors.assign(12, 1.0F);
             }),
      BadRow("text in Latin-1", {"text of row 0"},
             [](Rows& rows) { rows.texts = {"caf\xe9 au lait"}; }),
      BadRow("fewer texts", {"texts: 1 for 2 ids"},
             [](Rows& rows) {
               rows.ids = {"a", "b"};
               rows.vectors.assign(8, 1.0F);
               rows.texts = {"one"};
             }),
      BadRow("more metadata", {"metadata: 2 for 1 ids"},
             [](Rows& rows) { rows.metadata.resize(2); }),
      BadRow("a declared int", {"row 0", "'new'", "'year'", "expected int, got string"},
             with({{"year", "2024"}})),
      BadRow("a declared list", {"'tags'", "expected list[string], got string"},
             with({{"tags", "a"}})),
      BadRow("an item of a list", {"'tags'", "item 1 is int"},
             with({{"tags", Value::List{"a", 1}}})),
      BadRow("a timestamp as text", {"'at'", "expected timestamp, got string"},
             with({{"at", "2024-01-01"}})),
      BadRow("a name in Latin-1", {"name of a metadata field"}, with({{"caf\xe9", 1}})),
      BadRow("a string in Latin-1", {"'free'"}, with({{"free", "caf\xe9"}})),
      BadRow("a string inside a map", {"'free'"}, with({{"free", Value::Map{{"a", "\xff"}}}})),
      BadRow("an empty name", {"empty name"}, with({{"", 1}})),
      BadRow("a long name", {"at most 255 bytes, got 256"}, with({{std::string(256, 'x'), 1}})),
      BadRow("deep nesting", {"'free'", "deeper than 16"}, with({{"free", deep}})),
      BadRow("too much", {"1048576 bytes"}, with({{"free", std::string(1'100'000, 'x')}})),
      {"a label in Latin-1",
       [&] {
         UpsertRequest request;
         request.label = "\xe9";
         return notes_->Upsert(request).status();
       },
       {"label"}},
      {"a long label",
       [&] {
         UpsertRequest request;
         request.label.assign(1025, 'x');
         return notes_->Upsert(request).status();
       },
       {"label: 1025 bytes, expected at most 1024"}},
      {"a document's id",
       [&] {
         Rows rows = MakeRows(0, 1, 4);
         rows.ids = {"page"};
         UpsertRequest request = rows.Request();
         request.vectors = {{"body", rows.vectors}};
         return notes_->Upsert(request).status();
       },
       {"'page'", "is a document with chunks"}},
  });
}

TEST_F(BadInputTest, Queries) {
  ExpectAllRefused({
      BadQueryVector("NaN", {"query vector", "component 1 is nan"}, {1, kNan, 3, 4}),
      BadQueryVector("infinity", {"component 3 is -inf"}, {1, 2, 3, -kInfinity}),
      BadQueryVector("zero", {"all 4 components are zero"}, {0, 0, 0, 0}),
      BadQueryVector("dimension", {"'body'", "expected 4, got 5"}, {1, 2, 3, 4, 5}),
      BadQueryVector("overflow", {"squared norm"}, {1e25F, 1e25F}, "title"),
      BadQueryVector("unknown field", {"'titel'", "did you mean 'title'?"}, {1, 2}, "titel"),
      BadQueryVector("no field", {"2 vector fields"}, {1, 2, 3, 4}, ""),
      BadQuery("k = 0", {"k: 0, expected 1 to 16384"}, [](SearchRequest& r) { r.k = 0; }),
      BadQuery("k", {"k: 16385, expected 1 to 16384"}, [](SearchRequest& r) { r.k = 16'385; }),
      BadQuery("ef = 0", {"ef: 0, expected 1 to 65536"}, [](SearchRequest& r) { r.ef = 0; }),
      BadQuery("ef", {"ef: 65537"}, [](SearchRequest& r) { r.ef = 65'537; }),
      BadQuery("deadline", {"deadline_ms: 0"}, [](SearchRequest& r) { r.deadline_ms = 0; }),
      BadQuery("deadline NaN", {"deadline_ms: nan"},
               [](SearchRequest& r) { r.deadline_ms = double{kNan}; }),
      BadQuery("vector and like", {"both vector and like"},
               [](SearchRequest& r) { r.like = "id1"; }),
      BadQuery("neither", {"neither vector nor like"}, [](SearchRequest& r) { r.vector = {}; }),
      BadQuery("label", {"label: 1025 bytes"}, [](SearchRequest& r) { r.label.assign(1025, 'x'); }),
      BadQuery("label in Latin-1", {"label"}, [](SearchRequest& r) { r.label = "\xe9"; }),
      BadQuery("filter", {"'yeer'", "did you mean 'year'?"},
               [](SearchRequest& r) { r.where = "yeer = 1"; }),
      BadQuery(
          "missing like", {"'none'"},
          [](SearchRequest& r) {
            r.vector = {};
            r.like = "none";
          },
          StatusCode::kNotFound),
      BadQuery(
          "another space", {"'body'", "'model-a'", "'model-b' revision '2'"},
          [](SearchRequest& r) {
            r.space.model = "model-b";
            r.space.revision = "2";
          },
          StatusCode::kEmbeddingSpaceMismatch),
      BadQuery(
          "kept receipts", {"keep"}, [](SearchRequest& r) { r.receipt = ReceiptLevel::kKeep; },
          StatusCode::kUnsupported),
  });
}

TEST_F(BadInputTest, Filters) {
  ExpectAllRefused({
      BadFilter("yeer = 2024", {"'yeer'", "did you mean 'year'?"}),
      BadFilter("fre = 1", {"'fre'", "did you mean 'free'?"}),
      BadFilter("(year = 2024", {"position 1:", "never closed", "^"}),
      BadFilter("year = 2024)", {"position 12", "^"}),
      BadFilter("year = 'abc", {"position 8"}),
      BadFilter("year >=", {"position 8"}),
      BadFilter("year = 'text'", {"'year'", "int"}),
      BadFilter("at > 'not a time'", {"'at'", "not a time"}),
      BadFilter("free = '\xff'", {"UTF-8"}),
      BadFilter(std::string(70, '(') + "year = 1" + std::string(70, ')'), {"64"}),
      {"scan",
       [&] {
         ScanOptions options;
         options.where = "yeer = 1";
         return notes_->Scan(options).status();
       },
       {"did you mean 'year'?"}},
      {"delete",
       [&] {
         return notes_->Delete({std::nullopt, "yeer = 1"}).status();
       },
       {"'yeer'"}},
      {"update",
       [&] {
         return notes_->UpdateMetadata({{"a", 1}}, {std::nullopt, "(year"}).status();
       },
       {"position"}},
      {"batch",
       [&] {
         const std::vector<float> vector = {1, 2, 3, 4};
         BatchRequest request;
         request.vectors = vector;
         request.field = "body";
         request.where = "yeer = 1";
         return notes_->SearchBatch(request).status();
       },
       {"'yeer'"}},
  });
}

TEST_F(BadInputTest, Selections) {
  const std::vector<std::string> one = {"id1"};
  ExpectAllRefused({
      {"delete: neither", [&] { return notes_->Delete({}).status(); }, {"neither ids nor where"}},
      {"delete: both",
       [&] {
         return notes_->Delete({one, "year = 2024"}).status();
       },
       {"both ids and where"}},
      {"update: neither",
       [&] {
         return notes_->UpdateMetadata({{"a", 1}}, {}).status();
       },
       {"neither ids nor where"}},
      {"update: both",
       [&] {
         return notes_->UpdateMetadata({{"a", 1}}, {one, "year = 2024"}).status();
       },
       {"both ids and where"}},
      {"update: type",
       [&] {
         return notes_->UpdateMetadata({{"year", true}}, {one, {}}).status();
       },
       {"patch", "'year'", "expected int, got bool"}},
      {"delete: a part of a document",
       [&] {
         return notes_->Delete({std::nullopt, "text = 'alpha' OR id = 'id1'"}).status();
       },
       {"1 of the 2 chunks", "'page'", "nothing was deleted"}},
      {"delete_document: id", [&] { return notes_->DeleteDocument("").status(); }, {"0 bytes"}},
      {"document: id",
       [&] { return notes_->GetDocument(std::string(901, 'x')).status(); },
       {"901 bytes"}},
      {"document: missing",
       [&] { return notes_->GetDocument("none").status(); },
       {"'none'"},
       StatusCode::kNotFound},
      {"history: id", [&] { return notes_->History("\xff").status(); }, {"document id"}},
      {"scan: batch size 0",
       [&] {
         ScanOptions options;
         options.batch_size = 0;
         return notes_->Scan(options).status();
       },
       {"batch_size: 0, expected 1 to 100000"}},
      {"scan: batch size",
       [&] {
         ScanOptions options;
         options.batch_size = 100'001;
         return notes_->Scan(options).status();
       },
       {"batch_size: 100001"}},
      {"scan: order by a field that is not there",
       [&] {
         ScanOptions options;
         options.order_by = "-yeer";
         return notes_->Scan(options).status();
       },
       {"'yeer'", "did you mean 'year'?"}},
  });
}

TEST_F(BadInputTest, Documents) {
  ExpectAllRefused({
      BadDocument("empty id", {"document id: 0 bytes"}, [](Document& d) { d.id = ""; }),
      BadDocument("long id", {"901 bytes"}, [](Document& d) { d.id.assign(901, 'x'); }),
      BadDocument("id", {"document id"}, [](Document& d) { d.id = "\xff"; }),
      BadDocument("text", {"document text", "5"}, [](Document& d) { d.text = "caf\xc3\xa9\xe9"; }),
      BadDocument("title", {"document title"}, [](Document& d) { d.title = "\xff"; }),
      BadDocument("uri", {"document uri"}, [](Document& d) { d.uri = "\xff"; }),
      BadDocument("parser", {"document parser"}, [](Document& d) { d.parser = "\xff"; }),
      BadDocument("metadata", {"'page'", "'year'", "expected int"},
                  [](Document& d) {
                    d.metadata = {{"year", 1.5}};
                  }),
      BadDocument("strategy", {"'headings'", "heading"},
                  [](Document& d) {
                    d.chunks.clear();
                    d.chunker.strategy = "headings";
                  }),
      BadDocument("strategy name", {"chunker strategy"},
                  [](Document& d) { d.chunker.strategy = "\xff"; }),
      BadDocument("size", {"15"},
                  [](Document& d) {
                    d.chunks.clear();
                    d.chunker.size = 15;
                  }),
      BadDocument("overlap", {"51"},
                  [](Document& d) {
                    d.chunks.clear();
                    d.chunker.size = 100;
                    d.chunker.overlap = 51;
                  }),
      BadDocument("span outside", {"chunk 1", "span 0 to 99", "13 code points"},
                  [](Document& d) {
                    d.text += "ééé";  // Six bytes.
                    d.chunks[1].span = Span{0, 99};
                  }),
      BadDocument("empty span", {"chunk 0", "span 3 to 3"},
                  [](Document& d) {
                    d.chunks[0].span = Span{3, 3};
                  }),
      BadDocument("no place, no text", {"chunk 0", "neither span nor text"},
                  [](Document& d) { d.chunks[0].span.reset(); }),
      BadDocument("empty text", {"chunk 0", "text is empty"},
                  [](Document& d) { d.chunks[0].text = ""; }),
      BadDocument("chunk text", {"chunk 1 text"}, [](Document& d) { d.chunks[1].text = "\xff"; }),
      BadDocument("section", {"chunk 1 section"},
                  [](Document& d) { d.chunks[1].section = "\xff"; }),
      BadDocument("long chunk id", {"chunk 1 id: 1025 bytes, expected 1 to 1024"},
                  [](Document& d) { d.chunks[1].id.assign(1025, 'x'); }),
      BadDocument("chunk id", {"chunk 1 id"}, [](Document& d) { d.chunks[1].id = "\xff"; }),
      BadDocument("an id twice", {"'page'", "'same'", "twice"},
                  [](Document& d) { d.chunks[0].id = d.chunks[1].id = "same"; }),
      BadDocument("parent", {"chunk 1", "parent 2", "2 chunks"},
                  [](Document& d) { d.chunks[1].parent = 2; }),
      BadDocument("own parent", {"chunk 1", "parent 1"},
                  [](Document& d) { d.chunks[1].parent = 1; }),
      BadDocument("chunk metadata", {"chunk 0", "'tags'"},
                  [](Document& d) {
                    d.chunks[0].metadata = {{"tags", 1}};
                  }),
  });
}

TEST_F(BadInputTest, OptionsOfAPut) {
  const Document page = MakePage("page", {"alpha", "new"});
  const std::vector<float> row = {1, 2, 3, 4};
  const auto put = [&](const std::function<void(PutOptions&)>& edit) {
    return [this, page, edit] {
      PutOptions options;
      edit(options);
      return notes_->PutDocument(page, options).status();
    };
  };
  ExpectAllRefused({
      {"batch size",
       put([](PutOptions& o) {
         o = Embedding();
         o.embed_batch_size = 0;
       }),
       {"embed_batch_size: 0"}},
      {"an empty embedder", put([](PutOptions& o) { o.embed["body"] = nullptr; }), {"'body'"}},
      {"rows",
       put([&](PutOptions& o) { o.vectors["body"] = row; }),
       {"'body'", "expected 4, got 2"}},
      {"another space",
       put([](PutOptions& o) {
         o = Embedding();
         o.space.model = "model-b";
       }),
       {"'model-a'", "'model-b'"},
       StatusCode::kEmbeddingSpaceMismatch},
      {"label", put([](PutOptions& o) { o.label = "\xff"; }), {"label"}},
      {"vectors for many",
       [&] {
         Collection::PutManyOptions options;
         options.put.vectors["body"] = row;
         return notes_->PutDocuments({&page, 1}, options).status();
       },
       {"vectors_of"}},
  });
}

TEST_F(BadInputTest, AMistakeInOneOfTheDocumentsOfACommitWritesNone) {
  std::vector<Document> documents;
  for (int i = 0; i < 200; ++i) documents.push_back(MakePage("p" + std::to_string(i), {"text"}));
  documents.back().title = "\xff";
  ExpectAllRefused({{"the last of 200",
                     [&] {
                       return notes_->PutDocuments(documents, {Embedding(), {}, {}}).status();
                     },
                     {"document title"}}});
}

}  // namespace
}  // namespace tracevec
