// Erasure leaves no byte of a document in any file, and says so only where that is true.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/vector_math.h"
#include "retrieval/database_impl.h"
#include "storage/byte_patterns.h"
#include "tests/small_index_options.h"
#include "tests/test_documents.h"

namespace tracevec {
namespace {

TEST(BytePatterns, AreFoundWhereverTheyStand) {
  BytePatterns patterns;
  EXPECT_FALSE(patterns.Add("short"));
  EXPECT_TRUE(patterns.Add("abcdefgh"));
  EXPECT_FALSE(patterns.Add("abcdefgh"));
  EXPECT_TRUE(patterns.Add("abcdefghij"));
  EXPECT_TRUE(patterns.Add(std::string(20, '\0')));
  std::vector<std::size_t> found;
  const auto note = [&](std::size_t pattern) { found.push_back(pattern); };
  patterns.Find("xabcdefghiabcdefghij", note);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::size_t>{0, 0, 1}));
  found.clear();
  patterns.Find(std::string(21, '\0'), note);
  EXPECT_EQ(found, (std::vector<std::size_t>{2, 2}));
  patterns.Find("abc", note);
  EXPECT_EQ(found.size(), 2u);
}

std::string BytesOf(const std::vector<float>& vector) {
  std::string bytes(vector.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  return bytes;
}

class ErasureTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kDimension = 16;

  ErasureTest() { Open(); }
  void Open() {
    OpenOptions options;
    options.store_memory_bytes = 8 << 20;
    db_ = Must(OpenForTest(path_, options, nullptr, kSmallIndexOptions));
    CreateOptions create;
    create.keep_versions = 3;
    auto pages = db_->GetCollection("pages");
    if (!pages.ok()) pages = db_->CreateCollection("pages", BodySchema(kDimension), create);
    pages_ = Must(std::move(pages));
  }
  void Reopen() {
    Must(db_->Close());
    Open();
  }
  void Put(const Document& document) {
    PutOptions options;
    options.embed[""] = HashEmbedder(kDimension);
    Must(pages_->PutDocument(document, options));
  }
  Document Secret(const std::string& n) const {
    Document page = MakePage("secret", {"the marker of the text " + n, "shared by several pages"});
    page.title = "the marker of the title " + n;
    page.uri = "marker://of/the/uri/" + n;
    page.metadata["who"] = "the marker of the metadata " + n;
    page.metadata["tags"] = Value::List{"the marker of a list " + n};
    page.chunks[0].metadata["own"] = "the marker of a chunk " + n;
    return page;
  }
  void PutOthers() {
    for (int i = 0; i < 40; ++i) {
      Put(MakePage("page " + std::to_string(i),
                   {"text of page " + std::to_string(i), "shared by several pages"}));
    }
  }
  /// Files in which markers, or vectors that are the secret's alone, are to be read as stored.
  std::vector<std::string> FilesWithMarkers() const {
    std::vector<std::string> markers = {"the marker of", "marker://"};
    for (const char* n : {"1", "2"}) {
      const std::vector<float> given =
          HashVector("the marker of the text " + std::string(n), kDimension);
      std::vector<float> normalised(kDimension);
      Normalise(given.data(), kDimension, normalised.data());
      markers.push_back(BytesOf(given));
      markers.push_back(BytesOf(normalised));
    }
    std::vector<std::string> files;
    for (const auto& [name, content] : ReadFiles(path_)) {
      for (const std::string& marker : markers) {
        if (content.find(marker) != std::string::npos) files.push_back(name);
      }
    }
    return files;
  }
  std::vector<std::string> ImagesOf(const std::vector<std::string>& files) const {
    std::vector<std::string> images;
    for (const std::string& file : files) {
      if (file.ends_with(".image")) images.push_back(file);
    }
    return images;
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
  std::unique_ptr<Database> db_;
  std::optional<Collection> pages_;
};

TEST_F(ErasureTest, LeavesNoByteInAnyFileAndSaysWhatItLookedFor) {
  for (const bool reopened : {false, true}) {
    Put(Secret("1"));
    PutOthers();
    Put(Secret("2"));
    Must(pages_->UpdateMetadata({{"merged", "the marker of a merge"}},
                                {std::nullopt, "document = 'secret'"}));
    EXPECT_FALSE(FilesWithMarkers().empty()) << "the log has them";
    if (reopened) Reopen();
    Must(pages_->Rebuild());
    EXPECT_FALSE(ImagesOf(FilesWithMarkers()).empty()) << "an image has its vectors";
    Must(db_->Compact());
    EXPECT_FALSE(FilesWithMarkers().empty());

    EraseOptions options;
    options.label = "the law";
    const ErasureCertificate certificate = Must(pages_->EraseDocument("secret", options));
    EXPECT_TRUE(certificate.complete);
    EXPECT_TRUE(certificate.verified);
    EXPECT_EQ(certificate.findings, std::vector<std::string>{});
    EXPECT_EQ(certificate.versions, 2u);
    EXPECT_EQ(certificate.chunks, 3u);
    EXPECT_EQ(certificate.vectors, 3u);
    EXPECT_GE(certificate.patterns, 12u);
    EXPECT_GE(certificate.patterns_shared, 1u) << "a text that other pages have too";
    EXPECT_GT(certificate.values_scanned, 100u);
    EXPECT_EQ(certificate.journal_entries, 2u);
    EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
    EXPECT_TRUE(Fails(pages_->GetDocument("secret"), StatusCode::kNotFound));
    EXPECT_TRUE(Fails(pages_->History("secret"), StatusCode::kNotFound));
    EXPECT_EQ(Must(pages_->Count()), 80u);

    for (const JournalEntry& entry : Must(db_->Journal())) EXPECT_NE(entry.document, "secret");
    EXPECT_EQ(Must(db_->Journal()).back().kind, "erase");
    EXPECT_EQ(Must(db_->Journal()).back().label, "the law");
    Reopen();
    EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
    EXPECT_EQ(Must(pages_->Count()), 80u);
    EXPECT_EQ(Must(pages_->EraseDocument("secret", options)).versions, 0u);
  }
}

TEST_F(ErasureTest, WhatWasPlantedIsFoundAndNamed) {
  Put(Secret("1"));
  PutOthers();
  // A copy that no part of the library knows of.
  const std::string file = path_ + "/planted";
  std::ofstream(file) << "copied: the marker of the text 1";
  const ErasureCertificate found = Must(pages_->EraseDocument("secret"));
  EXPECT_TRUE(found.verified);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.findings, std::vector<std::string>{"db/planted"});
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{file});
}

TEST_F(ErasureTest, ASnapshotThatHoldsItIsNamed) {
  Put(Secret("1"));
  PutOthers();
  Must(db_->Snapshot("before"));
  Must(pages_->Delete({std::nullopt, "document = 'page 1'"}));
  const ErasureCertificate held = Must(pages_->EraseDocument("secret"));
  EXPECT_FALSE(held.complete);
  EXPECT_EQ(held.snapshots, std::vector<std::string>{"before"});
  EXPECT_TRUE(Fails(pages_->GetDocument("secret"), StatusCode::kNotFound));
  {
    const auto then = Must(db_->At("before"));
    EXPECT_EQ(Must(Must(then->GetCollection("pages")).GetDocument("secret")).info.version, 1u);
  }
  // One that came after the snapshot goes whatever that holds.
  Document later = Secret("2");
  later.id = "later";
  Put(later);
  EXPECT_TRUE(Must(pages_->EraseDocument("later")).complete);
  Must(db_->ReleaseSnapshot("before"));
  const ErasureCertificate released = Must(pages_->EraseDocument("secret"));
  EXPECT_TRUE(released.complete);
  EXPECT_EQ(released.findings, std::vector<std::string>{});
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
}

TEST_F(ErasureTest, AScanThatReadsItIsWaitedForAndThenNamed) {
  Put(Secret("1"));
  Scanner scanner = Must(pages_->Scan());
  const ErasureCertificate held = Must(pages_->EraseDocument("secret"));
  EXPECT_FALSE(held.complete);
  EXPECT_TRUE(held.held_by_readers);
  EXPECT_EQ(ReadAll(std::move(scanner)).size(), 2u);
  EXPECT_TRUE(Must(pages_->EraseDocument("secret")).complete);
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
}

TEST_F(ErasureTest, LooseVectorsAreErasedToo) {
  Rows rows = MakeRows(0, 30, kDimension);
  rows.texts.assign(30, "some other text");
  rows.texts[7] = "the marker of a loose text";
  rows.metadata.resize(30);
  rows.metadata[7]["name"] = "the marker of loose metadata";
  Upsert(*pages_, rows);
  Must(pages_->Rebuild());
  EXPECT_FALSE(FilesWithMarkers().empty());
  const ErasureCertificate certificate = Must(pages_->EraseDocument("id7"));
  EXPECT_TRUE(certificate.complete);
  EXPECT_EQ(certificate.vectors, 1u);
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
  EXPECT_EQ(Must(pages_->Count()), 29u);
}

TEST_F(ErasureTest, WhatWasSweptBeforeLeavesTheJournalToo) {
  Put(Secret("1"));
  PutOthers();
  Must(db_->Snapshot("before"));
  EXPECT_FALSE(Must(pages_->EraseDocument("secret")).complete);
  Must(db_->ReleaseSnapshot("before"));
  Put(Secret("2"));
  Must(pages_->DeleteDocument("secret"));
  Must(db_->Compact());
  const ErasureCertificate certificate = Must(pages_->EraseDocument("secret"));
  EXPECT_TRUE(certificate.nothing_stored);
  EXPECT_FALSE(certificate.complete) << "nobody knows what to look for";
  EXPECT_FALSE(certificate.verified);
  EXPECT_EQ(certificate.journal_entries, 3u);
  for (int round = 0; round < 2; ++round) {
    for (const JournalEntry& entry : Must(db_->Journal())) EXPECT_NE(entry.document, "secret");
    EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
    Reopen();
  }
}

TEST_F(ErasureTest, ImagesOfACollectionThatBecameSmallGo) {
  Put(Secret("1"));
  PutOthers();
  Must(pages_->Rebuild());
  for (int i = 0; i < 38; ++i) Must(pages_->DeleteDocument("page " + std::to_string(i)));
  Must(pages_->DeleteDocument("secret"));
  Reopen();
  ASSERT_EQ(Must(pages_->Stats()).segments, 0u) << "it is read from the store";
  ASSERT_FALSE(ImagesOf(FilesWithMarkers()).empty());
  EXPECT_TRUE(Must(pages_->EraseDocument("secret")).nothing_stored) << "swept at opening";
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
  Reopen();
  EXPECT_EQ(Must(pages_->Count()), 4u);
}

TEST_F(ErasureTest, AnEarlierLifeOfTheIdGoesToo) {
  Put(Secret("1"));
  PutOthers();
  Must(db_->Compact());
  Must(pages_->DeleteDocument("secret"));
  for (int i = 0; i < 600; ++i) Put(MakePage("busy", {"round " + std::to_string(i)}));
  Reopen();
  ASSERT_FALSE(FilesWithMarkers().empty()) << "swept, and not compacted";
  Put(Secret("2"));
  ASSERT_EQ(Must(pages_->GetDocument("secret")).info.version, 1u) << "a life of its own";
  EXPECT_TRUE(Must(pages_->EraseDocument("secret")).complete);
  EXPECT_EQ(FilesWithMarkers(), std::vector<std::string>{});
}

TEST_F(ErasureTest, APutInFlightOverAnErasureIsPlannedAgain) {
  Put(Secret("1"));
  const Embedder embed = HashEmbedder(kDimension);
  int calls = 0;
  PutOptions options;
  options.embed[""] = [&](std::span<const std::string> texts) {
    if (calls++ == 0) {
      EXPECT_TRUE(Must(pages_->EraseDocument("secret")).complete);
      Put(MakePage("secret", {"another life"}));  // At version 1, as when the put was planned.
    }
    return embed(texts);
  };
  const std::string kept = "the marker of the text 1";
  const PutResult put = Must(pages_->PutDocument(MakePage("secret", {kept, "more"}), options));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(put.version, 2u);
  EXPECT_EQ(put.added, 2u);
  GetOptions with_vectors;
  with_vectors.with_vectors = true;
  const StoredDocument document = Must(pages_->GetDocument("secret", with_vectors));
  ASSERT_EQ(document.chunks.size(), 2u);
  EXPECT_EQ(document.chunks[0].text, kept);
  EXPECT_EQ(document.chunks[0].vectors.at("body"), HashVector(kept, kDimension));
  EXPECT_EQ(Must(pages_->Count()), 2u);
}

TEST_F(ErasureTest, WhatOthersHaveIsNoTrace) {
  Put(MakePage("other", {"some text"}));
  Document page = MakePage("secret", {"another text"});
  page.metadata["by"] = "the weekly importer";  // As the journal has it.
  page.metadata["words"] = Value::List{"TRACEVEC", "CFOptions"};
  PutOptions options;
  options.embed[""] = HashEmbedder(kDimension);
  options.label = "the weekly importer";
  Must(pages_->PutDocument(page, options));
  EXPECT_EQ(Must(pages_->EraseDocument("secret")).findings, std::vector<std::string>{});

  Collection flat = Must(db_->CreateCollection("flat", BodySchema(kDimension, Metric::kL2)));
  Rows rows = MakeRows(0, 30, kDimension);
  std::fill_n(rows.vectors.begin() + 7 * kDimension, kDimension, 0.0F);
  Upsert(flat, rows);
  Must(flat.Rebuild());
  const ErasureCertificate zeros = Must(flat.EraseDocument("id7"));
  EXPECT_EQ(zeros.vectors, 1u);
  EXPECT_EQ(zeros.findings, std::vector<std::string>{});
}

TEST_F(ErasureTest, BadArgumentsChangeNothing) {
  Put(Secret("1"));
  EXPECT_TRUE(Fails(pages_->EraseDocument(""), StatusCode::kInvalidArgument));
  EraseOptions options;
  options.label = std::string(2000, 'x');
  EXPECT_TRUE(Fails(pages_->EraseDocument("secret", options), StatusCode::kInvalidArgument));
  EXPECT_EQ(Must(pages_->GetDocument("secret")).info.version, 1u);
}

}  // namespace
}  // namespace tracevec
