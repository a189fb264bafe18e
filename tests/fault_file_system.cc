#include "tests/fault_file_system.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <utility>

#include "tests/fault_files.h"

// RocksDB 7.8 leaks the new memtable of a flush that cannot create its log. LeakSanitizer finds
// this function only where the executable exports it.
extern "C" [[gnu::visibility("default")]] const char* __lsan_default_suppressions();  // NOLINT
extern "C" const char* __lsan_default_suppressions() {
  return "leak:rocksdb::ColumnFamilyData::ConstructNewMemtable\n";
}

namespace tracevec {
namespace {

constexpr std::uint64_t kSectorBytes = 512;

/// One spelling for each path, so that "a//b" is "a/b".
std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

bool IsManifest(const std::string& path) { return path.find("/MANIFEST-") != std::string::npos; }

std::string DirectoryOf(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

// --- Setting faults ---

FaultFileSystem::FaultFileSystem(std::shared_ptr<rocksdb::FileSystem> base, std::string attic)
    : FileSystemWrapper(std::move(base)), attic_(std::move(attic)) {}

FaultFileSystem::~FaultFileSystem() {
  for (const EntryChange& change : changes_) {
    if (!change.saved.empty()) target_->DeleteFile(change.saved, {}, nullptr);
  }
}

void FaultFileSystem::FailCall(std::uint64_t n, Lasts lasts, unsigned calls) {
  const std::lock_guard lock(mutex_);
  counted_calls_ = calls;
  calls_ = 0;
  fail_at_ = n;
  lasts_ = lasts;
}

void FaultFileSystem::PowerOffAtCall(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  counted_calls_ = kAllCalls;
  calls_ = 0;
  power_off_at_ = n;
  if (n == 0) power_is_off_ = true;
}

void FaultFileSystem::KillAtCall(std::uint64_t n, unsigned calls) {
  const std::lock_guard lock(mutex_);
  counted_calls_ = calls;
  calls_ = 0;
  kill_at_ = n;
}

bool FaultFileSystem::power_is_off() const {
  const std::lock_guard lock(mutex_);
  return power_is_off_;
}

std::uint64_t FaultFileSystem::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultFileSystem::SetFreeBytes(std::uint64_t bytes, FreeSpace free_space) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
  free_space_ = free_space;
}

void FaultFileSystem::ClearFaults() {
  const std::lock_guard lock(mutex_);
  fail_at_ = kNever;
  power_off_at_ = kNever;
  kill_at_ = kNever;
  free_bytes_.reset();
}

rocksdb::IOStatus FaultFileSystem::Enter(unsigned call) {
  const std::lock_guard lock(mutex_);
  if ((call & counted_calls_) != 0) {
    ++calls_;
    if (calls_ == kill_at_) raise(SIGKILL);
    if (calls_ == power_off_at_) power_is_off_ = true;
    if (calls_ == fail_at_ || (calls_ > fail_at_ && lasts_ == Lasts::kFromThenOn)) {
      return rocksdb::IOStatus::IOError("injected: call " + std::to_string(calls_));
    }
  }
  if (power_is_off_) return rocksdb::IOStatus::IOError("injected: power is off");
  return rocksdb::IOStatus::OK();
}

std::uint64_t FaultFileSystem::TakeFreeBytes(std::uint64_t wanted) {
  const std::lock_guard lock(mutex_);
  if (!free_bytes_) return wanted;
  const std::uint64_t taken = std::min(wanted, *free_bytes_);
  *free_bytes_ -= taken;
  return taken;
}

// --- Files ---

rocksdb::IOStatus FaultFileSystem::NewSequentialFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSSequentialFile>* file, rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  rocksdb::IOStatus status = target_->NewSequentialFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<FaultSequentialFile>(std::move(*file), this);
  return status;
}

rocksdb::IOStatus FaultFileSystem::NewRandomAccessFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* file, rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  rocksdb::IOStatus status = target_->NewRandomAccessFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<FaultRandomAccessFile>(std::move(*file), this);
  return status;
}

rocksdb::IOStatus FaultFileSystem::NewWritableFile(const std::string& path,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kWriting); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const bool existed = target_->FileExists(path, {}, nullptr).ok();
  rocksdb::IOStatus status = target_->NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  const auto state = std::make_shared<FileState>();
  files_[Normal(path)] = state;
  if (!existed) NoteCreated(Normal(path), /*is_directory=*/false);
  *file = std::make_unique<FaultWritableFile>(std::move(*file), this, state);
  return status;
}

rocksdb::IOStatus FaultFileSystem::ReopenWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kWriting); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const bool existed = target_->FileExists(path, {}, nullptr).ok();
  const SharedState state = existed ? StateOf(Normal(path)) : std::make_shared<FileState>();
  rocksdb::IOStatus status = target_->ReopenWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  files_[Normal(path)] = state;
  if (!existed) NoteCreated(Normal(path), /*is_directory=*/false);
  *file = std::make_unique<FaultWritableFile>(std::move(*file), this, state);
  return status;
}

rocksdb::IOStatus FaultFileSystem::ReuseWritableFile(
    const std::string& path, const std::string& /*old_path*/,
    const rocksdb::FileOptions& /*options*/, std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
    rocksdb::IODebugContext* /*debug*/) {
  return rocksdb::IOStatus::NotSupported("FaultFileSystem: reusing a file", path);
}

rocksdb::IOStatus FaultFileSystem::NewRandomRWFile(
    const std::string& path, const rocksdb::FileOptions& /*options*/,
    std::unique_ptr<rocksdb::FSRandomRWFile>* /*file*/, rocksdb::IODebugContext* /*debug*/) {
  return rocksdb::IOStatus::NotSupported("FaultFileSystem: writing in place", path);
}

rocksdb::IOStatus FaultFileSystem::GetFileSize(const std::string& path,
                                               const rocksdb::IOOptions& options,
                                               std::uint64_t* size,
                                               rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  return target_->GetFileSize(path, options, size, debug);
}

rocksdb::IOStatus FaultFileSystem::GetFreeSpace(const std::string& path,
                                                const rocksdb::IOOptions& options,
                                                std::uint64_t* bytes,
                                                rocksdb::IODebugContext* debug) {
  const rocksdb::IOStatus status = target_->GetFreeSpace(path, options, bytes, debug);
  const std::lock_guard lock(mutex_);
  if (status.ok() && free_bytes_ && free_space_ == FreeSpace::kTold) *bytes = *free_bytes_;
  return status;
}

// --- Directories ---

rocksdb::IOStatus FaultFileSystem::NewDirectory(const std::string& path,
                                                const rocksdb::IOOptions& options,
                                                std::unique_ptr<rocksdb::FSDirectory>* directory,
                                                rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  rocksdb::IOStatus status = target_->NewDirectory(path, options, directory, debug);
  if (status.ok()) {
    *directory = std::make_unique<FaultDirectory>(std::move(*directory), Normal(path), this);
  }
  return status;
}

rocksdb::IOStatus FaultFileSystem::FileExists(const std::string& path,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  return target_->FileExists(path, options, debug);
}

rocksdb::IOStatus FaultFileSystem::GetChildren(const std::string& path,
                                               const rocksdb::IOOptions& options,
                                               std::vector<std::string>* names,
                                               rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  return target_->GetChildren(path, options, names, debug);
}

rocksdb::IOStatus FaultFileSystem::GetChildrenFileAttributes(
    const std::string& path, const rocksdb::IOOptions& options,
    std::vector<rocksdb::FileAttributes>* files, rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  return target_->GetChildrenFileAttributes(path, options, files, debug);
}

rocksdb::IOStatus FaultFileSystem::IsDirectory(const std::string& path,
                                               const rocksdb::IOOptions& options,
                                               bool* is_directory, rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kReading); !status.ok()) return status;
  return target_->IsDirectory(path, options, is_directory, debug);
}

rocksdb::IOStatus FaultFileSystem::DeleteFile(const std::string& path,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  EntryChange change;
  change.kind = EntryChange::Kind::kDeleted;
  change.path = Normal(path);
  change.directory = DirectoryOf(change.path);
  change.saved = NextSavedName();
  change.saved_state = StateOf(change.path);
  const rocksdb::IOStatus status = target_->RenameFile(path, change.saved, options, debug);
  if (!status.ok()) return status;
  files_.erase(change.path);
  changes_.push_back(std::move(change));
  return status;
}

rocksdb::IOStatus FaultFileSystem::CreateDir(const std::string& path,
                                             const rocksdb::IOOptions& options,
                                             rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const rocksdb::IOStatus status = target_->CreateDir(path, options, debug);
  if (status.ok()) NoteCreated(Normal(path), /*is_directory=*/true);
  return status;
}

rocksdb::IOStatus FaultFileSystem::CreateDirIfMissing(const std::string& path,
                                                      const rocksdb::IOOptions& options,
                                                      rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const bool existed = target_->FileExists(path, {}, nullptr).ok();
  const rocksdb::IOStatus status = target_->CreateDirIfMissing(path, options, debug);
  if (status.ok() && !existed) NoteCreated(Normal(path), /*is_directory=*/true);
  return status;
}

rocksdb::IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  EntryChange change;
  change.kind = EntryChange::Kind::kRenamed;
  change.path = Normal(from);
  change.renamed_to = Normal(to);
  change.directory = DirectoryOf(change.renamed_to);
  if (target_->FileExists(to, {}, nullptr).ok()) {
    change.saved = NextSavedName();
    change.saved_state = StateOf(change.renamed_to);
    const rocksdb::IOStatus linked = target_->LinkFile(to, change.saved, options, debug);
    if (!linked.ok()) return linked;
  }
  const SharedState state = StateOf(change.path);
  const rocksdb::IOStatus status = target_->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  files_.erase(change.path);
  files_[change.renamed_to] = state;
  changes_.push_back(std::move(change));
  return status;
}

rocksdb::IOStatus FaultFileSystem::LinkFile(const std::string& from, const std::string& to,
                                            const rocksdb::IOOptions& options,
                                            rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const rocksdb::IOStatus status = target_->LinkFile(from, to, options, debug);
  if (!status.ok()) return status;
  files_[Normal(to)] = StateOf(Normal(from));
  NoteCreated(Normal(to), /*is_directory=*/false);
  return status;
}

rocksdb::IOStatus FaultFileSystem::LockFile(const std::string& path,
                                            const rocksdb::IOOptions& options,
                                            rocksdb::FileLock** lock,
                                            rocksdb::IODebugContext* debug) {
  if (auto status = Enter(kRenaming); !status.ok()) return status;
  const std::lock_guard guard(mutex_);
  const bool existed = target_->FileExists(path, {}, nullptr).ok();
  const rocksdb::IOStatus status = target_->LockFile(path, options, lock, debug);
  if (status.ok() && !existed) NoteCreated(Normal(path), /*is_directory=*/false);
  return status;
}

// --- What is durable ---

void FaultFileSystem::OnDirectoryFsync(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::erase_if(changes_, [&](const EntryChange& change) {
    if (change.directory != directory) return false;
    if (!change.saved.empty()) target_->DeleteFile(change.saved, {}, nullptr);
    return true;
  });
}

FaultFileSystem::SharedState FaultFileSystem::StateOf(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second;
  // Written before this file system was there: all of it counts as durable.
  auto state = std::make_shared<FileState>();
  if (target_->GetFileSize(path, {}, &state->size, nullptr).ok()) state->synced = state->size;
  return state;
}

void FaultFileSystem::NoteCreated(const std::string& path, bool is_directory) {
  EntryChange change;
  change.kind = is_directory ? EntryChange::Kind::kDirectoryCreated : EntryChange::Kind::kCreated;
  change.path = path;
  change.directory = DirectoryOf(path);
  changes_.push_back(std::move(change));
}

std::string FaultFileSystem::NextSavedName() {
  return attic_ + "/" + std::to_string(++saved_names_);
}

void FaultFileSystem::Undo(const EntryChange& change) {
  switch (change.kind) {
    case EntryChange::Kind::kCreated:
      target_->DeleteFile(change.path, {}, nullptr);
      files_.erase(change.path);
      return;
    case EntryChange::Kind::kDirectoryCreated: DeleteTree(change.path); return;
    case EntryChange::Kind::kDeleted:
      target_->RenameFile(change.saved, change.path, {}, nullptr);
      files_[change.path] = change.saved_state;
      return;
    case EntryChange::Kind::kRenamed:
      target_->RenameFile(change.renamed_to, change.path, {}, nullptr);
      files_[change.path] = files_[change.renamed_to];
      files_.erase(change.renamed_to);
      if (change.saved.empty()) return;
      target_->RenameFile(change.saved, change.renamed_to, {}, nullptr);
      files_[change.renamed_to] = change.saved_state;
      return;
  }
}

void FaultFileSystem::DeleteTree(const std::string& path) {
  std::filesystem::remove_all(path);
  std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(path + "/"); });
}

void FaultFileSystem::DropTail(const std::string& path, const FileState& state,
                               std::mt19937_64& random) {
  if (state.size == state.synced) return;
  std::string bytes;
  if (!rocksdb::ReadFileToString(target_.get(), path, &bytes).ok()) return;
  const std::uint64_t unsynced = state.size - state.synced;
  std::uint64_t kept = unsynced;  // In a quarter of the cases all of it, in another nothing.
  const std::uint64_t fate = random() % 4;
  if (fate == 0) kept = 0;
  if (fate >= 2) kept = random() % (unsynced + 1);
  bytes.resize(static_cast<std::size_t>(state.synced + kept));
  // The last sector may have got its place in the file, but not (all of) its content.
  if (kept > 0 && random() % 4 == 0 && !IsManifest(path)) {
    const std::uint64_t sector = (bytes.size() - 1) / kSectorBytes * kSectorBytes;
    const bool zeros = random() % 2 == 0;
    for (std::uint64_t i = std::max(sector, state.synced); i < bytes.size(); ++i) {
      bytes[static_cast<std::size_t>(i)] = zeros ? '\0' : static_cast<char>(random());
    }
  }
  rocksdb::WriteStringToFile(target_.get(), bytes, path);
}

void FaultFileSystem::DropUnsynced(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::size_t> kept;  // Directory -> how many of its changes are on disk.
  for (const EntryChange& change : changes_) ++kept[change.directory];
  for (auto& [directory, count] : kept) count = random() % (count + 1);
  std::vector<const EntryChange*> lost;
  for (const EntryChange& change : changes_) {
    if (kept[change.directory] > 0) {
      --kept[change.directory];
      if (!change.saved.empty()) target_->DeleteFile(change.saved, {}, nullptr);
    } else {
      lost.push_back(&change);
    }
  }
  for (auto change = lost.rbegin(); change != lost.rend(); ++change) Undo(**change);
  for (const auto& [path, state] : files_) DropTail(path, *state, random);
  changes_.clear();
  files_.clear();
  power_is_off_ = false;
  fail_at_ = kNever;
  power_off_at_ = kNever;
  free_bytes_.reset();
}

}  // namespace tracevec
