// What a caller can get wrong in documents, selections and options: each mistake has its code, its
// message the numbers, and nothing is changed by it.

#include "tests/bad_input.h"

namespace tracevec {
namespace {

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
                       return notes_->PutDocuments(documents, {Embedding(), {}, {}, {}}).status();
                     },
                     {"document title"}}});
}

TEST_F(BadInputTest, AMistakeInOneOfTheDocumentsOfSeveralCommitsWritesNone) {
  std::vector<Document> documents;
  for (int i = 0; i < 600; ++i) documents.push_back(MakePage("p" + std::to_string(i), {"text"}));
  const std::vector<float> row = {1, 0, 0, 0};
  std::size_t short_row = 599;
  Collection::PutManyOptions given;
  given.vectors_of = [&](std::size_t i) {
    return std::map<std::string, std::span<const float>, std::less<>>{
        {"body", std::span(row).first(i == short_row ? 2 : 4)}};
  };
  ExpectAllRefused({{"a short row",
                     [&] { return notes_->PutDocuments(documents, given).status(); },
                     {"document 599 ('p599')", "expected 4", "got 2"}}});
  short_row = documents.size();
  documents.back().title = "\xff";
  ExpectAllRefused({{"the last of 600",
                     [&] { return notes_->PutDocuments(documents, given).status(); },
                     {"document 599 ('p599')", "document title"}}});
}

}  // namespace
}  // namespace tracevec
