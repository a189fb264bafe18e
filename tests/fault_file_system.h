#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace tracevec {

/// A file system on which calls fail, space runs out and power goes off when a test says so. It
/// knows what a real disk would still have after a power loss: of each file what was synced, of
/// each directory the entries there were at its last Fsync. Everything a database writes must go
/// through it (StoreOptions::file_system), or a test proves nothing about the rest.
///
/// Stricter than Linux where POSIX is: RangeSync makes nothing durable, and the Fsync of a new file
/// does not keep its directory entry. Not covered: RocksDB's own LOG (it is written past the file
/// system's files), and damage within the last, unsynced record of a MANIFEST. RocksDB takes a
/// short one for the end and refuses a damaged one as corruption, which it also is when that record
/// was synced and has rotted since; so here a MANIFEST is only cut. Safe for concurrent use.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  /// Bits that say which calls a fault is for.
  enum Calls : unsigned {
    kReading = 1,   ///< Reads, and opening a file for them; existence, size, listing.
    kWriting = 2,   ///< Appends, and opening a file for them.
    kSyncing = 4,   ///< Of files and directories.
    kRenaming = 8,  ///< Whatever changes entries of directories: rename, delete, create, lock.
    kAllCalls = 15,
  };
  enum class Lasts : std::uint8_t { kOnce, kFromThenOn };
  enum class FreeSpace : std::uint8_t { kTold, kHidden };

  /// `attic` is an empty directory on the same disk and outside what is tested: deleted files stay
  /// there until their deletion is durable.
  FaultFileSystem(std::shared_ptr<rocksdb::FileSystem> base, std::string attic);
  ~FaultFileSystem() override;

  /// The n-th call from now (1 is the next) of these kinds fails with an IOError.
  void FailCall(std::uint64_t n, Lasts lasts, unsigned calls = kAllCalls);
  /// At the n-th call from now of any kind power goes off, before the call has any effect.
  void PowerOffAtCall(std::uint64_t n);
  void PowerOff() { PowerOffAtCall(0); }
  /// At the n-th call from now of these kinds this process is killed with SIGKILL, before the call
  /// has any effect.
  void KillAtCall(std::uint64_t n, unsigned calls);
  bool power_is_off() const;
  /// Calls since the last of the four functions above, of the kinds it named. A test that fails
  /// the n-th call for n = 1, 2, 3... is through when n is larger.
  std::uint64_t calls() const;
  /// Appends fail with NoSpace, after writing what fits, once so many bytes were appended.
  /// GetFreeSpace tells what is left; or it does not, as where a quota is the limit.
  void SetFreeBytes(std::uint64_t bytes, FreeSpace free_space = FreeSpace::kTold);
  /// No more faults; power stays as it is.
  void ClearFaults();

  /// What the disk has after the power loss: per file a random part of the unsynced tail, whose
  /// last sector may be zeros or garbage, and per directory a random part of the changes to its
  /// entries, first to last. Afterwards power is on, and no fault is set. REQUIRES: power is off,
  /// and whoever had files open has closed them.
  void DropUnsynced(std::uint64_t seed);

  const char* Name() const override { return "FaultFileSystem"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  /// Not supported: what was written there could not be tracked.
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  /// Not supported, for the same reason.
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildrenFileAttributes(const std::string& path,
                                              const rocksdb::IOOptions& options,
                                              std::vector<rocksdb::FileAttributes>* files,
                                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                std::uint64_t* size, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus IsDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                bool* is_directory, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultWritableFile;
  friend class FaultRandomAccessFile;
  friend class FaultSequentialFile;
  friend class FaultDirectory;

  /// How much of a file there is, and how much of that is durable. Shared by the file's path, which
  /// a rename changes, and its open handle. Guarded by mutex_.
  struct FileState {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
  };
  using SharedState = std::shared_ptr<FileState>;

  /// A change of a directory's entries since its last Fsync.
  struct EntryChange {
    enum class Kind : std::uint8_t { kCreated, kDirectoryCreated, kDeleted, kRenamed };
    Kind kind = Kind::kCreated;
    std::string directory;  ///< Whose entries changed.
    std::string path;       ///< The entry; of a rename, the old one.
    std::string renamed_to;
    std::string saved;  ///< In the attic: what was deleted, or replaced by the rename.
    SharedState saved_state;
  };

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  /// Counts a call, and says how it fails if it is to fail. Called before it has any effect.
  rocksdb::IOStatus Enter(unsigned call);
  /// How many of these bytes still fit; the rest is the caller's NoSpace.
  std::uint64_t TakeFreeBytes(std::uint64_t wanted);
  void OnDirectoryFsync(const std::string& directory);

  // All of these: REQUIRES mutex_.
  SharedState StateOf(const std::string& path);
  void NoteCreated(const std::string& path, bool is_directory);
  std::string NextSavedName();
  void Undo(const EntryChange& change);
  void DeleteTree(const std::string& path);
  void DropTail(const std::string& path, const FileState& state, std::mt19937_64& random);

  const std::string attic_;

  mutable std::mutex mutex_;
  std::map<std::string, SharedState> files_;
  std::vector<EntryChange> changes_;  // In the order they happened.
  std::uint64_t saved_names_ = 0;
  bool power_is_off_ = false;
  unsigned counted_calls_ = kAllCalls;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = kNever;
  std::uint64_t power_off_at_ = kNever;
  std::uint64_t kill_at_ = kNever;
  Lasts lasts_ = Lasts::kOnce;
  std::optional<std::uint64_t> free_bytes_;
  FreeSpace free_space_ = FreeSpace::kTold;
};

}  // namespace tracevec
