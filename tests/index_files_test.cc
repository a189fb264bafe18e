// Segments in files: what an opened database finds of them, and what it makes of damage.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "retrieval/database_impl.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDimension = 64;  // Whose codes leave their factors no room beside them.
constexpr std::size_t kRows = 1200;
constexpr IndexOptions kFilesFromOneRow = {.least_chunks = 512,
                                           .least_rows_of_file = 1,
                                           .least_rows_of_file_at_close = 1,
                                           .most_changed_documents = 100};

class IndexFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Open();
    Must(db_->CreateCollection("notes", BodySchema(kDimension)));
    OpenCollection();
    rows_ = MakeRows(0, kRows, kDimension);
    for (std::size_t i = 0; i < kRows; ++i) {
      rows_.metadata.push_back({{"n", static_cast<std::int64_t>(i % 10)}});
    }
    Upsert(*notes_, rows_);
    Must(notes_->Rebuild());
  }

  void Open(const std::string& path, OpenMode mode = OpenMode::kReadWrite) {
    OpenOptions options;
    options.store_memory_bytes = 8 << 20;
    options.mode = mode;
    db_ = Must(OpenForTest(path, options, nullptr, index_));
  }
  void Open() { Open(path_); }
  void OpenCollection() { notes_.emplace(Must(db_->GetCollection("notes"))); }
  void Close() {
    Must(db_->Close());
    notes_.reset();
    db_.reset();
  }
  void Reopen() {
    Close();
    Open();
    OpenCollection();
  }
  /// As it would be found had this process been killed now.
  void OpenCopy() {
    const std::string copy = temporary_ / "copy" + std::to_string(copies_++);
    fs::copy(path_, copy, fs::copy_options::recursive);
    Close();
    path_ = copy;
    Open();
    OpenCollection();
  }

  CollectionStats Stats() const { return Must(notes_->Stats()); }
  std::vector<fs::path> FilesThatEndIn(const std::string& extension) const {
    std::vector<fs::path> files;
    if (!fs::exists(path_ + "/index")) return files;
    for (const auto& entry : fs::directory_iterator(path_ + "/index")) {
      if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    return files;
  }
  std::vector<fs::path> Images() const { return FilesThatEndIn(".image"); }
  std::vector<fs::path> Columns() const { return FilesThatEndIn(".columns"); }
  /// Until the builder's thread has done what `done` looks for.
  template <typename Done>
  void WaitUntil(const Done& done) const {
    for (int i = 0; i < 60000 && !done(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(done());
  }
  fs::path TheImage() const {
    const auto images = Images();
    EXPECT_EQ(images.size(), 1u);
    return images.front();
  }

  SearchRequest QueryOf(std::size_t row) const {
    SearchRequest request;
    request.vector = std::span(&rows_.vectors[row * kDimension], kDimension);
    request.k = 20;
    request.exact = true;
    return request;
  }
  /// Ids, scores and metadata of some exact answers, and some counts.
  std::vector<std::string> Answers() const {
    std::vector<std::string> answers;
    for (std::size_t row = 0; row < kRows; row += 61) {
      for (const Hit& hit : Must(notes_->Search(QueryOf(row))).hits) {
        answers.push_back(hit.id + " " + std::to_string(hit.score) + " " +
                          Value(hit.metadata).ToJson());
      }
    }
    for (int n = 0; n < 12; ++n) {
      answers.push_back(std::to_string(Must(notes_->Count("n = " + std::to_string(n)))));
    }
    return answers;
  }
  /// Searches find what exact ones do, and nothing else.
  void ExpectGraphsWork() const {
    for (std::size_t row = 3; row < kRows; row += 97) {
      SearchRequest request = QueryOf(row);
      const std::vector<std::string> exact = IdsOf(Must(notes_->Search(request)).hits);
      request.exact = false;
      request.ef = 400;
      EXPECT_EQ(IdsOf(Must(notes_->Search(request)).hits), exact) << row;
    }
  }
  void WaitForBuilder() const {
    for (int i = 0; i < 60000 && Stats().unbuilt_chunks > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(Stats().unbuilt_chunks, 0u);
  }

  /// Deletes, replaces, restates and adds.
  void Change(std::size_t first) {
    std::vector<std::string> gone;
    for (std::size_t i = 0; i < 30; ++i) gone.push_back("id" + std::to_string(first + i));
    Must(notes_->Delete({gone, {}}));
    Must(notes_->UpdateMetadata({{"n", 11}}, {{}, "id = 'id" + std::to_string(first + 40) + "'"}));
    Rows replaced = MakeRows(first + 50, 20, kDimension, 5);
    Upsert(*notes_, replaced);
    Rows added = MakeRows(kRows + first, 15, kDimension, 6);
    added.metadata.assign(15, Metadata{{"n", 10}});
    Upsert(*notes_, added);
  }

  IndexOptions index_ = kFilesFromOneRow;
  const TemporaryDirectory temporary_;
  std::string path_ = temporary_ / "db";
  std::unique_ptr<Database> db_;
  std::optional<Collection> notes_;
  Rows rows_;
  int copies_ = 0;
};

TEST_F(IndexFilesTest, AnOpenedDatabaseSearchesItsFilesAndBuildsNothing) {
  const auto before = Answers();
  EXPECT_EQ(Images().size(), 1u);
  Reopen();
  const CollectionStats stats = Stats();
  EXPECT_EQ(stats.segments, 1u);
  EXPECT_EQ(stats.unbuilt_chunks, 0u);
  EXPECT_EQ(stats.graph_insertions, 0u);
  EXPECT_EQ(stats.warnings, std::vector<std::string>());
  EXPECT_EQ(Answers(), before);
  ExpectGraphsWork();
  EXPECT_GT(Must(db_->Stats()).disk_bytes, fs::file_size(TheImage()));
}

TEST_F(IndexFilesTest, WhatChangedSinceIsThereAfterACloseAndAfterAKill) {
  Change(100);
  auto before = Answers();
  OpenCopy();
  EXPECT_EQ(Stats().segments, 1u);
  EXPECT_EQ(Stats().warnings, std::vector<std::string>());
  EXPECT_EQ(Answers(), before);
  ExpectGraphsWork();
  Change(300);
  before = Answers();
  Reopen();
  EXPECT_EQ(Answers(), before);
  Change(500);
  before = Answers();
  OpenCopy();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(Stats().chunks, Must(notes_->Count()));
  Must(notes_->Rebuild());
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(Images().size(), 1u) << "the file of the segment before is gone";
  Reopen();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(Stats().graph_insertions, 0u);
}

TEST_F(IndexFilesTest, ManyChangesAreFoldedIntoANewCheckpoint) {
  for (std::size_t round = 0; round < 8; ++round) Change(100 * round);
  const auto before = Answers();
  Reopen();
  EXPECT_EQ(Answers(), before);
  OpenCopy();
  EXPECT_EQ(Answers(), before);
}

TEST_F(IndexFilesTest, DamageCostsTimeAndOneWarning) {
  Change(100);
  const auto before = Answers();
  Close();
  const std::string whole = path_;
  const auto damage_and_open = [&](const std::string& name, const auto& damage) {
    SCOPED_TRACE(name);
    path_ = temporary_ / name;
    fs::copy(whole, path_, fs::copy_options::recursive);
    for (const fs::path& image : Images()) damage(image);
    Open();
    OpenCollection();
    EXPECT_EQ(Answers(), before);
    EXPECT_GE(Stats().warnings.size(), 1u);
    EXPECT_TRUE(Stats().warnings[0].find("built again") != std::string::npos);
    Must(notes_->Rebuild());
    EXPECT_EQ(Answers(), before);
    Reopen();
    EXPECT_EQ(Answers(), before);
    EXPECT_EQ(Stats().warnings, std::vector<std::string>());
    EXPECT_EQ(Stats().graph_insertions, 0u);
    Close();
  };
  damage_and_open("missing", [](const fs::path& image) { fs::remove(image); });
  damage_and_open("empty", [](const fs::path& image) { fs::resize_file(image, 0); });
  damage_and_open("truncated",
                  [](const fs::path& image) { fs::resize_file(image, fs::file_size(image) / 2); });
  damage_and_open(
      "longer", [](const fs::path& image) { fs::resize_file(image, fs::file_size(image) + 4096); });
  damage_and_open("flipped", [](const fs::path& image) {
    std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(1000);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(1000);
    file.put(byte);
  });
  damage_and_open("a directory", [](const fs::path& image) {
    fs::remove(image);
    fs::create_directory(image);
  });
}

TEST_F(IndexFilesTest, AnOlderImageUnderANewerNameIsNotTaken) {
  const fs::path older = temporary_ / "older.image";
  fs::copy(TheImage(), older);
  Change(100);
  Must(notes_->Rebuild());
  const auto before = Answers();
  Close();
  fs::copy(older, TheImage(), fs::copy_options::overwrite_existing);
  Open();
  OpenCollection();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(Stats().warnings.size(), 1u);
}

TEST_F(IndexFilesTest, TheImageOfAnotherCollectionIsNotTaken) {
  Collection other = Must(db_->CreateCollection("other", BodySchema(kDimension)));
  Upsert(other, MakeRows(0, kRows, kDimension, 77));
  const fs::path of_notes = TheImage();
  Must(other.Rebuild());
  const auto before = Answers();
  fs::path of_other;
  for (const fs::path& image : Images()) {
    if (image != of_notes) of_other = image;
  }
  Close();
  fs::copy(of_other, of_notes, fs::copy_options::overwrite_existing);
  Open();
  OpenCollection();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(Stats().warnings.size(), 1u);
}

/// In the codes: a graph search would go astray, and nothing else shows it.
void DamageKeepingTheStamp(const fs::path& image) {
  struct stat status {};
  ASSERT_EQ(stat(image.c_str(), &status), 0);
  std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(image) / 4));
  for (int i = 0; i < 5000; ++i) file.put(static_cast<char>(i * 37));
  file.close();
  const timespec times[] = {status.st_atim, status.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, image.c_str(), times, 0), 0);
}

TEST_F(IndexFilesTest, DamageThatKeepsTheStampIsFoundByReadingThrough) {
  Reopen();
  const auto before = Answers();
  Close();
  DamageKeepingTheStamp(TheImage());
  for (const bool rebuilt_at_once : {false, true}) {
    SCOPED_TRACE(rebuilt_at_once);
    Open();
    OpenCollection();
    if (rebuilt_at_once) Must(notes_->Rebuild());
    // Without a pause: as soon as the warning can be read, answers are right.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (Stats().warnings.empty() && std::chrono::steady_clock::now() < deadline) {}
    ExpectGraphsWork();
    EXPECT_EQ(Stats().warnings.size(), 1u);
    EXPECT_EQ(Answers(), before);
    Reopen();
    EXPECT_EQ(Answers(), before);
    EXPECT_EQ(Stats().warnings, std::vector<std::string>());
    Must(notes_->Rebuild());
    Close();
    DamageKeepingTheStamp(TheImage());
  }
}

TEST_F(IndexFilesTest, FilesOfDroppedCollectionsAndStrayFilesGo) {
  Collection other = Must(db_->CreateCollection("other", BodySchema(kDimension)));
  Upsert(other, MakeRows(0, 600, kDimension));
  Must(other.Rebuild());
  EXPECT_EQ(Images().size(), 2u);
  Must(db_->DropCollection("other"));
  EXPECT_EQ(Images().size(), 1u);
  Close();
  fs::copy(TheImage(), path_ + "/index/1.image");
  std::ofstream(path_ + "/index/12345.image") << "cut off by a crash";
  std::ofstream(path_ + "/index/12346.columns") << "cut off by a crash";
  std::ofstream(path_ + "/index/notes.txt") << "of somebody else";
  Open(path_, OpenMode::kRead);
  EXPECT_EQ(Images().size(), 3u) << "who only reads removes nothing";
  EXPECT_EQ(Columns().size(), 2u);
  Close();
  Open();
  EXPECT_EQ(Images().size(), 1u);
  EXPECT_EQ(Columns().size(), 1u);
  EXPECT_TRUE(fs::exists(path_ + "/index/notes.txt"));
}

TEST_F(IndexFilesTest, ReadOnlyOpensUseTheFilesAndChangeNothing) {
  Change(100);
  const auto before = Answers();
  Close();
  const auto files = ReadFiles(path_);
  Open(path_, OpenMode::kRead);
  OpenCollection();
  EXPECT_EQ(Answers(), before);
  EXPECT_GE(Stats().segments, 1u);
  EXPECT_EQ(Stats().graph_insertions, 0u);
  Must(notes_->Rebuild());
  EXPECT_EQ(Answers(), before);
  Close();
  EXPECT_EQ(ReadFiles(path_), files);
}

TEST_F(IndexFilesTest, ACollectionThatShrinksAndGrowsAgainMissesNothing) {
  Must(notes_->Delete({{}, "n < 7"}));
  Reopen();
  EXPECT_EQ(Stats().segments, 0u) << "it lives in the store alone";
  Change(707);
  EXPECT_EQ(Must(notes_->Count("n = 11")), 1u);
  EXPECT_TRUE(Images().empty()) << "there is nobody to look after a file";
  Rows grown = MakeRows(5000, 400, kDimension);
  grown.metadata.assign(400, Metadata{{"n", 3}});
  Upsert(*notes_, grown);
  EXPECT_EQ(Must(notes_->Count("n = 11")), 1u);
  const auto before = Answers();
  EXPECT_EQ(Must(notes_->Count()), Stats().chunks);
  OpenCopy();
  EXPECT_EQ(Answers(), before);
}

TEST_F(IndexFilesTest, FilesThatAreReplacedGo) {
  for (std::size_t round = 1; round <= 8; ++round) {
    Upsert(*notes_, MakeRows(round * 100'000, 2500, kDimension, round));
  }
  WaitForBuilder();
  Must(notes_->Rebuild());
  EXPECT_EQ(Images().size(), Stats().segments);
  EXPECT_EQ(Columns().size(), Stats().segments);
}

TEST_F(IndexFilesTest, ColumnsThatAreMadeAnewReplaceTheirFile) {
  const auto first = Columns();
  ASSERT_EQ(first.size(), 1u);
  const fs::path image = TheImage();
  Must(notes_->UpdateMetadata({{"n", 11}, {"new", "field"}}, {{}, "n < 6"}));
  WaitUntil([&] { return Columns().size() == 1 && Columns() != first; });
  EXPECT_EQ(TheImage(), image) << "vectors and graph are left alone";
  const auto before = Answers();
  const auto renewed = Columns();
  for (const bool killed : {false, true}) {
    SCOPED_TRACE(killed);
    killed ? OpenCopy() : Reopen();
    EXPECT_EQ(Answers(), before);
    EXPECT_EQ(Must(notes_->Count("new = 'field'")), Must(notes_->Count("n = 11")));
    EXPECT_EQ(Must(notes_->Count("id IN ('id1', 'id9', 'none') AND new = 'field'")), 1u);
    EXPECT_EQ(Stats().warnings, std::vector<std::string>());
    ASSERT_EQ(Columns().size(), 1u);
    EXPECT_EQ(Columns()[0].filename(), renewed[0].filename()) << "nothing was made again";
  }
}

TEST_F(IndexFilesTest, DamagedColumnsAreMadeAgainWithOneWarning) {
  Must(notes_->UpdateMetadata({{"n", 11}}, {{}, "id IN ('id3', 'id4')"}));
  const auto before = Answers();
  Close();
  const std::string whole = path_;
  const auto damage_and_open = [&](const std::string& name, const auto& damage) {
    SCOPED_TRACE(name);
    path_ = temporary_ / name;
    fs::copy(whole, path_, fs::copy_options::recursive);
    ASSERT_EQ(Columns().size(), 1u);
    const fs::path damaged = Columns()[0];
    damage(damaged);
    Open();
    OpenCollection();
    EXPECT_EQ(Answers(), before);
    WaitUntil([&] {
      return !Stats().warnings.empty() && Columns().size() == 1 && Columns()[0] != damaged;
    });
    EXPECT_EQ(Answers(), before);
    ASSERT_EQ(Stats().warnings.size(), 1u);
    EXPECT_NE(Stats().warnings[0].find("columns of filters"), std::string::npos);
    EXPECT_EQ(Stats().graph_insertions, 0u);
    Reopen();
    EXPECT_EQ(Answers(), before);
    EXPECT_EQ(Stats().warnings, std::vector<std::string>());
    Close();
  };
  damage_and_open("missing", [](const fs::path& file) { fs::remove(file); });
  damage_and_open("empty", [](const fs::path& file) { fs::resize_file(file, 0); });
  damage_and_open("truncated",
                  [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); });
  damage_and_open("of another", [&](const fs::path& file) {
    std::ofstream(file, std::ios::trunc) << "not columns at all";
  });
  damage_and_open("flipped", [](const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(100);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(100);
    file.put(byte);
  });
}

TEST_F(IndexFilesTest, SegmentsInMemoryGoToFilesAtClose) {
  Close();
  index_.least_rows_of_file = 1'000'000;
  Open();
  OpenCollection();
  Rows more = MakeRows(kRows, 9000, kDimension);
  more.metadata.assign(9000, Metadata{{"n", 1}});
  Upsert(*notes_, more);
  WaitForBuilder();
  const auto before = Answers();
  const std::uint64_t segments = Stats().segments;
  EXPECT_GE(segments, 2u);
  EXPECT_EQ(Images().size(), 1u) << "that of the segment before";
  Close();
  EXPECT_EQ(Images().size(), segments);
  Open();
  OpenCollection();
  EXPECT_EQ(Stats().segments, segments);
  EXPECT_EQ(Stats().graph_insertions, 0u);
  EXPECT_EQ(Answers(), before);
}

}  // namespace
}  // namespace tracevec
