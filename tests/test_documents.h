#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/utf8.h"
#include "tests/test_database.h"

namespace tracevec {

/// A document whose chunks are these paragraphs, given by their spans. ASCII alone.
inline Document MakePage(const std::string& id, const std::vector<std::string>& paragraphs) {
  Document document;
  document.id = id;
  for (const std::string& paragraph : paragraphs) {
    if (!document.text.empty()) document.text += "\n\n";
    ChunkInput chunk;
    chunk.span = Span{document.text.size(), document.text.size() + paragraph.size()};
    document.text += paragraph;
    document.chunks.push_back(std::move(chunk));
  }
  return document;
}

inline std::string SliceCodePoints(const std::string& text, Span span) {
  CodePointIndex index(text);
  const std::size_t start = index.ToByte(span.start);
  return text.substr(start, index.ToByte(span.end) - start);
}

/// A database with a collection "pages" of one vector field, "body".
class DocumentsTest : public DatabaseTest {
 protected:
  static constexpr std::uint32_t kDimension = 6;

  void SetUp() override {
    DatabaseTest::SetUp();
    pages_ = Must(db_->CreateCollection("pages", BodySchema(kDimension)));
  }
  void Reopen() {
    DatabaseTest::Reopen();
    pages_ = Must(db_->GetCollection("pages"));
  }
  Collection& pages() { return *pages_; }

  /// Options with an embedder that notes its texts in seen_.
  PutOptions Embedding() {
    PutOptions options;
    options.embed[""] = HashEmbedder(kDimension, &seen_);
    return options;
  }
  PutResult Put(const Document& document) {
    return Must(pages().PutDocument(document, Embedding()));
  }
  StoredDocument Read(const std::string& id) {
    GetOptions options;
    options.with_vectors = true;
    return Must(pages().GetDocument(id, options));
  }
  std::vector<std::string> ChunkIds(const std::string& id) { return IdsOf(Read(id).chunks); }

  std::optional<Collection> pages_;
  std::vector<std::string> seen_;
};

}  // namespace tracevec
