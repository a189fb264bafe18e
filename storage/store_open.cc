#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/return_if_error.h"
#include "storage/features.h"
#include "storage/marker_file.h"
#include "storage/records.h"
#include "storage/rocksdb_file_system.h"
#include "storage/rocksdb_options.h"
#include "storage/store_directory.h"
#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {
namespace {

/// How long a reader tries to open a store whose files its writer keeps replacing. A try takes some
/// milliseconds; on a busy machine twenty were not enough.
constexpr std::chrono::seconds kLongestTry{10};

/// Trailing slashes would make "db/" another name than "db".
std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Status Missing(const std::string& path, DirectoryKind kind, const StoreOptions& options) {
  const std::string_view what = kind == DirectoryKind::kMissing ? "does not exist"
                                : kind == DirectoryKind::kEmpty
                                    ? "holds no database"
                                    : "its creation was not finished, nothing was ever stored";
  return Status::NotFound(fmt::format(
      "{}: {}{}", path, what,
      options.read_only ? "; open it for writing to create it" : " and is not to be created"));
}

Status CheckFormat(const std::string& path, const std::string& stored) {
  const Result<FormatRecord> format = DecodeFormat(stored);
  if (!format.ok()) {
    return Status::Corruption(fmt::format("{}: {}", path, format.status().message()));
  }
  if (format->version > FormatRecord::kCurrentVersion) {
    return Status::Unsupported(
        fmt::format("{}: needs a version of TraceVec that reads format {}; this one reads up to "
                    "format {}",
                    path, format->version, FormatRecord::kCurrentVersion));
  }
  if (format->version != FormatRecord::kCurrentVersion) {
    return Status::Corruption(fmt::format("{}: the marker says format {}, the store format {}",
                                          path, FormatRecord::kCurrentVersion, format->version));
  }
  if ((format->feature_flags & ~kKnownFeatures) == 0) return Status::Ok();
  return Status::Unsupported(
      fmt::format("{}: uses features {:#x} that this version of TraceVec does not know; it was "
                  "created by version {}",
                  path, format->feature_flags & ~kKnownFeatures, format->created_by));
}

/// Whether a read-only open between two listings of the store's files missed no log. It does when a
/// writer flushes and deletes a log after the MANIFEST was read and before the logs are, and
/// RocksDB does not notice. Logs are deleted oldest first, so none is missed while the first ones
/// last.
bool ReadAllLogs(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const auto is_log = [](const std::string& name) { return name.ends_with(".log"); };
  if (std::none_of(before.begin(), before.end(), is_log)) {
    return std::none_of(after.begin(), after.end(), is_log);
  }
  return std::all_of(before.begin(), before.end(), [&](const std::string& name) {
    return !is_log(name) || std::binary_search(after.begin(), after.end(), name);
  });
}

/// Opens one store, step by step, into a StoreState.
class StoreOpener {
 public:
  StoreOpener(std::string path, const StoreOptions& options)
      : options_(options), state_(std::make_shared<StoreState>()) {
    state_->path = WithoutTrailingSlashes(std::move(path));
    state_->options = options;
    state_->read_only = options.read_only;
    state_->file_system =
        options.file_system ? options.file_system : rocksdb::FileSystem::Default();
    state_->env =
        rocksdb::NewCompositeEnv(std::make_shared<RocksdbFileSystem>(state_->file_system));
    state_->block_cache = MakeBlockCache(options);
    state_->image_files =
        std::make_unique<ImageFiles>(state_->file_system, ImagesPath(state_->path));
  }

  Result<std::shared_ptr<StoreState>> Open() {
    TRACEVEC_ASSIGN_OR_RETURN(DirectoryKind kind, InspectDirectory(file_system(), path()));
    if (kind != DirectoryKind::kReady && (options_.read_only || !options_.create_if_missing)) {
      return Missing(path(), kind, options_);
    }
    TRACEVEC_RETURN_IF_ERROR(options_.read_only ? OpenForReading() : OpenForWriting(kind));
    state_->opened = true;
    return state_;
  }

 private:
  /// Beside a writer, files come and go while they are opened, and what a try failed on the next
  /// one does not need. Only a failure while no file came or went is damage.
  Status OpenForReading() {
    NoteStoreThreads();
    const auto give_up = std::chrono::steady_clock::now() + kLongestTry;
    do {
      TRACEVEC_ASSIGN_OR_RETURN(const auto before, ListStoreFiles(file_system(), path()));
      Status status = CheckStoreFiles(file_system(), path());
      if (status.ok()) status = state_->OpenRocksdb(StoreState::OpenAs::kReader);
      TRACEVEC_ASSIGN_OR_RETURN(const auto after, ListStoreFiles(file_system(), path()));
      if (status.ok() && ReadAllLogs(before, after)) return CheckFormatRecord();
      if (!status.ok() && before == after) return status;
      state_->Abandon().IgnoreError("nothing was written");
    } while (std::chrono::steady_clock::now() < give_up);
    return Status::Unavailable(
        fmt::format("{}: its writer replaced files during each try to open it, for {} s; try again",
                    path(), kLongestTry.count()));
  }

  Status OpenForWriting(DirectoryKind kind) {
    if (StoreThreadsWereLost()) {
      return Status::Unavailable(fmt::format(
          "{}: this process was forked from one that had used TraceVec, whose threads did not "
          "survive; open it for reading, or write from a process started by exec (in Python: "
          "multiprocessing with \"spawn\")",
          path()));
    }
    NoteStoreThreads();
    if (kind != DirectoryKind::kReady) {
      TRACEVEC_RETURN_IF_ERROR(CreateDirectories(file_system(), path()));
    }
    TRACEVEC_ASSIGN_OR_RETURN(WriterLease lease, WriterLease::Acquire(path()));
    state_->lease.emplace(std::move(lease));
    if (kind != DirectoryKind::kReady) {
      const Result<DirectoryKind> begun = BeginCreation(file_system(), path());
      if (!begun.ok()) return ExplainIfLocked(begun.status());
      kind = *begun;
    }
    const bool creating = kind != DirectoryKind::kReady;
    if (!creating) TRACEVEC_RETURN_IF_ERROR(CheckStoreFiles(file_system(), path()));
    const auto role = creating ? StoreState::OpenAs::kCreator : StoreState::OpenAs::kWriter;
    if (const Status status = state_->OpenRocksdb(role); !status.ok())
      return ExplainIfLocked(status);
    return creating ? FinishCreation() : BeginWriting();
  }

  /// A refusal by the lock becomes Unavailable with its holder; any other failure stays itself.
  Status ExplainIfLocked(const Status& failure) const {
    const std::optional<pid_t> holder = FindLockHolder(LockPath(path()));
    if (!holder) return failure;
    return Status::Unavailable(
        fmt::format("{}: open for writing in process {}; close it there, or open it for reading",
                    path(), *holder));
  }

  Status FinishCreation() {
    StoreBatch batch;
    batch.Put(Table::kRecords, keys::Format(), EncodeFormat({.created_by = options_.created_by}));
    batch.Put(Table::kRecords, keys::CleanShutdown(), EncodeCleanShutdown(false));
    TRACEVEC_RETURN_IF_ERROR(WriteSynced(batch));
    state_->was_created = true;
    return WriteMarker(file_system(), path(), {.state = Marker::State::kReady});
  }

  Status CheckFormatRecord() {
    TRACEVEC_ASSIGN_OR_RETURN(const std::string format, GetRequired(keys::Format(), "format"));
    return CheckFormat(path(), format);
  }

  Status BeginWriting() {
    TRACEVEC_RETURN_IF_ERROR(CheckFormatRecord());
    TRACEVEC_ASSIGN_OR_RETURN(const std::string stored,
                              GetRequired(keys::CleanShutdown(), "clean shutdown"));
    TRACEVEC_ASSIGN_OR_RETURN(const bool clean, DecodeCleanShutdown(stored));
    state_->recovered_unclean = !clean;
    StoreBatch batch;
    batch.Put(Table::kRecords, keys::CleanShutdown(), EncodeCleanShutdown(false));
    return WriteSynced(batch);
  }

  Result<std::string> GetRequired(const std::string& key, std::string_view what) {
    std::string value;
    const rocksdb::Status status = state_->db->Get({}, state_->table(Table::kRecords), key, &value);
    if (status.IsNotFound()) {
      return Status::Corruption(fmt::format("{}: the {} record is missing", path(), what));
    }
    TRACEVEC_RETURN_IF_ERROR(FromRocksdb(status, path()));
    return value;
  }

  Status WriteSynced(StoreBatch& batch) {
    TRACEVEC_RETURN_IF_ERROR(batch.impl().status);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return FromRocksdb(state_->db->Write(synced, &batch.impl().batch), path());
  }

  const std::string& path() const { return state_->path; }
  rocksdb::FileSystem& file_system() const { return *state_->file_system; }

  const StoreOptions& options_;
  std::shared_ptr<StoreState> state_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& path, const StoreOptions& options) {
  return WithoutExceptions([&]() -> Result<std::unique_ptr<Store>> {
    if (path.empty()) return Status::InvalidArgument("the path of the database is empty");
    TRACEVEC_ASSIGN_OR_RETURN(std::shared_ptr<StoreState> state, StoreOpener(path, options).Open());
    return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(std::move(state))));
  });
}

}  // namespace tracevec
