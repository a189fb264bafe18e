// Opening, creating, sharing and closing a database.

#include "tracevec/database.h"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "retrieval/database_impl.h"
#include "storage/marker.h"
#include "storage/marker_file.h"
#include "tests/fault_file_system.h"
#include "tests/test_database.h"

namespace tracevec {
namespace {

constexpr char kHeldPath[] = "TRACEVEC_TEST_HELD_DATABASE";
constexpr char kReadyPipe[] = "TRACEVEC_TEST_READY_PIPE";

/// Another process that has a database open for writing, until the end of its scope, when it is
/// killed. It is this program, started anew.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& path) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      setenv(kHeldPath, path.c_str(), 1);
      setenv(kReadyPipe, std::to_string(ends[1]).c_str(), 1);
      execl("/proc/self/exe", "other-process", "--gtest_also_run_disabled_tests",
            "--gtest_filter=OtherProcess.DISABLED_HoldsADatabase", nullptr);
      _exit(127);
    }
    close(ends[1]);
    char ready = 0;
    EXPECT_EQ(read(ends[0], &ready, 1), 1) << "the other process did not open the database";
    close(ends[0]);
  }
  ~OtherProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

/// The body of OtherProcess: writes one vector and waits to be killed.
TEST(OtherProcess, DISABLED_HoldsADatabase) {
  const char* path = std::getenv(kHeldPath);
  const char* ready_pipe = std::getenv(kReadyPipe);
  if (path == nullptr || ready_pipe == nullptr) GTEST_SKIP() << "started by OtherProcess only";
  const auto database = Must(Database::Open(path));
  Collection notes = Must(database->GetOrCreateCollection("notes", 4));
  Upsert(notes, MakeRows(0, 1, 4));
  if (write(std::atoi(ready_pipe), "r", 1) != 1) _exit(1);
  for (;;) pause();
}

class OpenTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> Open(OpenOptions options = {}) {
    options.store_memory_bytes = 8 << 20;
    return Database::Open(path_, options);
  }
  static OpenOptions Reading() {
    OpenOptions options;
    options.mode = OpenMode::kRead;
    return options;
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "db";
};

TEST_F(OpenTest, CreatesADatabaseAndFindsEverythingAgain) {
  CollectionSchema schema = BodySchema(4, Metric::kL2);
  schema.vectors["body"].space = {"model", "1", "l2", "d: ", "q: "};
  schema.vectors["body"].embed_template = "{title}: {text}";
  schema.vectors["image"].dimension = 7;
  schema.text = TextField{"dutch"};
  schema.metadata = {{"year", MetadataType::kInt}, {"tags", MetadataType::kStringList}};
  std::uint64_t commit = 0;
  {
    const auto database = Must(Open());
    EXPECT_EQ(database->path(), path_);
    Collection pages = Must(database->CreateCollection("pages", schema));
    Rows rows = MakeRows(0, 3, 4);
    UpsertRequest request = rows.Request();
    request.vectors = {{"body", rows.vectors}};
    Must(pages.Upsert(request));
    commit = Must(database->Stats()).commit;
    EXPECT_EQ(commit, 2u);
  }
  const auto database = Must(Open());
  EXPECT_EQ(Must(database->ListCollections()), std::vector<std::string>{"pages"});
  const Collection pages = Must(database->GetCollection("pages"));
  EXPECT_EQ(pages.name(), "pages");
  EXPECT_EQ(pages.schema(), schema);
  EXPECT_EQ(Must(pages.Count()), 3u);
  const DatabaseStats stats = Must(database->Stats());
  EXPECT_EQ(stats.commit, commit);
  EXPECT_EQ(stats.timeline, 1u);
  EXPECT_EQ(stats.collections, 1u);
  EXPECT_EQ(stats.format_version, 1u);
  EXPECT_GT(stats.disk_bytes, 0u);
  EXPECT_FALSE(stats.kernels.empty());
  EXPECT_EQ(stats.build.find(Version()), 0u) << stats.build;
}

TEST_F(OpenTest, WhatIsMissingIsNotCreatedWhenThatIsOff) {
  OpenOptions options;
  options.create_if_missing = false;
  EXPECT_TRUE(Fails(Open(options), StatusCode::kNotFound, {path_}));
  EXPECT_TRUE(Fails(Open(Reading()), StatusCode::kNotFound, {path_}));
  EXPECT_FALSE(std::filesystem::exists(path_));
  Must(Open());
  EXPECT_TRUE(Open(options).ok());
}

TEST_F(OpenTest, AForeignDirectoryAndAFileAreRefusedAndNotTouched) {
  std::filesystem::create_directory(path_);
  std::ofstream(path_ + "/letter.txt") << "dear reader";
  std::ofstream(temporary_ / "file") << "not a database";
  const auto before = ReadFiles(temporary_.path());
  EXPECT_TRUE(Fails(Open(), StatusCode::kInvalidArgument, {path_, "nothing was changed"}));
  EXPECT_TRUE(Fails(Open(Reading()), StatusCode::kInvalidArgument, {path_}));
  EXPECT_TRUE(
      Fails(Database::Open(temporary_ / "file"), StatusCode::kInvalidArgument, {"is a file"}));
  EXPECT_EQ(ReadFiles(temporary_.path()), before);
}

TEST_F(OpenTest, ANewerFormatIsRefusedAndNotTouched) {
  Must(Open());
  std::ofstream(path_ + "/" + kMarkerFileName, std::ios::binary)
      << EncodeMarker({FormatRecord::kCurrentVersion + 1, Marker::State::kReady});
  const auto before = ReadFiles(path_);
  EXPECT_TRUE(Fails(Open(), StatusCode::kUnsupported, {"format 2"}));
  EXPECT_TRUE(Fails(Open(Reading()), StatusCode::kUnsupported, {"format 2"}));
  EXPECT_EQ(ReadFiles(path_), before);
}

TEST_F(OpenTest, UnknownKernelsAreUnsupportedAndNothingIsCreated) {
  setenv("TRACEVEC_KERNELS", "mmx", 1);
  const auto opened = Open();
  unsetenv("TRACEVEC_KERNELS");
  EXPECT_TRUE(Fails(opened, StatusCode::kUnsupported, {"mmx"}));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(OpenTest, NamedKernelsAreTheOnesUsed) {
  setenv("TRACEVEC_KERNELS", "scalar", 1);
  const auto opened = Open();
  unsetenv("TRACEVEC_KERNELS");
  EXPECT_EQ(Must((*opened)->Stats()).kernels, "scalar");
}

TEST_F(OpenTest, ASecondWriterInThisProcessIsRefusedUntilTheFirstCloses) {
  const auto first = Must(Open());
  EXPECT_TRUE(Fails(Open(), StatusCode::kUnavailable, {path_, "pid " + std::to_string(getpid())}));
  Must(first->Close());
  EXPECT_TRUE(Open().ok());
}

TEST_F(OpenTest, ASecondWriterInAnotherProcessIsRefusedWithTheHoldersPid) {
  const OtherProcess other(path_);
  EXPECT_TRUE(Fails(Open(), StatusCode::kUnavailable, {path_, std::to_string(other.pid())}));
  const auto reader = Must(Open(Reading()));
  EXPECT_EQ(Must(Must(reader->GetCollection("notes")).Count()), 1u);
}

TEST_F(OpenTest, AKilledWriterLosesNothingAndStartsATimeline) {
  { const OtherProcess other(path_); }
  {
    const auto database = Must(Open());
    EXPECT_EQ(Must(Must(database->GetCollection("notes")).Count()), 1u);
    EXPECT_EQ(Must(database->Stats()).timeline, 2u);
  }
  EXPECT_EQ(Must(Must(Open())->Stats()).timeline, 2u) << "a clean shutdown starts none";
}

TEST_F(OpenTest, AReaderBesideALiveWriterKeepsTheStateAtItsOpening) {
  const auto writer = Must(Open());
  Collection notes = Must(writer->GetOrCreateCollection("notes", 4));
  Upsert(notes, MakeRows(0, 600, 4));
  const auto reader = Must(Open(Reading()));
  const Collection seen = Must(reader->GetCollection("notes"));
  Upsert(notes, MakeRows(600, 5, 4));
  Must(notes.Delete({std::vector<std::string>{"id0"}, {}}));
  Must(writer->GetOrCreateCollection("later", 4));
  EXPECT_EQ(Must(seen.Count()), 600u);
  EXPECT_EQ(GetOne(seen, "id0").id, "id0");
  EXPECT_EQ(Must(reader->ListCollections()), std::vector<std::string>{"notes"});
  EXPECT_EQ(Must(Must(Must(Open(Reading()))->GetCollection("notes")).Count()), 604u);
}

TEST_F(OpenTest, AReadOnlyDatabaseRefusesEveryWriteAndChangesNoByte) {
  {
    const auto writer = Must(Open());
    Collection notes = Must(writer->GetOrCreateCollection("notes", 4));
    Upsert(notes, MakeRows(0, 600, 4));
  }
  const auto before = ReadFiles(path_);
  const auto reader = Must(Open(Reading()));
  Collection notes = Must(reader->GetOrCreateCollection("notes", 4));
  const Rows rows = MakeRows(0, 1, 4);
  Document document;
  document.id = "a";
  const std::vector<Status> refused = {
      notes.Upsert(rows.Request()).status(),
      notes.Delete({rows.ids, {}}).status(),
      notes.UpdateMetadata({{"a", 1}}, {rows.ids, {}}).status(),
      notes.PutDocument(document).status(),
      notes.PutDocuments({&document, 1}).status(),
      notes.DeleteDocument("a").status(),
      reader->CreateCollection("new", BodySchema(4)).status(),
      reader->GetOrCreateCollection("new", 4).status(),
      reader->DropCollection("notes"),
  };
  for (const Status& status : refused) EXPECT_TRUE(Fails(status, StatusCode::kReadOnly, {path_}));
  EXPECT_EQ(Must(notes.Count()), 600u);
  EXPECT_EQ(ReadAll(Must(notes.Scan())).size(), 600u);
  SearchRequest request;
  request.vector = rows.vectors;
  EXPECT_EQ(Must(notes.Search(request)).hits.size(), 10u);
  EXPECT_TRUE(Must(notes.PlanUpdate(document)).to_embed.empty());
  Must(reader->Close());
  EXPECT_EQ(ReadFiles(path_), before);
}

TEST_F(OpenTest, AfterCloseEveryCallReturnsClosed) {
  const auto database = Must(Open());
  Collection notes = Must(database->GetOrCreateCollection("notes", 4));
  const Rows rows = MakeRows(0, 3, 4);
  Upsert(notes, rows);
  Scanner scanner = Must(notes.Scan());
  SearchRequest search;
  search.vector = std::span(rows.vectors).first(4);
  const SearchResponse answer = Must(notes.Search(search));
  BatchRequest batch;
  batch.vectors = rows.vectors;
  Document document;
  document.id = "a";
  Must(database->Close());
  EXPECT_TRUE(database->Close().ok()) << "closing twice is no error";

  const std::vector<Status> closed = {
      notes.Upsert(rows.Request()).status(),
      notes.Delete({rows.ids, {}}).status(),
      notes.UpdateMetadata({{"a", 1}}, {rows.ids, {}}).status(),
      notes.Get(rows.ids).status(),
      notes.Count().status(),
      notes.Scan().status(),
      scanner.Next().status(),
      notes.Search(search).status(),
      notes.SearchBatch(batch).status(),
      notes.PutDocument(document).status(),
      notes.PutDocuments({&document, 1}).status(),
      notes.PlanUpdate(document).status(),
      notes.GetDocument("a").status(),
      notes.History("a").status(),
      notes.DeleteDocument("a").status(),
      notes.Stats().status(),
      database->CreateCollection("b", BodySchema(4)).status(),
      database->GetCollection("notes").status(),
      database->GetOrCreateCollection("notes", 4).status(),
      database->DropCollection("notes"),
      database->ListCollections().status(),
      database->Stats().status(),
  };
  for (std::size_t i = 0; i < closed.size(); ++i) {
    EXPECT_TRUE(Fails(closed[i], StatusCode::kClosed)) << "call " << i;
  }
  EXPECT_EQ(notes.name(), "notes");
  EXPECT_EQ(notes.schema().vectors.size(), 1u);
  EXPECT_EQ(answer.receipt.returned, 3u);
}

TEST_F(OpenTest, HandlesOutliveTheirDatabaseAndSayThatItWasClosed) {
  auto database = Must(Open());
  const Collection notes = Must(database->GetOrCreateCollection("notes", 4));
  const Collection copy = notes;
  database.reset();
  EXPECT_TRUE(Fails(notes.Count(), StatusCode::kClosed, {path_}));
  EXPECT_TRUE(Fails(copy.Count(), StatusCode::kClosed));
  EXPECT_TRUE(Open().ok()) << "the directory is free again";
}

/// Whether a vector is still there after power went off right after it was written. What is left
/// of unsynced bytes depends on the seed.
bool SurvivesPowerLoss(Durability of_database, std::optional<Durability> of_collection,
                       std::optional<bool> of_call, std::uint64_t seed) {
  const TemporaryDirectory temporary;
  const TemporaryDirectory attic;
  const auto disk = std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), attic.path());
  const std::string path = temporary / "db";
  OpenOptions options;
  options.store_memory_bytes = 8 << 20;
  options.durability = Durability::kSync;
  {
    const auto database = Must(OpenForTest(path, options, disk));
    Must(database->CreateCollection("notes", BodySchema(4), {of_collection}));
  }
  options.durability = of_database;
  {
    const auto database = Must(OpenForTest(path, options, disk));
    Collection notes = Must(database->GetCollection("notes"));
    const Rows rows = MakeRows(0, 1, 4);
    UpsertRequest request = rows.Request();
    request.sync = of_call;
    Must(notes.Upsert(request));
    disk->PowerOff();
  }
  disk->DropUnsynced(seed);
  const auto database = Must(OpenForTest(path, options, disk));
  return Must(Must(database->GetCollection("notes")).Count()) == 1;
}

bool AlwaysSurvives(Durability of_database, std::optional<Durability> of_collection,
                    std::optional<bool> of_call) {
  bool always = true;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    always = always && SurvivesPowerLoss(of_database, of_collection, of_call, seed);
  }
  return always;
}

TEST(Durability, TheCallDecidesBeforeTheCollectionAndThatBeforeTheDatabase) {
  constexpr auto kAsync = Durability::kAsync;
  constexpr auto kSync = Durability::kSync;
  EXPECT_TRUE(AlwaysSurvives(kSync, {}, {}));
  EXPECT_FALSE(AlwaysSurvives(kAsync, {}, {}));
  EXPECT_TRUE(AlwaysSurvives(kAsync, kSync, {}));
  EXPECT_FALSE(AlwaysSurvives(kSync, kAsync, {}));
  EXPECT_TRUE(AlwaysSurvives(kAsync, kAsync, true));
  EXPECT_FALSE(AlwaysSurvives(kSync, kSync, false));
}

}  // namespace
}  // namespace tracevec
