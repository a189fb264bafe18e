// Real documents: five revisions of the same pages in order, and spans of every chunk.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.h"
#include "tests/shared_data.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

constexpr std::uint32_t kDimension = 64;
constexpr const char* kDates[] = {"2023-01-01", "2024-01-01", "2025-01-01", "2026-01-01",
                                  "2026-07-30"};

/// Words hashed into components: texts that share words have near vectors.
std::vector<float> WordVector(std::string_view text) {
  std::vector<float> vector(kDimension, 0.01F);
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n\t`*.,()", at), text.size());
    if (end > at) {
      const std::uint64_t hash = HashBytes(text.substr(at, end - at));
      vector[hash % kDimension] += (hash >> 63) != 0 ? 1.0F : -1.0F;
    }
    at = end + 1;
  }
  return vector;
}

using Pages = std::map<std::string, Document>;

Pages ReadRevision(const std::string& path) {
  Pages pages;
  JsonlGzReader reader(path);
  while (const auto row = reader.Next()) {
    Document document;
    document.id = row->at("id").get<std::string>();
    document.title = row->at("title").get<std::string>();
    document.text = row->at("text").get<std::string>();
    document.parser = "markdown";
    pages.emplace(document.id, std::move(document));
  }
  return pages;
}

using Texts = std::multiset<std::string>;

class RevisionsTest : public DatabaseTest {
 protected:
  /// An embedder that counts its texts.
  PutOptions Embedding() {
    PutOptions options;
    options.embed[""] = [this](std::span<const std::string> texts) -> Result<std::vector<float>> {
      embedded_ += texts.size();
      std::vector<float> rows;
      for (const std::string& text : texts) {
        const std::vector<float> row = WordVector(text);
        rows.insert(rows.end(), row.begin(), row.end());
      }
      return rows;
    };
    return options;
  }
  static void PutAll(Collection& collection, const Pages& pages, const PutOptions& put) {
    std::vector<Document> documents;
    for (const auto& [id, page] : pages) documents.push_back(page);
    Collection::PutManyOptions options;
    options.put = put;
    Must(collection.PutDocuments(documents, options));
  }
  /// The texts of a page's chunks, cut by the library without any database.
  static Texts CutTexts(const Collection& scratch, const Document& page) {
    Texts texts;
    for (const ChunkToEmbed& chunk : Must(scratch.PlanUpdate(page)).to_embed) {
      texts.insert(chunk.texts.at("body"));
    }
    return texts;
  }
  static double Recall(const Collection& collection, const std::vector<std::string>& queries) {
    std::size_t found = 0;
    for (const std::string& query : queries) {
      const std::vector<float> vector = WordVector(query);
      SearchRequest request;
      request.vector = vector;
      request.exact = true;
      const auto truth = Must(collection.Search(request)).hits;
      request.exact = false;
      for (const Hit& hit : Must(collection.Search(request)).hits) {
        // A hit that scores as well as the last of the nearest counts as one of them.
        found += hit.score >= truth.back().score - 1e-6F ? 1 : 0;
      }
    }
    return static_cast<double>(found) / static_cast<double>(10 * queries.size());
  }

  std::size_t embedded_ = 0;
};

TEST_F(RevisionsTest, ReplayedInOrderEmbedWhatADiffOfTheirTextsSaysAndEndLikeAFreshLoad) {
  const auto path = SharedDataPath("revisions/2023-01-01.jsonl.gz");
  if (!path) GTEST_SKIP() << MissingSharedData("revisions/2023-01-01.jsonl.gz");
  const std::string folder = path->substr(0, path->rfind('/'));
  Collection pages = Must(db_->CreateCollection("pages", BodySchema(kDimension)));
  const Collection scratch = Must(db_->CreateCollection("scratch", BodySchema(kDimension)));

  std::map<std::string, Texts> before;
  Pages revision;
  std::vector<std::string> queries;
  for (const char* date : kDates) {
    revision = ReadRevision(folder + "/" + date + ".jsonl.gz");
    std::size_t expected = 0;
    std::map<std::string, Texts> after;
    for (const auto& [id, page] : revision) {
      Texts texts = CutTexts(scratch, page);
      std::vector<std::string> added;
      std::set_difference(texts.begin(), texts.end(), before[id].begin(), before[id].end(),
                          std::back_inserter(added));
      expected += added.size();
      after.emplace(id, std::move(texts));
    }
    embedded_ = 0;
    PutAll(pages, revision, Embedding());
    for (const auto& [id, texts] : before) {
      if (!revision.contains(id)) Must(pages.DeleteDocument(id));
    }
    EXPECT_EQ(embedded_, expected) << date;
    RecordProperty(std::string("embedded_") + date, static_cast<int>(embedded_));
    before = std::move(after);
    embedded_ = 0;
    PutAll(pages, revision, Embedding());
    EXPECT_EQ(embedded_, 0u) << "twice the same writes nothing";
  }

  Collection fresh = Must(db_->CreateCollection("fresh", BodySchema(kDimension)));
  PutAll(fresh, revision, Embedding());
  ASSERT_EQ(Must(pages.Count()), Must(fresh.Count()));
  GetOptions with_vectors;
  with_vectors.with_vectors = true;
  for (const auto& [id, page] : revision) {
    const StoredDocument replayed = Must(pages.GetDocument(id, with_vectors));
    const StoredDocument loaded = Must(fresh.GetDocument(id, with_vectors));
    ASSERT_EQ(replayed.text, page.text);
    ASSERT_EQ(replayed.info.title, loaded.info.title);
    ASSERT_EQ(replayed.chunks.size(), loaded.chunks.size()) << id;
    for (std::size_t i = 0; i < loaded.chunks.size(); ++i) {
      ASSERT_EQ(replayed.chunks[i].text, loaded.chunks[i].text);
      ASSERT_EQ(replayed.chunks[i].span, loaded.chunks[i].span);
      ASSERT_EQ(replayed.chunks[i].section, loaded.chunks[i].section);
      ASSERT_EQ(replayed.chunks[i].vectors, loaded.chunks[i].vectors);
    }
    if (queries.size() < 300) queries.push_back(page.title + " " + page.text.substr(0, 200));
  }
  Must(fresh.Rebuild());
  EXPECT_GE(Recall(pages, queries), 0.99 * Recall(fresh, queries));
}

TEST_F(RevisionsTest, EverySpanOfTheCorpusSlicesTheStoredSource) {
  const auto path = SharedDataPath("cppdocs/documents.jsonl.gz");
  if (!path) GTEST_SKIP() << MissingSharedData("cppdocs/documents.jsonl.gz");
  const std::string folder = path->substr(0, path->rfind('/'));
  Pages pages = ReadRevision(*path);
  std::size_t chunks = 0;
  JsonlGzReader reader(folder + "/chunks.jsonl.gz");
  while (const auto row = reader.Next()) {
    ChunkInput chunk;
    chunk.span = Span{row->at("start").get<std::uint64_t>(), row->at("end").get<std::uint64_t>()};
    chunk.section = row->at("section").get<std::string>();
    pages.at(row->at("doc").get<std::string>()).chunks.push_back(std::move(chunk));
    ++chunks;
  }
  Collection corpus = Must(db_->CreateCollection("corpus", {}));
  PutAll(corpus, pages, {});
  std::size_t checked = 0;
  for (const auto& [id, page] : pages) {
    const StoredDocument stored = Must(corpus.GetDocument(id));
    ASSERT_EQ(stored.text, page.text);
    CodePointIndex offsets(page.text);
    for (std::size_t i = 0; i < page.chunks.size(); ++i) {
      const Chunk& chunk = stored.chunks[i];
      ASSERT_EQ(chunk.span, page.chunks[i].span);
      ASSERT_EQ(chunk.section, page.chunks[i].section);
      const std::size_t start = offsets.ToByte(chunk.span->start);
      ASSERT_EQ(chunk.text, page.text.substr(start, offsets.ToByte(chunk.span->end) - start));
      ++checked;
    }
  }
  EXPECT_EQ(checked, chunks);
  EXPECT_EQ(Must(corpus.Describe()).chunk_code_points.count, chunks);
}

}  // namespace
}  // namespace tracevec
