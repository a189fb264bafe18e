#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "retrieval/database_impl.h"
#include "tests/fault_file_system.h"
#include "tests/killed_process.h"
#include "tests/small_index_options.h"
#include "tests/test_documents.h"
#include "tests/test_seed.h"

// Long operations, killed at each call by which they change a file: before each write, sync and
// change of a directory of a migration's fill, cut-over, roll-back and end, and of an erasure. What
// is left must be a state that the operation may leave, and the operation must then do its work.

namespace tracevec {
namespace {

constexpr char kChildRole[] = "--operate-until-killed";
constexpr std::uint32_t kOldDimension = 6;
constexpr std::uint32_t kNewDimension = 9;
constexpr int kPages = 24;
constexpr std::uint64_t kDone = 1;
constexpr std::uint64_t kFailed = 2;
constexpr unsigned kChanges =
    FaultFileSystem::kWriting | FaultFileSystem::kSyncing | FaultFileSystem::kRenaming;

const std::string kSecret = "the marker of a text that nobody else has";

Result<std::unique_ptr<Database>> OpenFiles(const std::string& path,
                                            std::shared_ptr<rocksdb::FileSystem> files = nullptr) {
  OpenOptions options;
  options.store_memory_bytes = 8 << 20;
  return OpenForTest(path, options, std::move(files), kSmallIndexOptions);
}

SwitchOptions Embedding(std::uint32_t dimension) {
  SwitchOptions options;
  options.embed = HashEmbedder(dimension);
  return options;
}

/// What is killed, how a database is made ready for it, and what holds afterwards.
struct Operation {
  std::string name;
  std::function<void(Collection&)> prepare;
  std::function<Status(Collection&)> run;
  /// Looks at what a kill left and brings the operation to its end.
  std::function<void(Database&, const std::string& path)> finish;
};

Document Page(int i) {
  const std::string n = std::to_string(i);
  return MakePage("page " + n, {"first text of " + n, "second text of " + n, "common"});
}

/// All chunks are there, with vectors of one space, which searches ask.
void ExpectServed(const Collection& pages, std::size_t chunks) {
  const std::uint32_t dimension = pages.schema().vectors.at("body").dimension;
  EXPECT_EQ(Must(pages.Stats()).warnings, std::vector<std::string>{});
  EXPECT_EQ(Must(pages.Count()), chunks);
  ScanOptions options;
  options.with_vectors = true;
  std::size_t seen = 0;
  for (const Chunk& chunk : ReadAll(Must(pages.Scan(options)))) {
    ASSERT_EQ(chunk.vectors.at("body"), HashVector(chunk.text, dimension));
    ++seen;
  }
  EXPECT_EQ(seen, chunks);
  const std::vector<float> query = HashVector("first text of 3", dimension);
  SearchRequest request;
  request.vector = query;
  request.k = 1;
  EXPECT_EQ(Must(pages.Search(request)).hits.at(0).text, "first text of 3");
}

void ExpectInForce(const Collection& pages, std::uint32_t dimension) {
  EXPECT_EQ(pages.schema().vectors.at("body").dimension, dimension);
  ExpectServed(pages, 3 * kPages);
}

void BeginMigration(Collection& pages) {
  VectorField to;
  to.dimension = kNewDimension;
  Must(pages.BeginMigration("body", to));
}

Collection PagesOf(Database& database) { return Must(database.GetCollection("pages")); }

/// Both are allowed as long as the switch is not done; then it is done, and undone.
void FinishSwitch(Database& database, bool to_new) {
  Collection pages = PagesOf(database);
  const bool is_new = Must(pages.Migration()).cut_over;
  ExpectInForce(pages, is_new ? kNewDimension : kOldDimension);
  if (is_new != to_new) {
    Must(to_new ? pages.CutOver() : pages.RollBack());
  }
  ExpectInForce(pages, to_new ? kNewDimension : kOldDimension);
  Must(to_new ? pages.RollBack() : pages.CutOver());
  ExpectInForce(pages, to_new ? kOldDimension : kNewDimension);
}

void FinishFill(Database& database) {
  Collection pages = PagesOf(database);
  ExpectInForce(pages, kOldDimension);
  const std::uint64_t filled = Must(pages.Migration()).filled;
  std::vector<std::string> seen;
  Must(pages.FillMigration(HashEmbedder(kNewDimension, &seen)));
  EXPECT_EQ(seen.size() + filled, 3u * kPages) << "nothing is embedded twice";
  Must(pages.CutOver());
  ExpectInForce(pages, kNewDimension);
}

void FinishEnd(Database& database) {
  Collection pages = PagesOf(database);
  ExpectInForce(pages, kNewDimension);
  const auto migration = pages.Migration();
  if (migration.ok()) Must(pages.FinishMigration());
  EXPECT_TRUE(Fails(pages.Migration(), StatusCode::kNotFound));
  ExpectInForce(pages, kNewDimension);
}

void FinishErasure(Database& database, const std::string& path) {
  Collection pages = PagesOf(database);
  const bool is_there = pages.GetDocument("secret").ok();
  ExpectServed(pages, 3 * kPages + (is_there ? 2 : 0));
  const ErasureCertificate certificate = Must(pages.EraseDocument("secret"));
  EXPECT_TRUE(certificate.complete || certificate.nothing_stored);
  EXPECT_FALSE(is_there && !certificate.complete);
  EXPECT_EQ(certificate.findings, std::vector<std::string>{});
  ExpectServed(pages, 3 * kPages);
  for (const auto& [name, content] : ReadFiles(path)) {
    EXPECT_EQ(content.find(kSecret), std::string::npos) << name;
  }
}

const std::vector<Operation>& Operations() {
  static const std::vector<Operation> operations = {
      {"fill", BeginMigration,
       [](Collection& pages) {
         FillOptions options;
         options.batch_size = 20;
         return pages.FillMigration(HashEmbedder(kNewDimension), options).status();
       },
       [](Database& database, const std::string&) { FinishFill(database); }},
      {"cut over",
       [](Collection& pages) {
         BeginMigration(pages);
         Must(pages.FillMigration(HashEmbedder(kNewDimension)));
       },
       [](Collection& pages) { return pages.CutOver().status(); },
       [](Database& database, const std::string&) { FinishSwitch(database, true); }},
      {"roll back",
       [](Collection& pages) {
         BeginMigration(pages);
         Must(pages.CutOver(Embedding(kNewDimension)));
       },
       [](Collection& pages) { return pages.RollBack().status(); },
       [](Database& database, const std::string&) { FinishSwitch(database, false); }},
      {"finish",
       [](Collection& pages) {
         BeginMigration(pages);
         Must(pages.CutOver(Embedding(kNewDimension)));
       },
       [](Collection& pages) { return pages.FinishMigration(); },
       [](Database& database, const std::string&) { FinishEnd(database); }},
      {"erase",
       [](Collection& pages) {
         PutOptions options;
         options.embed[""] = HashEmbedder(kOldDimension);
         Must(pages.PutDocument(MakePage("secret", {kSecret, "common"}), options));
         Must(pages.Rebuild());
       },
       [](Collection& pages) { return pages.EraseDocument("secret").status(); }, FinishErasure}};
  return operations;
}

const Operation& OperationOf(const std::string& name) {
  for (const Operation& operation : Operations()) {
    if (operation.name == name) return operation;
  }
  throw std::runtime_error("no operation '" + name + "'");
}

/// The child: runs the operation and dies at the n-th change; or says that there are fewer.
int OperateUntilKilled(const std::vector<std::string>& arguments) {
  const Operation& operation = OperationOf(arguments[0]);
  const std::string& directory = arguments[1];
  const auto files =
      std::make_shared<FaultFileSystem>(rocksdb::FileSystem::Default(), directory + "/attic");
  auto database = OpenFiles(directory + "/db", files);
  if (database.ok()) {
    Collection pages = PagesOf(**database);
    files->KillAtCall(std::stoull(arguments[2]), kChanges);
    const Status status = operation.run(pages);
    if (status.ok()) {
      files->ClearFaults();
      ChildRole::Report(kDone);
      pause();
    }
    std::fprintf(stderr, "child: %s\n", status.ToString().c_str());
  }
  ChildRole::Report(kFailed);
  return 1;
}

const ChildRole kRole(kChildRole, OperateUntilKilled);

void Prepare(const Operation& operation, const std::string& path) {
  const auto database = Must(OpenFiles(path));
  Collection pages = Must(database->CreateCollection("pages", BodySchema(kOldDimension)));
  std::vector<Document> documents;
  for (int i = 0; i < kPages; ++i) documents.push_back(Page(i));
  Collection::PutManyOptions options;
  options.put.embed[""] = HashEmbedder(kOldDimension);
  Must(pages.PutDocuments(documents, options));
  operation.prepare(pages);
  Must(database->Close());
}

class KillSteps : public ::testing::TestWithParam<std::string> {
 protected:
  /// False when the operation ended before its n-th change.
  bool KillAt(const std::string& prepared, std::uint64_t n) {
    const TemporaryDirectory directory;
    std::filesystem::copy(prepared, directory / "db", std::filesystem::copy_options::recursive);
    std::filesystem::create_directory(directory / "attic");
    KilledProcess child(kChildRole, {GetParam(), directory.path(), std::to_string(n)});
    const std::optional<std::uint64_t> report = child.NextReport();
    child.Kill();
    EXPECT_NE(report, kFailed);
    if (HasFailure()) return false;
    for (int round = 0; round < 2; ++round) {
      const auto database = Must(OpenFiles(directory / "db"));
      if (round == 0) {
        OperationOf(GetParam()).finish(*database, directory / "db");
      } else {
        Must(PagesOf(*database).Count());
      }
      Must(database->Close());
    }
    return report != kDone;
  }
};

TEST_P(KillSteps, LeaveWhatTheOperationMayLeaveAndItCanBeRepeated) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  std::mt19937_64 random(seed);
  // Each change at full length; else some of them, another choice each time. An erasure has 120.
  const std::size_t most_stride = GetParam() == "erase" ? 20 : 3;
  const std::size_t stride = (most_stride - 1) / TestIterations(1) + 1;
  const TemporaryDirectory directory;
  const std::string prepared = directory / "db";
  Prepare(OperationOf(GetParam()), prepared);
  std::uint64_t kills = 0;
  for (std::uint64_t n = 1 + random() % stride;; n += stride) {
    SCOPED_TRACE("killed at change " + std::to_string(n));
    if (!KillAt(prepared, n) || HasFailure()) break;
    ++kills;
  }
  RecordProperty("kills", static_cast<int>(kills));
  std::printf("%s: killed at %llu of its changes\n", GetParam().c_str(),
              static_cast<unsigned long long>(kills));
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Operation& operation : Operations()) names.push_back(operation.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operations, KillSteps, ::testing::ValuesIn(Names()),
                         [](const ::testing::TestParamInfo<std::string>& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace tracevec
