// What a caller can get wrong in rows, queries and filters: each mistake has its code, its message
// the numbers, and nothing is changed by it.

#include "tests/bad_input.h"

#include <limits>

namespace tracevec {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

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
      BadQuery("neither", {"neither vector, like nor text"},
               [](SearchRequest& r) { r.vector = {}; }),
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

}  // namespace
}  // namespace tracevec
